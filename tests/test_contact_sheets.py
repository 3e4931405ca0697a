"""Contact sheets: the order of images, what is said of each, and pages that hold them all."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from segdata.classes import ClassMap, SegClass
from segdata.drawing import Picture, PictureOptions, visualize
from segdata.drawing.contact import ContactSheet, Thumbnail, thumbnail
from segdata.errors import UserError
from segdata.images import encode_photo, read_photo

STREET = ClassMap(
    (SegClass(0, "road", (200, 0, 0)), SegClass(1, "car", (0, 200, 0)),
     SegClass(2, "sky", (0, 0, 200))), 255,
)  # fmt: skip
TRUTH = np.repeat([[0, 0, 1, 1]], 4, axis=0).astype(np.uint8)


def predicted(key: str, right: int) -> Picture:
    """An image of which so many of four columns are right."""
    prediction = np.where(np.arange(4) < right, TRUTH, 1 - TRUTH).astype(np.uint8)
    return Picture(key, None, TRUTH, prediction)


def test_a_thumbnail_says_the_mean_iou_of_its_image() -> None:
    options = PictureOptions(order="iou")
    found = thumbnail(predicted("a", 3), STREET, options)
    # road: 2 of 3; car: 1 of 2.
    assert found.score == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.caption == "mean IoU 58.3 %"
    assert found.labels == 2


def test_an_image_with_nothing_to_score_has_no_score_and_comes_last() -> None:
    void = Picture("void", None, TRUTH * 0 + np.uint8(255), TRUTH)
    found = thumbnail(void, STREET, PictureOptions(order="iou"))
    assert (found.score, found.caption) == (None, "nothing to score")


def test_an_id_that_is_no_class_is_told_with_its_image() -> None:
    stray = Picture("street/7", None, TRUTH * 0 + np.uint8(7), TRUTH)
    with pytest.raises(UserError, match=r"street/7: 16 pixels of the truth have ids \[7\]") as told:
        thumbnail(stray, STREET, PictureOptions(order="iou"))
    assert "--label-ids" not in told.value.remedy


def test_by_class_its_iou_counts_and_images_without_it_come_last() -> None:
    options = PictureOptions(order="class", by_class=1)
    assert thumbnail(predicted("a", 3), STREET, options).caption == "car IoU 50.0 %"
    nothing = Picture("b", None, TRUTH * 0, TRUTH * 0)
    found = thumbnail(nothing, STREET, options)
    assert (found.score, found.caption) == (None, "no car")


def test_of_labels_alone_the_largest_share_of_the_class_comes_first() -> None:
    options = PictureOptions(order="class", by_class=1)
    half, none = Picture("a", truth=TRUTH), Picture("b", truth=TRUTH * 0)
    full = Picture("c", truth=TRUTH * 0 + np.uint8(1))
    scores = [thumbnail(one, STREET, options).score for one in (full, half, none)]
    assert scores == [-1.0, -0.5, None]


def marked(key: str, score: float | None, level: int) -> Thumbnail:
    picture = encode_photo(np.full((180, 240, 3), level, np.uint8), "jpeg")
    return Thumbnail(key, score, "", picture, 1)


def levels(png: bytes, count: int) -> list[int]:
    """Grey levels in the middle of the first thumbnails of a page."""
    page = read_photo(png)
    return [int(page[44 + 90, 16 + 256 * i + 120, 0]) for i in range(count)]


def test_the_lowest_score_comes_first_and_none_last() -> None:
    sheet = ContactSheet("", io.BytesIO())
    for thumb in (
        marked("a", 0.9, 10), marked("b", None, 60), marked("c", 0.1, 110), marked("d", 0.5, 160),
        marked("e", 0.1, 210),
    ):  # fmt: skip
        sheet.add(thumb)
    ((name, png),) = sheet.pages(())
    assert name == "contact_sheet/page_1.png"
    assert levels(png, 5) == pytest.approx([110, 210, 160, 10, 60], abs=2)


def test_many_images_take_several_pages_and_none_is_left_out() -> None:
    sheet = ContactSheet("", io.BytesIO())
    for number in range(60):
        sheet.add(marked(f"{number:03}", None, number))
    pages = list(sheet.pages(()))
    assert [name.split("/")[1] for name, _ in pages] == ["page_1.png", "page_2.png"]
    assert levels(pages[0][1], 3) == pytest.approx([0, 1, 2], abs=2)
    assert levels(pages[1][1], 3) == pytest.approx([48, 49, 50], abs=2)


def test_photos_of_any_shape_keep_their_proportions() -> None:
    for height, width, expected in (
        (10, 400, (6, 240)),
        (400, 10, (180, 4)),
        (90, 120, (180, 240)),
    ):
        item = Picture("a", None, np.zeros((height, width), np.uint8))
        assert read_photo(thumbnail(item, STREET, PictureOptions()).picture).shape[:2] == expected


def test_sheets_are_written_beside_the_other_kinds(tmp_path: Path) -> None:
    items = [predicted(f"sub/ä{i}", i) for i in range(5)]
    options = PictureOptions(kinds=("color", "contact_sheet"), order="iou", style="hatch")
    done = visualize(items, STREET, tmp_path / "out", options)
    assert done.written == {"color": 5, "contact_sheet": 1}
    assert [p.name for p in (tmp_path / "out" / "contact_sheet").iterdir()] == ["page_1.png"]
    assert (tmp_path / "out" / "color" / "sub" / "ä3.png").is_file()


def test_pages_of_an_earlier_and_larger_sheet_are_taken_away(tmp_path: Path) -> None:
    options = PictureOptions(kinds=("contact_sheet",), order="iou", overwrite=True)
    folder = tmp_path / "contact_sheet"
    visualize([predicted(f"{i:03}", i % 5) for i in range(200)], STREET, tmp_path, options)
    assert len(list(folder.iterdir())) > 1
    (folder / "page_mine.png").touch()
    visualize([predicted("a", 3)], STREET, tmp_path, options)
    assert {path.name for path in folder.iterdir()} == {"page_1.png", "page_mine.png"}


def test_an_order_by_iou_needs_both_labels(tmp_path: Path) -> None:
    options = PictureOptions(kinds=("contact_sheet",), order="iou")
    with pytest.raises(UserError, match="an order by IoU needs a label and a prediction, and of a"):
        visualize([Picture("a", truth=TRUTH)], STREET, tmp_path / "out", options)
    assert not (tmp_path / "out").exists()
