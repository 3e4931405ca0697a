"""Shards: nothing lost, nothing half-done, and the same bytes whoever makes them."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from segdata import images
from segdata.classes import pascal_color
from segdata.dataset import Dataset, load_dataset
from segdata.errors import BadData, UserError
from segdata.executors import Executor, Processes, Serial
from segdata.files import INCOMPLETE
from segdata.findings import Level
from segdata.manifest import ShardManifest
from segdata.records import decode, read_at, scan
from segdata.sharding import ShardRequest, plan_shards, shard
from segdata.sharding.making import ShardTask, make_shard

DESCRIPTOR = """
name = "tiny"
num_classes = 3
ignore_label = 255
classes = [
  { id = 0, name = "ground", color = [10, 10, 10] },
  { id = 1, name = "car", color = [200, 0, 0] },
  { id = 2, name = "tree", color = [0, 200, 0] },
]
"""


def photo_bytes(number: int, form: str = "jpeg", size: tuple[int, int] = (24, 32)) -> bytes:
    noise = np.random.default_rng(number).integers(0, 255, (*size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, form)
    return buffer.getvalue()


def label_array(number: int, size: tuple[int, int] = (24, 32)) -> np.ndarray:
    label = np.random.default_rng(number).integers(0, 3, size, dtype=np.uint8)
    label[0, :3] = 255
    return label


def add_pair(root: Path, name: str, number: int) -> None:
    for folder in ("JPEGImages", "SegmentationClass"):
        (root / folder / name).parent.mkdir(parents=True, exist_ok=True)
    (root / f"JPEGImages/{name}.jpg").write_bytes(photo_bytes(number))
    Image.fromarray(label_array(number)).save(root / f"SegmentationClass/{name}.png")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Eleven pairs to train on, three for val, one of them in a folder of its own."""
    root = tmp_path / "data"
    train = [f"a{n:02d}" for n in range(10)] + ["night/b1"]
    val = ["v0", "v1", "v2"]
    for number, name in enumerate(train + val):
        add_pair(root, name, number)
    lists = root / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("\n".join(train))
    (lists / "val.txt").write_text("\n".join(val))
    (root / "dataset.toml").write_text(DESCRIPTOR)
    return load_dataset(root)


