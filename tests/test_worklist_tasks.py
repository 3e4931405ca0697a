"""Tasks for LabelMe and CVAT: unchanged they are the label, changed they are the correction."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from doubted import Recorded, sure_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from segdata.classes import ClassMap, Label, SegClass
from segdata.conversion import ConversionRequest, convert
from segdata.dataset import load_dataset
from segdata.executors import Serial
from segdata.images import encode_label, encode_photo, read_label, read_photo
from segdata.sources import Hints, Survey, cvat_xml, labelme
from segdata.sources.class_files import read_class_file
from segdata.sources.shapes import row_runs
from segdata.worklist import Entry, Program, Suspect, WorklistOptions, make_worklist
from segdata.worklist.cvat import CvatFile, row_lengths
from segdata.worklist.labelme import labelme_json
from segdata.worklist.names import class_file, task_names
from segdata.worklist.task import Task

# Names that annotation files give a meaning of their own, and those that would be read as one.
AWKWARD = ClassMap(
    (
        SegClass(0, "Background", (1, 2, 3)),
        SegClass(1, "void"),
        SegClass(2, "_background_"),
        SegClass(3, "a,b;\"c\" <d> & 'e'"),
        SegClass(4, "  road  "),
        SegClass(5, "road"),
        SegClass(6, "tab\tand\nline"),
        SegClass(7, "路面"),
        SegClass(300, "x" * 250),
        SegClass(301, "x" * 250 + "y"),
        SegClass(9000, "rest", (0, 0, 7)),
    ),
    9000,
)
IDS = [entry.id for entry in AWKWARD.classes]
PROGRAMS = ("labelme", "cvat")


def written(folder: Path, program: str, label: Label, class_map: ClassMap) -> Path:
    """A task of a label whose upper left pixel is suspect; returns the class file."""
    names = task_names(class_map)
    pixel = encode_label(np.ones((1, 1), np.uint8))
    one = Suspect(int(label[0, 0]), IDS[-2], 0.5, 1, 0.9, 0, 0, pixel)
    task = Task("a.png", label, [Entry(1, "a", one, b"")], names)
    (folder / "a.png").write_bytes(encode_photo(np.zeros((*label.shape, 3), np.uint8)))
    if program == "labelme":
        (folder / "a.json").write_bytes(labelme_json(task))
    else:
        with (folder / "annotations.xml").open("wb") as file:
            tasks = CvatFile(file, class_map, names)
            tasks.add(task)
            tasks.end()
    (folder / "classes.toml").write_bytes(class_file(class_map, names))
    return folder / "classes.toml"


def read_back(folder: Path, program: str, classes: Path) -> Label:
    form = {"labelme": labelme, "cvat": cvat_xml}[program]
    source = form.open_folder(Survey.of(folder), Hints(classes=classes))
    reading = source.read(source.items[0])
    assert not reading.unlisted
    assert not reading.left_out
    return reading.label


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=30, deadline=None)
@given(label=arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9),
                           elements=st.sampled_from(IDS)))  # fmt: skip
def test_any_label_comes_back_whatever_its_names_and_ids(
    program: str, label: Label, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("task")
    classes = written(folder, program, label, AWKWARD)
    assert np.array_equal(read_back(folder, program, classes), label)


def test_the_class_file_keeps_ids_colors_and_what_is_ignored(tmp_path: Path) -> None:
    classes = written(tmp_path, "labelme", np.zeros((2, 2), np.uint16), AWKWARD)
    found = read_class_file(classes)
    assert {IDS[0], *IDS} <= set(found.names)
    assert found.ignore == 9000
    assert found.color(0) == (1, 2, 3)
    assert found.num_classes == AWKWARD.num_classes
    assert len(set(found.names.values())) == len(found.names)


@given(arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=7)))
def test_run_lengths_are_those_that_cvat_reads(mask: np.ndarray) -> None:
    assert np.array_equal(row_runs(row_lengths(mask), mask.shape), mask)


def photo_of(size: tuple[int, int], form: str = "jpeg") -> bytes:
    return encode_photo(np.full((*size, 3), 90, np.uint8), form)


def street() -> tuple[Label, Label]:
    """What is true, with ignored pixels, and a label in which the car is a tree."""
    true = np.zeros((60, 80), np.uint8)
    true[10:30, 10:40] = 1
    true[40:55, 50:75] = 2
    true[:4] = 255
    return true, np.where(true == 1, np.uint8(2), true)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    true, label = street()
    seen = np.where(true == 255, np.uint8(0), true)
    images = Recorded({"b/a": label, "b/c": true}, dict.fromkeys(("b/a", "b/c"), sure_of(seen)),
                      dict.fromkeys(("b/a", "b/c"), photo_of(label.shape)))  # fmt: skip
    make_worklist(images, WorklistOptions(out=tmp_path / "worklist"))
    return tmp_path / "worklist"


def converted(made: Path, program: str) -> Label:
    request = ConversionRequest(
        source=made / program,
        out=made.parent / f"corrected_{program}",
        classes=made / "classes.toml",
    )
    convert(request, executor=Serial())
    dataset = load_dataset(request.out)
    (path,) = dataset.label_files.values()
    return read_label(path)


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_unchanged_task_converts_to_the_label(made: Path, program: str) -> None:
    assert np.array_equal(converted(made, program), street()[1])


def test_a_region_whose_class_is_changed_in_labelme_is_that_correction(made: Path) -> None:
    path = made / "labelme" / "b" / "a.json"
    task = json.loads(path.read_bytes())
    (suspect,) = [shape for shape in task["shapes"] if shape["group_id"] == 1]
    assert suspect["label"] == "tree"
    assert suspect["description"] == "#1: the network says car (0.90)"
    suspect["label"] = "car"
    path.write_text(json.dumps(task))
    assert np.array_equal(converted(made, "labelme"), street()[0])


def test_a_region_whose_class_is_changed_in_cvat_is_that_correction(made: Path) -> None:
    path = made / "cvat" / "annotations.xml"
    tree = ElementTree.parse(path)
    (suspect,) = tree.findall(".//mask[@z_order='1']")
    assert suspect.attrib["label"] == "tree"
    assert suspect.findtext("attribute") == "#1: the network says car (0.90)"
    suspect.set("label", "car")
    tree.write(path)
    assert np.array_equal(converted(made, "cvat"), street()[0])


def test_labelme_gets_what_its_reader_insists_on(made: Path) -> None:
    """labelme/_label_file.py, _load_shape_json_obj and load, said once more."""
    task = json.loads((made / "labelme" / "b" / "a.json").read_bytes())
    assert task["imageData"] is None
    assert (made / "labelme" / "b" / task["imagePath"]).is_file()
    assert (task["imageHeight"], task["imageWidth"]) == (60, 80)
    for shape in task["shapes"]:
        (left, top), (right, bottom) = shape["points"]
        assert isinstance(shape["label"], str)
        assert isinstance(shape["description"], str)
        assert shape["group_id"] is None or isinstance(shape["group_id"], int)
        assert shape["shape_type"] == "mask"
        assert shape["flags"] == {}
        assert 0 <= left <= right < 80
        assert 0 <= top <= bottom < 60


def test_cvat_gets_labels_with_colors_and_an_attribute(made: Path) -> None:
    task = ElementTree.parse(made / "cvat" / "annotations.xml")
    labels = {label.findtext("name"): label for label in task.findall(".//labels/label")}
    assert set(labels) == {"road", "car", "tree", "void"}
    assert labels["car"].findtext("color") == "#800000"
    raw = json.loads((made / "cvat" / "raw_labels.json").read_bytes())
    assert [entry["name"] for entry in raw] == list(labels)
    names = {a["name"] for entry in raw for a in entry["attributes"]}
    assert names == {label.findtext(".//attribute/name") for label in labels.values()}
    images = [image.attrib["name"] for image in task.findall("image")]
    assert images == ["b/a.jpg"]
    assert (made / "cvat" / "images" / images[0]).is_file()


def test_photos_are_copied_byte_for_byte(made: Path) -> None:
    assert (made / "labelme" / "b" / "a.jpg").read_bytes() == photo_of((60, 80))


def test_a_photo_that_programs_would_turn_lies_upright_under_its_label(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = io.BytesIO()
    Image.fromarray(pixels).save(turned, "PNG", exif=exif)
    true, label = street()
    seen = np.where(true == 255, np.uint8(0), true)
    images = Recorded({"a": label}, {"a": sure_of(seen)}, {"a": turned.getvalue()})
    make_worklist(images, WorklistOptions(out=tmp_path / "w", programs=("labelme",)))
    found = read_photo(tmp_path / "w" / "labelme" / "a.png", upright=True)
    assert np.array_equal(found, pixels)


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_real_labels_of_camvid_come_back(program: Program, shared: Path, tmp_path: Path) -> None:
    camvid = shared / "camvid"
    class_map = read_class_file(camvid / "classes.csv")
    keys = (camvid / "ImageSets" / "val.txt").read_text().split()[::25]
    labels = {key: read_label(camvid / "SegmentationClass" / f"{key}.png") for key in keys}
    photos = {key: (camvid / "JPEGImages" / f"{key}.jpg").read_bytes() for key in keys}
    # A network that sees every label a bit aside: ragged regions in every image.
    seen = {
        key: sure_of(np.roll(np.where(label == 11, 0, label), 25, 1), class_map.num_classes)
        for key, label in labels.items()
    }
    options = WorklistOptions(out=tmp_path / "w", limit=12, programs=(program,))
    found = make_worklist(Recorded(labels, seen, photos, class_map), options)
    assert found.tasks >= 2
    request = ConversionRequest(
        source=tmp_path / "w" / program,
        out=tmp_path / "corrected",
        classes=tmp_path / "w" / "classes.toml",
    )
    convert(request, executor=Serial())
    back = load_dataset(tmp_path / "corrected").label_files
    assert len(back) == found.tasks
    for key, path in back.items():
        assert np.array_equal(read_label(path), labels[key]), key
