"""``segdata package``: read by the servers' own rules, and refused where they would refuse."""

from __future__ import annotations

import contextlib
import fnmatch
import io
import json
import re
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools.coco import COCO

from segdata import builtin
from segdata.classes import ClassMap, Label, SegClass, pascal_color
from segdata.cli import run
from segdata.errors import UserError
from segdata.images import encode_label, encode_photo
from segdata.manifest import ShardManifest
from segdata.sources.cityscapes_labels import LABELS
from segdata.submissions import (
    SERVERS,
    Expected,
    PackageOptions,
    Predictions,
    Submission,
    package,
    server_of,
)
from segdata.submissions.coco_stuff import OTHER
from segdata.workflows.runs import photos_of

# pycocotools 2.0.11 has not followed NumPy 2 in one place.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

CITY = builtin.descriptor("cityscapes").class_map
VOC = builtin.descriptor("pascal_voc_seg").class_map
STUFF = ClassMap(
    (SegClass(0, "person"), SegClass(1, "tree"), SegClass(2, "Sky_Other"), SegClass(3, "wood")), 255
)
MAPS = {"cityscapes": CITY, "voc": VOC, "coco-stuff": STUFF}
NAMES = {
    "cityscapes": ["berlin_000000_000019_leftImg8bit", "munich_000173_000019"],
    "voc": ["2008_000006", "2008_000011"],
    "coco-stuff": ["000000000934", "COCO_val2014_000000000042"],
}


def label(class_map: ClassMap, size: tuple[int, int], seed: int = 0) -> Label:
    """Blocks of every class."""
    ids = [entry.id for entry in class_map.trained]
    blocks = np.random.default_rng(seed).choice(ids, (8, 16)).astype(np.uint8)
    blocks.flat[: len(ids)] = ids
    return np.kron(blocks, np.ones((size[0] // 8, size[1] // 16), np.uint8))


def labels_for(name: str) -> dict[str, Label]:
    size = server_of(name).size or (48, 64)
    return {key: label(MAPS[name], size, seed) for seed, key in enumerate(NAMES[name])}


def packaged(name: str, labels: dict[str, Label], out: Path, **options: object) -> Submission:
    predictions = Predictions(tuple(labels), labels.values, MAPS[name])
    return package(predictions, server_of(name), PackageOptions(out=out, **options))  # type: ignore[arg-type]


def test_cityscapes_server_finds_one_png_of_label_ids_for_each_image(tmp_path: Path) -> None:
    """As evalPixelLevelSemanticLabeling.py of cityscapesScripts: getPrediction, evaluatePair."""
    labels = labels_for("cityscapes")
    path = packaged("cityscapes", labels, tmp_path).path
    to_label_id = {entry.train_id: entry.id for entry in LABELS}
    with zipfile.ZipFile(path) as archive:
        for core, key in zip(("berlin_000000_000019", "munich_000173_000019"), labels, strict=True):
            (found,) = fnmatch.filter(archive.namelist(), f"{core}*.png")
            image = Image.open(io.BytesIO(archive.read(found)))
            assert image.size == (2048, 1024)
            assert image.mode == "L"
            expected = np.vectorize(to_label_id.get)(labels[key])
            assert np.array_equal(np.asarray(image), expected)


@pytest.mark.parametrize("competition", ["comp5", "comp6"])
def test_voc_server_reads_indexed_pngs_where_the_kit_puts_them(
    competition: str, tmp_path: Path
) -> None:
    """As VOCevalseg.m: clsrespath, values up to nclasses, the size of the truth."""
    labels = labels_for("voc")
    predictions = Predictions(tuple(labels), labels.values, VOC)
    server = server_of("voc", competition)
    path = package(predictions, server, PackageOptions(out=tmp_path)).path
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "server", filter="data")
    folder = tmp_path / f"server/results/VOC2012/Segmentation/{competition}_test_cls"
    assert {p.stem for p in folder.iterdir()} == set(labels)
    for key, expected in labels.items():
        image = Image.open(folder / f"{key}.png")
        assert image.mode == "P"
        palette = image.getpalette()
        assert palette is not None
        assert palette[: 21 * 3] == [part for i in range(21) for part in pascal_color(i)]
        assert np.asarray(image).max() <= 20
        assert np.array_equal(np.asarray(image), expected)


def test_coco_stuff_server_finds_every_pixel_once(tmp_path: Path) -> None:
    """As cocostuffeval.py: every image there, ids 92 to 183, no pixel with two labels or none."""
    labels = labels_for("coco-stuff")
    path = packaged("coco-stuff", labels, tmp_path).path
    truth = COCO()
    images = [{"id": number, "height": 48, "width": 64} for number in (934, 42)]
    truth.dataset = {"images": images, "annotations": [], "categories": []}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        found = truth.loadRes(str(path))
    for number, key in ((934, "000000000934"), (42, "COCO_val2014_000000000042")):
        whole = np.zeros((48, 64), int)
        for entry in found.loadAnns(found.getAnnIds(imgIds=number)):
            mask = found.annToMask(entry) == 1
            assert not whole[mask].any()
            whole[mask] = entry["category_id"]
        assert np.array_equal(whole, np.array([OTHER, 169, 157, 182])[labels[key]])


def test_coco_stuff_ids_are_those_of_its_table() -> None:
    ids = server_of("coco-stuff").ids
    assert {number for name, number in ids.items()} == set(range(92, 184))
    assert (ids["banner"], ids["road"], ids["wood"], ids["other"]) == (92, 149, 182, 183)
    assert ids["person"] == ids["hair brush"] == OTHER
    assert len(ids) == 183


@pytest.mark.parametrize("name", SERVERS)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99)), min_size=1))
@settings(max_examples=10, deadline=None)
def test_what_is_written_is_what_is_read(name: str, drawn: list[tuple[int, int, int]]) -> None:
    pack, file = server_of(name).pack, io.BytesIO()
    labels = [
        np.random.default_rng(seed).integers(92, 184, (height, width), np.uint8)
        for height, width, seed in drawn
    ]
    with pack.writing(file) as add:
        for number, one in enumerate(labels):
            add(str(number), one)
    file.seek(0)
    found = list(pack.reading(file))
    assert [key for key, _ in found] == [str(number) for number in range(len(labels))]
    assert all(np.array_equal(a, b) for (_, a), b in zip(found, labels, strict=True))