def contents(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def keys(folder: Path, split: str) -> list[str]:
    manifest = ShardManifest.load(folder)
    return [decode(data).key for s in manifest.of_split(split) for _, data in scan(folder / s.file)]


class Interrupted(Executor):
    """Makes some shards, then the user presses Ctrl-C."""

    def __init__(self, after: int) -> None:
        self.after = after

    def imap(self, fn, items):  # type: ignore[no-untyped-def]
        for number, item in enumerate(items):
            if number == self.after:
                raise KeyboardInterrupt
            yield fn(item)


class Counting(Executor):
    """Says which shards were made and not kept."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def imap(self, fn, items):  # type: ignore[no-untyped-def]
        for item in items:
            result = fn(item)
            if not result.kept:
                self.made.append(item.planned.file)
            yield result


def test_what_goes_in_comes_out(dataset: Dataset, tmp_path: Path) -> None:
    result = shard(dataset, tmp_path / "out", ShardRequest(shards=4))
    manifest = ShardManifest.load(tmp_path / "out")
    assert manifest == result.manifest
    for name, split in dataset.splits.items():
        assert sorted(keys(tmp_path / "out", name)) == sorted(p.key for p in split.pairs)
        assert manifest.splits[name].samples == len(split.pairs)


def test_the_manifest_leads_to_every_record(dataset: Dataset, tmp_path: Path) -> None:
    shard(dataset, tmp_path / "out", ShardRequest(shards=2))
    pairs = {p.key: p for s in dataset.splits.values() for p in s.pairs}
    for info in ShardManifest.load(tmp_path / "out").shards:
        path = tmp_path / "out" / info.file
        assert path.stat().st_size == info.bytes
        assert hashlib.sha256(path.read_bytes()).hexdigest() == info.sha256
        assert len(info.offsets) == info.samples
        with path.open("rb") as file:
            for offset in info.offsets:
                sample = decode(read_at(file, offset))
                pair = pairs[sample.key]
                assert sample.image == pair.image.read_bytes()
                assert pair.label is not None
                assert sample.label == pair.label.read_bytes()
                assert (sample.image_format, sample.height, sample.width) == ("jpeg", 24, 32)


def test_names_are_the_originals_and_nothing_else_remains(dataset: Dataset, tmp_path: Path) -> None:
    shard(dataset, tmp_path / "out", ShardRequest(shards=2))
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "manifest.json",
        "train-00000-of-00002.tfrecord",
        "train-00001-of-00002.tfrecord",
        "val-00000-of-00002.tfrecord",
        "val-00001-of-00002.tfrecord",
    ]


def test_the_manifest_says_what_the_labels_hold(dataset: Dataset, tmp_path: Path) -> None:
    shard(dataset, tmp_path / "out", ShardRequest(shards=2))
    measured = ShardManifest.load(tmp_path / "out").splits["train"]
    labels = np.stack([label_array(n) for n in range(11)])
    assert measured.pixels == (*(int((labels == i).sum()) for i in range(3)), 33)
    assert (measured.labelled, measured.min_height, measured.max_width) == (11, 24, 32)


def test_there_is_no_empty_shard_and_the_user_is_told(dataset: Dataset, tmp_path: Path) -> None:
    result = shard(dataset, tmp_path / "out", ShardRequest(shards=5))
    files = [s.file for s in ShardManifest.load(tmp_path / "out").of_split("val")]
    assert files == [f"val-{n:05d}-of-00003.tfrecord" for n in range(3)]
    assert any("3 shards instead of 5" in note for note in result.plan.notes)


@pytest.mark.parametrize("shards", [0, -1])
def test_no_shards_are_no_request(shards: int) -> None:
    with pytest.raises(UserError, match="hold no record"):
        ShardRequest(shards=shards)


def test_shards_of_a_split_differ_by_one_record_at_most(dataset: Dataset) -> None:
    sizes = [
        len(s.pairs) for s in plan_shards(dataset, ShardRequest(shards=4)).shards
        if s.split == "train"
    ]  # fmt: skip
    assert sorted(sizes) == [2, 3, 3, 3]


def test_by_default_the_size_decides(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(plan_shards(dataset, ShardRequest()).shards) == 2
    monkeypatch.setattr("segdata.sharding.plan._SHARD_BYTES", 8000)
    train = [s for s in plan_shards(dataset, ShardRequest()).shards if s.split == "train"]
    size = sum(
        f.stat().st_size for p in dataset.split("train").pairs for f in (p.image, p.label) if f
    )
    assert len(train) == -(-size // 8000) > 1


def test_the_order_is_the_seeds_and_no_neighbors(dataset: Dataset, tmp_path: Path) -> None:
    for seed in (0, 1):
        shard(dataset, tmp_path / f"{seed}", ShardRequest(shards=2, seed=seed))
    first, second = (keys(tmp_path / f"{seed}", "train") for seed in (0, 1))
    assert first != second != sorted(second)
    request = ShardRequest(splits=("train",), shards=5)
    shard(dataset, tmp_path / "more", request)
    assert keys(tmp_path / "more", "train") == first


@pytest.mark.parametrize("executor", [Processes(1), Processes(3)], ids=["one", "three"])
def test_any_number_of_workers_gives_the_same_bytes(
    dataset: Dataset, tmp_path: Path, executor: Executor
) -> None:
    shard(dataset, tmp_path / "serial", ShardRequest(shards=3), executor=Serial())
    shard(dataset, tmp_path / "other", ShardRequest(shards=3), executor=executor)
    assert contents(tmp_path / "serial") == contents(tmp_path / "other")


def test_making_a_shard_twice_gives_the_same_file(dataset: Dataset, tmp_path: Path) -> None:
    request = ShardRequest(shards=1)
    plan = plan_shards(dataset, request)
    task = ShardTask(tmp_path, plan.shards[0], dataset.descriptor, plan.digest, request)
    one = make_shard(task)
    (tmp_path / "train-00000-of-00001.json").unlink()
    two = make_shard(task)
    assert one == two
    assert make_shard(task).kept


# --- interruption ------------------------------------------------------------------------------


def test_an_interrupted_run_looks_unfinished(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        shard(dataset, out, ShardRequest(shards=2), executor=Interrupted(2))
    assert (out / INCOMPLETE).exists()
    assert not (out / "manifest.json").exists()
    with pytest.raises(UserError, match="incomplete"):
        ShardManifest.load(out)


@pytest.mark.parametrize("overwrite", [False, True])
def test_the_same_call_goes_on_where_it_stopped(
    dataset: Dataset, tmp_path: Path, overwrite: bool
) -> None:
    request = ShardRequest(shards=2, overwrite=overwrite)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        shard(dataset, out, request, executor=Interrupted(3))
    executor = Counting()
    result = shard(dataset, out, request, executor=executor)
    assert executor.made == ["val-00001-of-00002.tfrecord"]
    assert result.kept == 3
    shard(dataset, tmp_path / "whole", ShardRequest(shards=2))
    assert contents(out) == contents(tmp_path / "whole")


def test_a_shard_that_is_not_whole_is_made_again(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        shard(dataset, out, ShardRequest(shards=2), executor=Interrupted(3))
    cut = out / "train-00001-of-00002.tfrecord"
    cut.write_bytes(cut.read_bytes()[:-1])
    changed = out / "train-00000-of-00002.tfrecord"
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    executor = Counting()
    shard(dataset, out, ShardRequest(shards=2), executor=executor)
    assert executor.made == [changed.name, cut.name, "val-00001-of-00002.tfrecord"]
    shard(dataset, tmp_path / "whole", ShardRequest(shards=2))
    assert contents(out) == contents(tmp_path / "whole")


def test_what_killed_workers_left_is_taken_away(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        shard(dataset, out, ShardRequest(shards=2), executor=Interrupted(1))
    (out / ".train-00001-of-00002.tfrecord.abc123").write_bytes(b"half a shard")
    (out / ".manifest.json.xyz").write_bytes(b"{")
    shard(dataset, out, ShardRequest(shards=2))
    assert {p.suffix for p in out.iterdir()} == {".tfrecord", ".json"}
    assert len(list(out.iterdir())) == 5


def test_a_kill_after_the_manifest_loses_nothing(dataset: Dataset, tmp_path: Path) -> None:
    """Between the manifest and the end of the command everything is there, and is kept."""
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        shard(dataset, out, ShardRequest(shards=2), executor=Interrupted(3))
    (out / "manifest.json").write_text("{}")
    executor = Counting()
    shard(dataset, out, ShardRequest(shards=2), executor=executor)
    assert len(executor.made) == 1
    assert ShardManifest.load(out).splits["val"].samples == 3


def test_a_label_that_was_edited_since_makes_another_plan(dataset: Dataset) -> None:
    before = plan_shards(dataset, ShardRequest()).digest
    assert plan_shards(dataset, ShardRequest()).digest == before
    label = next(iter(dataset.label_files.values()))
    os.utime(label, (0, 0))
    assert plan_shards(dataset, ShardRequest()).digest != before


@pytest.mark.parametrize("change", ["request", "label"])
def test_another_plan_does_not_continue_an_unfinished_one(
    dataset: Dataset, tmp_path: Path, change: str
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        shard(dataset, out, ShardRequest(shards=2), executor=Interrupted(3))
    request = ShardRequest(shards=3) if change == "request" else ShardRequest(shards=2)
    if change == "label":
        Image.fromarray(label_array(99)).save(dataset.root / "SegmentationClass/v0.png")
    with pytest.raises(UserError, match=r"changed since.*\n.*--overwrite"):
        shard(dataset, out, request)
    assert (out / "train-00001-of-00002.tfrecord").exists()
    (out / ".val-00001-of-00002.tfrecord.abc123").write_bytes(b"half a shard")
    shard(dataset, out, replace(request, overwrite=True))
    shard(dataset, tmp_path / "whole", request)
    assert contents(out) == contents(tmp_path / "whole")


# --- folders that hold something already ---------------------------------------------------------


def test_finished_shards_are_not_replaced_unasked(dataset: Dataset, tmp_path: Path) -> None:
    shard(dataset, tmp_path / "out", ShardRequest(shards=2))
    before = contents(tmp_path / "out")
    with pytest.raises(UserError, match=r"finished shards already.*\n.*--overwrite"):
        shard(dataset, tmp_path / "out", ShardRequest(shards=2))
    assert contents(tmp_path / "out") == before


def test_no_shard_of_another_count_stays_behind(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shard(dataset, out, ShardRequest(shards=3))
    (out / "notes.json").write_text("mine")
    shard(dataset, out, ShardRequest(shards=2, overwrite=True))
    assert sorted(p.name for p in out.glob("train*")) == [
        "train-00000-of-00002.tfrecord",
        "train-00001-of-00002.tfrecord",
    ]
    assert (out / "notes.json").read_text() == "mine"


def test_shards_of_unknown_origin_are_neither_removed_nor_mixed_in(
    dataset: Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "train-00000-of-00004.tfrecord").write_bytes(b"someone's")
    with pytest.raises(UserError, match="other shards of the same splits"):
        shard(dataset, out, ShardRequest(shards=2, overwrite=True))
    assert contents(out).keys() == {"train-00000-of-00004.tfrecord"}


def test_a_folder_with_something_else_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        shard(dataset, out, ShardRequest(shards=2))
    (out / INCOMPLETE).touch()
    with pytest.raises(UserError, match="another command"):
        shard(dataset, out, ShardRequest(shards=2))
    assert (out / "thesis.txt").read_text() == "mine"


def test_a_manifest_cannot_make_us_remove_files_elsewhere(dataset: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shard(dataset, out, ShardRequest(shards=2))
    (tmp_path / "precious.tfrecord").write_bytes(b"mine")
    text = (out / "manifest.json").read_text()
    (out / "manifest.json").write_text(
        text.replace("train-00000-of-00002.tfrecord", "../precious.tfrecord")
    )
    (out / "train-00000-of-00002.tfrecord").unlink()
    shard(dataset, out, ShardRequest(shards=2, overwrite=True))
    assert (tmp_path / "precious.tfrecord").exists()


def test_a_dry_run_writes_nothing(dataset: Dataset, tmp_path: Path) -> None:
    result = shard(dataset, tmp_path / "out", ShardRequest(shards=2, dry_run=True))
    assert not (tmp_path / "out").exists()
    assert result.manifest is None
    assert result.to_json()["splits"] == {"train": 11, "val": 3}
    json.dumps(result.to_json())


# --- what a record holds -----------------------------------------------------------------------


def only_record(dataset: Dataset, out: Path, **options: bool):  # type: ignore[no-untyped-def]
    """The record of ``v0`` in a run that writes the val split only."""
    shard(dataset, out, ShardRequest(splits=("val",), shards=1, **options))
    samples = [decode(d) for _, d in scan(out / "val-00000-of-00001.tfrecord")]
    return next(s for s in samples if s.key == "v0")


def as_tensorflow_reads(png: bytes) -> np.ndarray:
    """What ``decode_png(channels=1)`` gives: OpenCV gives the same (fault catalogue)."""
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert found is not None
    return found


def save_label(dataset: Dataset, image: Image.Image) -> Path:
    path = dataset.root / "SegmentationClass/v0.png"
    image.save(path)
    return path


def palette_image(label: np.ndarray) -> Image.Image:
    image = Image.fromarray(label)
    image.putpalette([c for i in range(256) for c in pascal_color(i)])
    return image


LABEL = label_array(7)
BINARY = (LABEL == 1).astype(np.uint8)
FORMS = {
    "palette": (palette_image(LABEL), LABEL),
    "one bit": (Image.fromarray(BINARY.astype(bool)), BINARY),
    "equal channels": (Image.fromarray(np.repeat(LABEL[..., None], 3, axis=2)), LABEL),
    "16 bit": (Image.fromarray(LABEL.astype(np.uint16)), LABEL),
    "constant alpha": (
        Image.merge("LA", [Image.fromarray(LABEL), Image.new("L", (32, 24), 255)]),
        LABEL,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_reader_finds_the_ids_in_a_record(
    dataset: Dataset, tmp_path: Path, form: str
) -> None:
    image, expected = FORMS[form]
    save_label(dataset, image)
    sample = only_record(dataset, tmp_path / "out")
    header = images.read_header(sample.label)
    assert (header.mode, header.bit_depth) == ("L", 8)
    assert np.array_equal(images.read_label(sample.label), expected)
    assert np.array_equal(as_tensorflow_reads(sample.label), expected)


def test_a_gray_label_keeps_its_bytes(dataset: Dataset, tmp_path: Path) -> None:
    path = save_label(dataset, Image.fromarray(LABEL))
    assert only_record(dataset, tmp_path / "out").label == path.read_bytes()


WIDE = LABEL.astype(np.uint16) * 300


def test_wide_ids_are_refused_unless_allowed(dataset: Dataset, tmp_path: Path) -> None:
    (dataset.root / "dataset.toml").write_text(
        'name = "wide"\nnum_classes = 601\nignore_label = 65535\n'
    )
    for number in range(3):
        image = Image.fromarray(np.where(LABEL == 255, 65535, WIDE).astype(np.uint16))
        image.save(dataset.root / f"SegmentationClass/v{number}.png")
    wide = load_dataset(dataset.root)
    with pytest.raises(BadData) as caught:
        only_record(wide, tmp_path / "out")
    finding = next(f for f in caught.value.report if f.rule == "L14")
    assert finding.level == Level.ERROR
    assert not (tmp_path / "out").exists()
    sample = only_record(wide, tmp_path / "out", wide_labels=True, check=False)
    assert images.read_header(sample.label).bit_depth == 16
    assert images.read_label(sample.label).max() == 65535


BROKEN = {
    "L04": lambda path: Image.fromarray(np.stack([LABEL, LABEL // 2, LABEL], axis=2)).save(path),
    "L11": lambda path: Image.fromarray(LABEL).save(path, "jpeg"),
    "L27": lambda path: path.write_bytes(path.read_bytes()[:60]),
}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("rule", BROKEN)
def test_a_label_that_cannot_be_ids_is_found_and_nothing_is_left(
    dataset: Dataset, tmp_path: Path, rule: str, check: bool
) -> None:
    broken = dataset.root / "SegmentationClass/night/b1.png"
    BROKEN[rule](broken)
    with pytest.raises(BadData) as caught:
        shard(dataset, tmp_path / "out", ShardRequest(shards=2, check=check))
    found = [f for f in caught.value.report if f.rule == rule]
    assert [Path(f.path or "") for f in found] == [broken]
    assert not (tmp_path / "out").exists()


def stray(dataset: Dataset) -> None:
    """A few pixels of an id that is no class."""
    label = label_array(3)
    label[5, 6:9] = 7
    Image.fromarray(label).save(dataset.root / "SegmentationClass/a03.png")


def test_rules_judge_what_is_written(dataset: Dataset, tmp_path: Path) -> None:
    stray(dataset)
    with pytest.raises(BadData) as caught:
        shard(dataset, tmp_path / "out", ShardRequest(shards=2))
    finding = next(f for f in caught.value.report if f.rule == "L07")
    assert (Path(finding.path or "").name, finding.x, finding.y) == ("a03.png", 6, 5)
    assert not (tmp_path / "out").exists()


def test_without_rules_stray_ids_are_written(dataset: Dataset, tmp_path: Path) -> None:
    stray(dataset)
    shard(dataset, tmp_path / "out", ShardRequest(shards=2, check=False))
    measured = ShardManifest.load(tmp_path / "out").splits["train"]
    assert sum(measured.pixels) == 11 * 24 * 32 - 3


def test_palettes_are_no_fault_of_the_records(dataset: Dataset, tmp_path: Path) -> None:
    """On disk a reader of luminance sees 38 for 1; in the record everybody sees 1."""
    for path in (dataset.root / "SegmentationClass").rglob("*.png"):
        palette_image(np.asarray(Image.open(path))).save(path)
    assert not shard(dataset, tmp_path / "out", ShardRequest(shards=2)).report.findings


def test_a_label_of_another_size_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    Image.fromarray(label_array(1, (32, 24))).save(dataset.root / "SegmentationClass/a01.png")
    with pytest.raises(BadData) as caught:
        shard(dataset, tmp_path / "out", ShardRequest(shards=2))
    assert [f.rule for f in caught.value.report.at_least(Level.ERROR)] == ["L23"]


def test_faults_of_other_splits_do_not_matter(dataset: Dataset, tmp_path: Path) -> None:
    stray(dataset)
    (dataset.root / "JPEGImages/a04.jpg").unlink()
    only_record(load_dataset(dataset.root), tmp_path / "out")


def test_a_pair_in_two_splits_is_judged_once(dataset: Dataset, tmp_path: Path) -> None:
    stray(dataset)
    lists = dataset.root / "ImageSets/Segmentation"
    text = f"{(lists / 'train.txt').read_text()}\n{(lists / 'val.txt').read_text()}\n"
    (lists / "trainval.txt").write_text(text)
    with pytest.raises(BadData) as caught:
        shard(load_dataset(dataset.root), tmp_path / "out", ShardRequest(shards=2))
    finding = next(f for f in caught.value.report if f.rule == "L07")
    assert finding.count == 3


def test_turned_photos_are_reported(dataset: Dataset, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    with Image.open(dataset.root / "JPEGImages/a00.jpg") as image:
        image.save(dataset.root / "JPEGImages/a00.jpg", exif=exif)
    report = shard(dataset, tmp_path / "out", ShardRequest(shards=2)).report
    assert [(f.rule, f.count, f.level) for f in report] == [("L24", 1, Level.INFO)]


def test_a_run_that_went_on_reports_as_one_that_did_not_stop(
    dataset: Dataset, tmp_path: Path
) -> None:
    test_turned_photos_are_reported(dataset, tmp_path / "whole")
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        shard(dataset, out, ShardRequest(shards=2), executor=Interrupted(3))
    report = shard(dataset, out, ShardRequest(shards=2)).report
    assert [f.rule for f in report] == ["L24"]


def test_all_broken_pairs_are_reported_at_once(dataset: Dataset, tmp_path: Path) -> None:
    for name in ("a00", "a05", "v2"):
        (dataset.root / f"SegmentationClass/{name}.png").write_bytes(b"<html>")
    with pytest.raises(BadData) as caught:
        shard(dataset, tmp_path / "out", ShardRequest(shards=4), executor=Processes(2))
    assert len([f for f in caught.value.report if f.rule == "L27"]) == 3


def test_a_listed_name_without_photo_is_not_left_out(dataset: Dataset, tmp_path: Path) -> None:
    (dataset.root / "JPEGImages/a03.jpg").unlink()
    with pytest.raises(BadData) as caught:
        shard(load_dataset(dataset.root), tmp_path / "out")
    assert "a03" in next(iter(caught.value.report)).message
    assert not (tmp_path / "out").exists()


def test_a_test_split_without_labels_is_written(dataset: Dataset, tmp_path: Path) -> None:
    for number in range(3):
        (dataset.root / f"SegmentationClass/v{number}.png").unlink()
    lists = dataset.root / "ImageSets/Segmentation"
    (lists / "val.txt").rename(lists / "test.txt")
    shard(load_dataset(dataset.root), tmp_path / "out")
    assert ShardManifest.load(tmp_path / "out").splits["test"].labelled == 0
    [(_, data), *_] = scan(tmp_path / "out/test-00000-of-00001.tfrecord")
    assert decode(data).label is None


def test_what_records_mend_is_no_reason_to_refuse(dataset: Dataset, tmp_path: Path) -> None:
    """Their trainer reads luminance and takes CR for a part of names; the records have neither."""
    descriptor = dataset.root / "dataset.toml"
    descriptor.write_text('label_decoder = "tensorflow"\n' + descriptor.read_text())
    save_label(dataset, palette_image(LABEL))
    (dataset.root / "ImageSets/Segmentation/val.txt").write_bytes(b"v0\r\nv1\r\nv2\r\n")
    sample = only_record(load_dataset(dataset.root), tmp_path / "out")
    assert np.array_equal(as_tensorflow_reads(sample.label), LABEL)


def test_a_photo_of_another_format_becomes_png(dataset: Dataset, tmp_path: Path) -> None:
    (dataset.root / "JPEGImages/v0.jpg").unlink()
    noise = np.random.default_rng(5).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(dataset.root / "JPEGImages/v0.bmp")
    sample = only_record(load_dataset(dataset.root), tmp_path / "out")
    assert sample.image_format == images.read_header(sample.image).format == "png"
    assert np.array_equal(images.read_photo(sample.image), noise)


def test_a_split_that_does_not_exist_is_named(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no split 'trian'.*\n.*train, val"):
        shard(dataset, tmp_path / "out", ShardRequest(splits=("trian",)))


def test_progress_counts_samples(dataset: Dataset, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []

    def track(items: Iterable, what: str, total: int) -> Iterator:  # type: ignore[type-arg]
        count = 0
        for item in items:
            count += 1
            yield item
        seen.append((what, count, total))

    shard(dataset, tmp_path / "out", ShardRequest(shards=2), track=track)
    assert seen == [("writing records", 14, 14)]
