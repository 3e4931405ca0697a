"""The page of a check: verdict, pictures of the places, fixes; small, and one file."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

from segdata.classes import ClassMap, SegClass
from segdata.dataset import Dataset, DatasetDescriptor, load_dataset, save_descriptor
from segdata.exhibits import loud_color
from segdata.findings import Certainty, Finding, Level
from segdata.images import encode_label, encode_photo, read_photo
from segdata.reports.crops import shots
from segdata.reports.findings_page import render_findings
from segdata.workflows import CheckRequest, check

NASTY = "</script><b>ü & 'x' \"y\""
CLASSES = [{"id": 0, "name": "road"}, {"id": 1, "name": NASTY}]


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    """One photo of 200×150 whose label has four pixels of id 7 at (120, 40)."""
    root = tmp_path / "data"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    label = np.zeros((150, 200), np.uint8)
    label[:, 100:] = 1
    label[40:42, 120:122] = 7
    photo = np.random.default_rng(1).integers(0, 256, (150, 200, 3), np.uint8)
    (root / "JPEGImages" / "a b.png").write_bytes(encode_photo(photo))
    (root / "SegmentationClass" / "a b.png").write_bytes(encode_label(label))
    (root / "ImageSets/Segmentation/train.txt").write_text("a b\n")
    descriptor = DatasetDescriptor.model_validate(
        {"name": "tiny", "num_classes": 2, "ignore_label": 255, "classes": CLASSES}
    )
    save_descriptor(root, descriptor)
    return load_dataset(root)


def page_of(dataset: Dataset) -> str:
    return render_findings(check(CheckRequest(dataset=str(dataset.root))))


def about(path: Path, **changes: object) -> Finding:
    given: dict[str, object] = {"x": 120, "y": 40}
    return Finding(rule="L07", level=Level.ERROR, certainty=Certainty.PROOF, message="m",
                   path=str(path), **(given | changes))  # type: ignore[arg-type]  # fmt: skip


def picture(source: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return read_photo(base64.b64decode(source.partition("base64,")[2]))


def test_the_verdict_is_on_top_and_every_group_has_its_fix_and_manual(data: Dataset) -> None:
    text = page_of(data)
    assert text.index("1 error") < text.index('id="L07"') < text.index('id="provenance"')
    assert "Mend these before anything is trained" in text
    assert "repaint the pixels" in text
    assert "What the rule means" in text
    assert "Class weights by 5 formulas" in text


def test_the_page_refers_to_nothing_outside_itself_and_escapes_names(data: Dataset) -> None:
    text = page_of(data)
    assert not re.search(r"https?://|@import|src=\"(?!data:)", text)
    assert "<b>ü" not in text
    inside = re.search(r'id="report-data">(.*?)</script>', text)
    assert inside
    assert json.loads(inside[1])["findings"][0]["rule"] == "L07"


def test_the_cut_shows_the_place_the_label_in_class_colors_and_a_loud_stranger(
    data: Dataset,
) -> None:
    (shot,) = shots([about(data.label_files["a b"])], data)["L07"]
    label, photo = (picture(panel.source) for panel in shot.panels)
    assert label.shape == photo.shape == (96, 96, 3)
    assert shot.mark is not None
    x, y = int(shot.mark[0] * 0.96), int(shot.mark[1] * 0.96)
    assert tuple(label[y, x]) == loud_color(data.class_map)
    assert tuple(label[y, x + 3]) == data.class_map.color(1)
    assert shot.legend[0].name == "7: no class"
    assert shot.place == "around x=120, y=40"


@pytest.mark.parametrize("place", [(0, 0), (199, 149), (5, 149)])
def test_a_place_at_the_border_is_marked_where_it_is(data: Dataset, place: tuple[int, int]) -> None:
    found = about(data.label_files["a b"], x=place[0], y=place[1])
    (shot,) = shots([found], data)["L07"]
    assert shot.mark is not None
    assert all(0 < at < 100 for at in shot.mark)


def test_without_a_pixel_the_whole_picture_is_shown(data: Dataset) -> None:
    (shot,) = shots([about(data.image_files["a b"], x=None, y=None)], data)["L07"]
    assert shot.mark is None
    assert picture(shot.panels[0].source).shape == (150, 200, 3)


def test_a_label_that_is_no_ids_is_shown_as_it_is_stored(data: Dataset) -> None:
    path = data.label_files["a b"]
    colors = np.random.default_rng(2).integers(0, 256, (150, 200, 3), np.uint8)
    path.write_bytes(encode_photo(colors))
    (shot,) = shots([about(path)], data)["L07"]
    assert shot.panels[0].caption == "label, as it is stored"
    assert shot.legend == ()


def test_what_cannot_be_read_is_left_out(data: Dataset) -> None:
    data.label_files["a b"].write_bytes(b"broken")
    (shot,) = shots([about(data.label_files["a b"])], data)["L07"]
    assert [panel.caption for panel in shot.panels] == ["photo"]
    data.image_files["a b"].write_bytes(b"")
    assert shots([about(data.label_files["a b"])], data)["L07"] == ()
    assert shots([about(data.root / "elsewhere.png")], data)["L07"] == ()


def test_sizes_that_differ_are_shown_whole(data: Dataset) -> None:
    data.label_files["a b"].write_bytes(encode_label(np.zeros((10, 10), np.uint8)))
    (shot,) = shots([about(data.label_files["a b"])], data)["L07"]
    assert shot.mark is None


def test_a_place_outside_the_picture_is_shown_whole(data: Dataset) -> None:
    (shot,) = shots([about(data.label_files["a b"], x=500, y=40)], data)["L07"]
    assert shot.mark is None


def test_the_loud_color_is_no_class_color() -> None:
    loud = (255, 0, 255)
    plain = ClassMap((SegClass(0, "a", (0, 0, 0)),))
    taken = ClassMap((SegClass(0, "a", loud), SegClass(1, "b", (0, 255, 255))))
    assert loud_color(ClassMap(())) == loud
    assert loud_color(taken) not in (loud, (0, 255, 255))
    assert loud_color(plain) != (0, 0, 0)


def test_a_page_of_many_large_noisy_findings_stays_below_three_megabytes(data: Dataset) -> None:
    noise = np.random.default_rng(3)
    findings = []
    for number in range(40):
        name = f"n{number}.png"
        photo = noise.integers(0, 256, (400, 400, 3), np.uint8)
        (data.images_folder / name).write_bytes(encode_photo(photo))
        label = noise.integers(0, 256, (400, 400), np.uint8)
        (data.labels_folder / name).write_bytes(encode_label(label))
        findings.append(
            Finding(rule=f"X{number:02}", level=Level.ERROR, certainty=Certainty.PROOF,
                    message="m", path=str(data.labels_folder / name))
        )  # fmt: skip
    (data.root / "ImageSets/Segmentation/train.txt").unlink()
    fresh = load_dataset(data.root)
    found = shots(findings, fresh)
    spent = sum(len(p.source) for some in found.values() for s in some for p in s.panels)
    assert 1_000_000 < spent < 2_500_000