@pytest.mark.parametrize("name", SERVERS)
def test_equal_predictions_give_equal_bytes_at_any_time(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = labels_for(name)
    first = packaged(name, labels, tmp_path / "a").path
    monkeypatch.setattr(time, "time", lambda: 1e9)
    assert packaged(name, labels, tmp_path / "b").path.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("name", SERVERS)
def test_a_file_that_does_not_read_back_is_not_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = type(server_of(name).pack)
    read = pack.reading

    def one_pixel_off(self: object, file: io.BytesIO) -> Iterator[tuple[str, Label]]:
        for key, one in read(self, file):  # type: ignore[arg-type]
            one = one.copy()
            one[3, 5] += 1
            yield key, one

    monkeypatch.setattr(pack, "reading", one_pixel_off)
    with pytest.raises(UserError, match="only 0 of 2 predictions could be read back"):
        packaged(name, labels_for(name), tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_command_leaves_no_file(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Label]:
        yield next(iter(labels_for("voc").values()))
        raise KeyboardInterrupt

    predictions = Predictions(tuple(NAMES["voc"]), interrupted, VOC)
    with pytest.raises(KeyboardInterrupt):
        package(predictions, server_of("voc"), PackageOptions(out=tmp_path))
    assert not list(tmp_path.iterdir())


def test_classes_that_the_server_lacks_are_named_with_the_nearest(tmp_path: Path) -> None:
    classes = ClassMap((SegClass(0, "traffic_light"), SegClass(1, "rod"), SegClass(2, "Terain")))
    predictions = Predictions(("berlin_000000_000019",), list, classes)
    with pytest.raises(UserError, match=r"'rod', perhaps road; 'Terain', perhaps terrain") as told:
        package(predictions, server_of("cityscapes"), PackageOptions(out=tmp_path))
    assert "traffic" not in told.value.message
    assert "of a run: segdata predict writes PREDICTIONS" in told.value.remedy


@pytest.mark.parametrize(
    ("name", "classes", "ids", "expected"),
    [
        ("cityscapes", 19, [0, 18], [7, 33]),
        ("cityscapes", 34, [0, 33], [0, 33]),
        ("voc", 21, [0, 20], [0, 20]),
        ("coco-stuff", 182, [0, 90, 91, 181], [183, 183, 92, 182]),
        ("coco-stuff", 183, [1, 91, 92, 182], [183, 183, 92, 182]),
    ],
)
def test_classes_without_names_are_known_by_their_number(
    name: str, classes: int, ids: list[int], expected: list[int], tmp_path: Path
) -> None:
    size = server_of(name).size or (2, 2)
    one = np.resize(np.array(ids, np.uint8), size)
    class_map = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(classes)))
    predictions = Predictions((NAMES[name][0],), lambda: [one], class_map, named=False)
    path = package(predictions, server_of(name), PackageOptions(out=tmp_path)).path
    with path.open("rb") as file:
        ((_, found),) = server_of(name).pack.reading(file)
    assert np.array_equal(found, np.resize(np.array(expected, np.uint8), size))


