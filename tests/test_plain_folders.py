"""``segdata shard`` with build_voc2012_data's three folders, of which no dataset.toml tells."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from segdata import builtin
from segdata.cli import run
from segdata.images import encode_label, encode_photo, read_label
from segdata.manifest import ShardManifest
from segdata.records import decode, scan

FOLDERS = ("JPEGImages", "SegmentationClassRaw", "ImageSets/Segmentation")
LISTS = {"train": ["a", "b", "c"], "val": ["d"], "trainval": ["a", "b", "c", "d"]}


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Four labelled JPEGs as the tutorial lays them out; ids 0, 1, 2 and 255."""
    root = tmp_path / "VOCdevkit" / "VOC2012"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in LISTS["trainval"]:
        photo = rng.integers(0, 255, (32, 40, 3), dtype=np.uint8)
        label = np.kron(rng.integers(0, 3, (4, 5)), np.ones((8, 8))).astype(np.uint8)
        label[:2] = 255
        (root / FOLDERS[0] / f"{name}.jpg").write_bytes(encode_photo(photo, "jpeg"))
        (root / FOLDERS[1] / f"{name}.png").write_bytes(encode_label(label))
    for split, names in LISTS.items():
        (root / FOLDERS[2] / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
    return root


def shard(voc: Path, *more: str, labels: str = FOLDERS[1]) -> int:
    line = [
        "shard", f"--image_folder={voc / FOLDERS[0]}",
        f"--semantic_segmentation_folder={voc / labels}", f"--list_folder={voc / FOLDERS[2]}",
        f"--output_dir={voc / 'tfrecord'}", "--executor", "serial", *more,
    ]  # fmt: skip
    return run(line)


def test_shards_are_named_as_the_original_s_and_hold_the_same(voc: Path) -> None:
    assert shard(voc, "--image_format=jpg") == 0
    names = {path.name for path in (voc / "tfrecord").glob("*.tfrecord")}
    assert names == {
        *(f"train-0000{n}-of-00003.tfrecord" for n in range(3)),
        "val-00000-of-00001.tfrecord",
        *(f"trainval-0000{n}-of-00004.tfrecord" for n in range(4)),
    }
    ((_, data),) = scan(voc / "tfrecord" / "val-00000-of-00001.tfrecord")
    sample = decode(data)
    assert sample.key == "d"
    assert sample.image == (voc / FOLDERS[0] / "d.jpg").read_bytes()
    assert sample.label == (voc / FOLDERS[1] / "d.png").read_bytes()
    assert sample.image_format == "jpeg"


def test_nothing_is_written_beside_the_photos(voc: Path) -> None:
    before = sorted(path for path in voc.rglob("*"))
    assert shard(voc) == 0
    after = sorted(p for p in voc.rglob("*") if "tfrecord" not in p.relative_to(voc).parts)
    assert after == before


def test_classes_are_counted_from_the_ids_and_it_is_said(
    voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shard(voc) == 0
    manifest = ShardManifest.load(voc / "tfrecord")
    assert (manifest.num_classes, manifest.ignore_label) == (3, 255)
    assert "ids are counted up to 2, so there are 3, and 255 is ignored" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "count", "name"),
    [
        (["--dataset=pascal_voc_seg"], 21, "aeroplane"),
        (["--num_classes=5"], 5, "class 1"),
        (["--num-classes", "5"], 5, "class 1"),
    ],
    ids=["dataset", "num_classes", "our own"],
)
def test_classes_may_be_said(voc: Path, more: list[str], count: int, name: str) -> None:
    assert shard(voc, *more) == 0
    manifest = ShardManifest.load(voc / "tfrecord")
    assert manifest.num_classes == count
    assert manifest.class_map.name(1) == name


def test_our_own_options_say_the_same(voc: Path) -> None:
    line = ["shard", str(voc), str(voc / "tfrecord"), "--labels", str(voc / FOLDERS[1])]
    assert run([*line, "--executor", "serial"]) == 0
    assert ShardManifest.load(voc / "tfrecord").splits["trainval"].samples == 4


