"""Convert: exact ids out, or every pixel that could not be read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segdata.conversion import ConversionRequest, convert, plan_conversion
from segdata.dataset import load_dataset
from segdata.errors import BadData, UserError
from segdata.executors import Processes
from segdata.images import read_header, read_label, read_photo

CLASSES = "name,r,g,b\nroad,128,64,128\ncar,0,0,142\nvoid,0,0,0\n"
COLORS = np.array([(128, 64, 128), (0, 0, 142), (0, 0, 0)], dtype=np.uint8)


def make_source(root: Path, names: tuple[str, ...] = ("a", "b", "c")) -> Path:
    """Three photos and their color masks, ids drawn by a seeded generator."""
    rng = np.random.default_rng(7)
    for folder in ("photos", "masks"):
        (root / folder).mkdir(parents=True)
    for name in names:
        photo = rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(photo).save(root / "photos" / f"{name}.jpg")
        ids = rng.integers(0, 3, (20, 30))
        Image.fromarray(COLORS[ids]).save(root / "masks" / f"{name}.png")
    (root / "classes.csv").write_text(CLASSES)
    return root


def tree(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_ids_are_the_rows_of_the_class_file(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    for name in "abc":
        mask = read_photo(source / "masks" / f"{name}.png")
        label = read_label(tmp_path / "out" / "SegmentationClass" / f"{name}.png")
        assert np.array_equal(COLORS[label], mask)


def test_the_result_is_a_data_set_with_the_ignored_class_named(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    dataset = load_dataset(tmp_path / "out")
    assert dataset.descriptor.num_classes == 2
    assert dataset.descriptor.ignore_label == 2
    assert dataset.class_map.name(2) == "void"
    assert sum(len(s.pairs) for s in dataset.splits.values()) == 3


def test_the_source_is_only_read(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    before = tree(source)
    convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert tree(source) == before


def test_every_executor_makes_the_same_bytes(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "one", name="x"))
    convert(ConversionRequest(source=source, out=tmp_path / "two", name="x"), executor=Processes(2))
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_every_unknown_color_is_listed_with_its_first_place(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    for name, color in (("a", (255, 0, 255)), ("c", (1, 2, 3))):
        mask = np.array(read_photo(source / "masks" / f"{name}.png"))
        mask[4:6, 7] = color
        Image.fromarray(mask).save(source / "masks" / f"{name}.png")
    with pytest.raises(BadData) as caught:
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    found = {tuple(f.evidence["color"]): f for f in caught.value.report if f.rule == "L05"}
    assert set(found) == {(255, 0, 255), (1, 2, 3)}
    assert (found[1, 2, 3].x, found[1, 2, 3].y, found[1, 2, 3].count) == (7, 4, 2)
    assert found[1, 2, 3].path == str(source / "masks" / "c.png")
    assert found[1, 2, 3].evidence["nearest_class"] == "void"


def test_a_refused_conversion_leaves_nothing(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (source / "classes.csv").write_text("name,r,g,b\nroad,128,64,128\ncar,0,0,142\n")
    with pytest.raises(BadData):
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_unknown_colors_become_the_ignore_label_on_request(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    mask = np.array(read_photo(source / "masks" / "a.png"))
    mask[0, 0] = (9, 9, 9)
    Image.fromarray(mask).save(source / "masks" / "a.png")
    convert(ConversionRequest(source=source, out=tmp_path / "out", on_unknown="ignore"))
    assert read_label(tmp_path / "out" / "SegmentationClass" / "a.png")[0, 0] == 2


def test_photos_without_masks_are_named_and_left_out(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (source / "masks" / "b.png").unlink()
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert [f.rule for f in result.report] == ["P07"]
    assert not (tmp_path / "out" / "JPEGImages" / "b.jpg").exists()


def test_a_turned_photo_is_set_upright_in_the_copy(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(np.rot90(read_photo(source / "photos" / "a.jpg")).copy())
    turned.save(source / "photos" / "a.jpg", exif=exif)
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    header = read_header(tmp_path / "out" / "JPEGImages" / "a.jpg")
    assert result.turned == ("a",)
    assert (header.width, header.height, header.orientation) == (30, 20, 1)


def test_palette_labels_look_like_their_colors_and_carry_ids(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    convert(ConversionRequest(source=source, out=tmp_path / "grey"))
    convert(ConversionRequest(source=source, out=tmp_path / "out", palette=True))
    path = tmp_path / "out" / "SegmentationClass" / "a.png"
    assert np.array_equal(read_photo(path), read_photo(source / "masks" / "a.png"))
    grey = read_label(tmp_path / "grey" / "SegmentationClass" / "a.png")
    assert np.array_equal(read_label(path), grey)


def test_lists_are_kept_and_made_only_where_there_are_none(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    made = plan_conversion(ConversionRequest(source=source, out=tmp_path / "out"))
    assert made.lists_made
    assert set(made.lists) == {"train", "val"}
    (source / "ImageSets").mkdir()
    (source / "ImageSets" / "train.txt").write_bytes(b"\xef\xbb\xbfa.jpg\r\n\r\nc \r\n")
    kept = plan_conversion(ConversionRequest(source=source, out=tmp_path / "out"))
    assert kept.lists == {"train": ("a", "c")}


def test_adding_pictures_moves_none_to_another_list(tmp_path: Path) -> None:
    few = make_source(tmp_path / "few", tuple(f"n{i}" for i in range(30)))
    many = make_source(tmp_path / "many", tuple(f"n{i}" for i in range(60)))
    first = plan_conversion(ConversionRequest(source=few, out=tmp_path / "o")).lists
    later = plan_conversion(ConversionRequest(source=many, out=tmp_path / "o")).lists
    assert set(first["val"]) <= set(later["val"])
    assert set(first["train"]) <= set(later["train"])


def test_a_folder_that_is_not_empty_is_not_touched(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(UserError, match="not empty"):
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    convert(ConversionRequest(source=source, out=tmp_path / "out", overwrite=True))
    assert (tmp_path / "out" / "mine.txt").read_text() == "keep"


def test_camvid_converts_to_its_published_ids(shared: Path, tmp_path: Path) -> None:
    camvid = shared / "camvid"
    convert(ConversionRequest(source=camvid, out=tmp_path / "out"), executor=Processes(2))
    for path in sorted((camvid / "SegmentationClass").iterdir())[::13]:
        ours = read_label(tmp_path / "out" / "SegmentationClass" / path.name)
        assert np.array_equal(ours, read_label(path)), path.name


def test_a_photo_that_was_labelled_as_it_lies_is_not_turned(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(read_photo(source / "photos" / "a.jpg")).save(
        source / "photos" / "a.jpg", exif=exif
    )
    result = convert(ConversionRequest(source=source, out=tmp_path / "out"))
    header = read_header(tmp_path / "out" / "JPEGImages" / "a.jpg")
    assert result.turned == ()
    assert (header.width, header.height) == (30, 20)


def test_masks_that_are_jpegs_are_told_once_each_and_not_color_by_color(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    for path in list((source / "masks").iterdir()):
        Image.open(path).save(path.with_suffix(".jpg"), quality=95)
        path.unlink()
    request = ConversionRequest(
        source=source, out=tmp_path / "out", images=source / "photos", labels=source / "masks"
    )
    with pytest.raises(BadData) as caught:
        convert(request)
    assert [finding.rule for finding in caught.value.report] == ["L11"] * 3


def test_the_output_may_not_lie_inside_what_is_read(tmp_path: Path) -> None:
    source = make_source(tmp_path / "src")
    with pytest.raises(UserError, match="inside"):
        convert(ConversionRequest(source=source, out=source / "masks" / "out"))
    assert not (source / "masks" / "out").exists()


def test_photos_that_are_none_and_masks_of_another_size_stop_the_conversion(
    tmp_path: Path,
) -> None:
    source = make_source(tmp_path / "src")
    (source / "photos" / "a.jpg").write_text("not a photo")
    Image.fromarray(COLORS[np.zeros((5, 6), dtype=int)]).save(source / "masks" / "b.png")
    with pytest.raises(BadData) as caught:
        convert(ConversionRequest(source=source, out=tmp_path / "out"))
    assert [finding.rule for finding in caught.value.report] == ["L23", "L27"]
    assert "6×5" in caught.value.report.findings[0].message
    assert not (tmp_path / "out").exists()