@pytest.mark.parametrize("name", SERVERS)
def test_another_number_of_classes_without_names_is_refused(name: str, tmp_path: Path) -> None:
    class_map = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(20)))
    predictions = Predictions((NAMES[name][0],), list, class_map, named=False)
    with pytest.raises(UserError, match="20 classes without names"):
        package(predictions, server_of(name), PackageOptions(out=tmp_path))


@pytest.mark.parametrize("value", [255, 21])
def test_void_and_unknown_ids_are_refused_with_their_pixels(value: int, tmp_path: Path) -> None:
    labels = labels_for("voc")
    labels["2008_000011"][3:5, 7:9] = value
    called = "void" if value == 255 else "unknown"
    with pytest.raises(UserError, match=rf"2008_000011: 4 pixels have the id {value} \({called}\)"):
        packaged("voc", labels, tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_size_than_the_server_s_is_refused(tmp_path: Path) -> None:
    labels = {"berlin_000000_000019": label(CITY, (512, 1024))}
    with pytest.raises(UserError, match=r"berlin_000000_000019 is 1024×512.*2048×1024"):
        packaged("cityscapes", labels, tmp_path)


def test_a_size_other_than_the_photo_s_is_refused(tmp_path: Path) -> None:
    labels = labels_for("voc")
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode_photo(np.zeros((64, 48, 3), np.uint8)))
    expected = Expected("test", dict.fromkeys(labels, photo))
    with pytest.raises(UserError, match=r"is 64×48, and its photo 48×64"):
        packaged("voc", labels, tmp_path / "out", expected=expected)


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (["2008_000006", "2008_000011", "2008_9", "2008_8"],
         r"of the 4 images in list, 2 have no prediction: 2008_8, 2008_9"),
        (["2008_000006"], r"list: 1 predictions are of no image in it: 2008_000011"),
        (["2008_000006", "x"], r"1 have no prediction: x; 1 predictions are of no image"),
    ],
)  # fmt: skip
def test_missing_and_extra_images_are_refused_by_name(
    listed: list[str], told: str, tmp_path: Path
) -> None:
    expected = Expected("list", dict.fromkeys(listed))
    with pytest.raises(UserError, match=told):
        packaged("voc", labels_for("voc"), tmp_path, expected=expected)


def test_two_predictions_of_one_image_are_refused(tmp_path: Path) -> None:
    labels = {f"{place}/2008_000006": label(VOC, (48, 64)) for place in ("a", "b")}
    with pytest.raises(UserError, match=r"a/2008_000006 and b/2008_000006 are one image"):
        packaged("voc", labels, tmp_path)
    cut = {key: label(STUFF, (48, 64)) for key in ("000000000042", "COCO_val2014_000000000042")}
    with pytest.raises(UserError, match="are one image for COCO-Stuff: 42"):
        packaged("coco-stuff", cut, tmp_path)


@pytest.mark.parametrize("key", ["street", "berlin_19_000019", "berlin_000000_0000190"])
def test_names_that_are_not_the_server_s_are_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape(f"{key}: no name of an image of Cityscapes")):
        packaged("cityscapes", {key: label(CITY, (1024, 2048))}, tmp_path)