def test_palette_labels_become_their_ids(voc: Path) -> None:
    """The original needs remove_gt_colormap.py for this, and reads grey without it."""
    colors = voc / "SegmentationClass"
    colors.mkdir()
    palette = builtin.descriptor("pascal_voc_seg").class_map.color_table()
    for path in (voc / FOLDERS[1]).iterdir():
        (colors / path.name).write_bytes(encode_label(read_label(path), palette))
    assert shard(voc, labels="SegmentationClass") == 0
    ((_, data),) = scan(voc / "tfrecord" / "val-00000-of-00001.tfrecord")
    label = decode(data).label
    assert label is not None
    assert np.array_equal(read_label(label), read_label(voc / FOLDERS[1] / "d.png"))


@pytest.mark.parametrize(
    ("asked", "there"),
    [("SegmentationClassRaw", "SegmentationClass"), ("SegmentationClass", "SegmentationClassRaw")],
)
def test_without_the_raw_folder_the_one_beside_it_is_named(
    voc: Path, asked: str, there: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.move(voc / FOLDERS[1], voc / there)
    assert shard(voc, labels=asked) == 2
    told = capsys.readouterr().err
    assert f"there is {there} beside it, which serves" in told
    assert f"name it in its place: {voc / there}" in told


def test_a_list_in_the_place_of_their_folder_is_told(
    voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = voc / FOLDERS[2]
    assert run(["shard", f"--image_folder={voc / FOLDERS[0]}", f"--output_dir={voc / 'out'}",
                f"--semantic_segmentation_folder={voc / FOLDERS[1]}",
                f"--list_folder={lists / 'val.txt'}"]) == 2  # fmt: skip
    told = capsys.readouterr().err
    assert f"error: {lists / 'val.txt'} is a file" in told
    assert f"name the folder that it is in: {lists}" in told


@pytest.mark.parametrize("gone", FOLDERS)
def test_a_folder_that_is_missing_is_named(
    voc: Path, gone: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.move(voc / gone, voc / "elsewhere")
    assert shard(voc) == 2
    assert str(voc / gone) in capsys.readouterr().err
    assert not (voc / "tfrecord").exists()


def test_a_listed_name_without_a_photo_is_a_finding(
    voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (voc / FOLDERS[0] / "d.jpg").unlink()
    assert shard(voc) == 1
    assert "d" in capsys.readouterr().err
    assert not (voc / "tfrecord").exists()


def test_colors_in_the_labels_are_a_finding_not_ids(
    voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (voc / FOLDERS[1]).iterdir():
        colors = builtin.descriptor("camvid").class_map.to_colors(read_label(path))
        path.write_bytes(encode_photo(colors))
    assert shard(voc) == 1
    told = capsys.readouterr().err
    assert "L04" in told
    assert "Traceback" not in told


@pytest.mark.slow
def test_records_hold_what_the_original_s_hold(shared: Path, tmp_path: Path) -> None:
    """Sizes agree, too; protobuf leaves the order of an Example's keys open."""
    voc = shared / "parity" / "tfrecords_original" / "VOCdevkit" / "VOC2012"
    line = [
        "shard", f"--image_folder={voc}/JPEGImages", "--image_format=jpg",
        f"--semantic_segmentation_folder={voc}/SegmentationClassRaw",
        f"--list_folder={voc}/ImageSets/Segmentation", f"--output_dir={tmp_path}/tfrecord",
    ]  # fmt: skip
    assert run(line) == 0
    for split in ("train", "val", "trainval"):
        theirs, ours = (
            {(decode(d), len(d)) for path in folder.glob(f"{split}-*") for _, d in scan(path)}
            for folder in (voc.parents[1] / "tfrecord", tmp_path / "tfrecord")
        )
        assert ours == theirs
        assert len(ours) == {"train": 4, "val": 2, "trainval": 6}[split]