@pytest.mark.parametrize(("letter", "most"), [("x", 96), ("ü", 48)])
def test_names_that_no_tar_can_hold_are_refused(letter: str, most: int, tmp_path: Path) -> None:
    made = packaged("voc", {letter * most: label(VOC, (50, 60))}, tmp_path)
    assert made.images == 1
    with pytest.raises(UserError, match="no name of an image of PASCAL VOC 2012"):
        packaged("voc", {letter * (most + 1): label(VOC, (50, 60))}, tmp_path, overwrite=True)


def test_options_of_runs_are_refused_for_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["package", str(folder_of(tmp_path)), "--for", "voc", "--out", str(tmp_path / "a.tgz")]
    for idle in (["--flip"], ["--precision", "bf16"], ["--shards", "x"]):
        assert run([*line, *idle]) == 2
        assert "no network predicts now" in capsys.readouterr().err


def folder_of(tmp_path: Path) -> Path:
    """Predictions of VOC images as ``segdata predict`` leaves them."""
    folder = tmp_path / "predictions"
    folder.mkdir()
    for key, one in labels_for("voc").items():
        (folder / f"{key}.png").write_bytes(encode_label(one))
    (folder / "predictions.json").write_text(json.dumps(VOC.to_json()))
    return folder


def test_a_folder_of_predictions_knows_its_classes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = folder_of(tmp_path), tmp_path / "mine.tgz"
    listed = tmp_path / "test.txt"
    listed.write_text("2008_000006\n2008_000011\n")
    line = ["package", str(folder), "--for", "voc", "--out", str(out), "--format", "json"]
    assert run([*line, "--names", str(listed)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["images"], told["names_compared"]) == (2, True)
    assert told["bytes"] == out.stat().st_size
    assert run(line) == 2
    assert "exists" in capsys.readouterr().err
    assert run([*line, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda folder: (folder / "predictions.json").unlink(), "the classes are unknown"),
        (lambda folder: (folder / "predictions.json").write_text("{"), "is damaged"),
        (lambda folder: (folder / "2008_000006.png").write_bytes(b"\x89PNG"), "2008_000006"),
        (lambda folder: [p.unlink() for p in folder.iterdir()], "holds no images"),
        (lambda folder: (folder / ".segdata-incomplete").touch(), "is incomplete"),
    ],
)  # fmt: skip
def test_folders_that_are_not_whole_are_refused_and_nothing_is_written(
    break_it: object, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path)
    break_it(folder)  # type: ignore[operator]
    out = tmp_path / "results.tgz"
    assert run(["package", str(folder), "--for", "voc", "--out", str(out)]) == 2
    assert told in capsys.readouterr().err
    assert {p.name for p in tmp_path.iterdir()} == {"predictions"}


def test_a_split_is_predicted_whole_though_it_has_no_labels(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (data / folder).mkdir(parents=True)
    for key in ("a", "b", "c"):
        photo = np.full((8, 12, 3), ord(key), np.uint8)
        photo[4:] = 200
        (data / f"JPEGImages/{key}.png").write_bytes(encode_photo(photo))
    halves = np.repeat(np.arange(2, dtype=np.uint8), 48).reshape(8, 12)
    (data / "SegmentationClass/a.png").write_bytes(encode_label(halves))
    (data / "ImageSets/Segmentation/train.txt").write_text("a\n")
    (data / "ImageSets/Segmentation/test.txt").write_text("b\nc\n")
    (data / "dataset.toml").write_text('name = "d"\nnum_classes = 2\nignore_label = 255\n')
    shards = tmp_path / "shards"
    assert run(["shard", str(data), str(shards), "--executor", "serial"]) == 0
    found = dict(photos_of(shards, ShardManifest.load(shards), "test"))
    assert {key: int(photo()[0, 0, 0]) for key, photo in found.items()} == {"b": 98, "c": 99}


def test_no_images_are_no_submission(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there are no predictions"):
        packaged("voc", {}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results.zip"
    assert run(["package", str(folder_of(tmp_path)), "--for", "voc", "--out", str(out)]) == 2
    assert "it takes .tgz or .tar.gz" in capsys.readouterr().err
