"""validate on shards: segdata's own, the original's, and what happens to both."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segdata.dataset import Dataset, DatasetDescriptor, load_dataset, save_descriptor
from segdata.errors import UserError
from segdata.executors import Processes
from segdata.findings import CheckReport, Level
from segdata.images import encode_label, encode_photo
from segdata.records import RecordWriter, Sample, decode, encode, scan
from segdata.sharding import ShardRequest, shard
from segdata.validation import Shards, find, validate
from segdata.workflows import CheckRequest, check


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Six pairs in train, two in val."""
    root = tmp_path / "data"
    random = np.random.default_rng(8)
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets"):
        (root / folder).mkdir(parents=True)
    keys = [f"view {number}" for number in range(8)]
    for number, key in enumerate(keys):
        photo = random.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        (root / "JPEGImages" / f"{key}.jpg").write_bytes(encode_photo(photo, "jpeg"))
        (root / "SegmentationClass" / f"{key}.png").write_bytes(encode_label(mask(number)))
    (root / "ImageSets/train.txt").write_text("\n".join(keys[:6]))
    (root / "ImageSets/val.txt").write_text("\n".join(keys[6:]))
    save_descriptor(root, DatasetDescriptor(name="views", num_classes=3, ignore_label=255))
    return load_dataset(root)


@pytest.fixture
def folder(dataset: Dataset, tmp_path: Path) -> Path:
    """Shards of that data set: two of train, two of val."""
    shard(dataset, tmp_path / "shards", ShardRequest(shards=2))
    return tmp_path / "shards"


def mask(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    label = np.zeros((24, 32), dtype=np.uint8)
    label[4:14, 3 : 9 + number] = 1
    label[12:20, 14 + number :] = 2
    return label


def rules_of(report: CheckReport) -> list[str]:
    return [finding.rule for finding in report]


def rewrite(path: Path, change: Callable[[Sample], Sample]) -> None:
    """Change every record of a file, as another build script would have written it."""
    samples = [change(decode(data)) for _, data in scan(path)]
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for sample in samples:
        writer.write(encode(sample))
    path.write_bytes(buffer.getvalue())


def test_shards_of_sound_data_have_no_findings(folder: Path, dataset: Dataset) -> None:
    found = find(folder)
    assert isinstance(found, Shards)
    report = validate(found)
    assert list(report) == []
    assert (report.checked["pairs"], report.checked["shards"]) == (8, 4)
    assert list(validate(find(folder, str(dataset.root)))) == []


def test_processes_and_serial_find_the_same(folder: Path) -> None:
    rewrite(folder / "val-00001-of-00002.tfrecord", lambda s: replace(s, height=1))
    serial = validate(find(folder))
    assert rules_of(serial) == ["S07"]
    assert validate(find(folder), executor=Processes(2)).to_json() == serial.to_json()


def test_shards_without_a_manifest_are_judged_by_the_ids_in_them(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert list(validate(find(folder))) == []

    def paint(sample: Sample) -> Sample:
        return replace(sample, label=encode_label(mask(1) * 100))

    for path in folder.glob("*.tfrecord"):
        rewrite(path, paint)
    worst = next(iter(validate(find(folder))))
    assert (worst.rule, worst.level) == ("L02", Level.ERROR)


def test_one_name_for_all_records_is_a_builders_mistake_and_no_second_build(folder: Path) -> None:
    for path in folder.glob("*.tfrecord"):
        rewrite(path, lambda sample: replace(sample, key="image"))
    (folder / "manifest.json").unlink()
    found = [f for f in validate(find(folder)) if f.rule in ("S02", "S07")]
    assert [(f.rule, f.level) for f in found] == [("S07", Level.WARNING)]
    assert "8 records" in found[0].message


def test_names_that_some_records_share_are_of_two_builds(folder: Path) -> None:
    first = folder / "train-00000-of-00002.tfrecord"
    (folder / "train-00001-of-00002.tfrecord").write_bytes(first.read_bytes())
    (folder / "manifest.json").unlink()
    assert "S02" in rules_of(validate(find(folder)))


def test_a_file_that_was_emptied_before_others_is_damage(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    whole = (folder / "train-00001-of-00002.tfrecord").read_bytes()
    (folder / "train-00000-of-00002.tfrecord").write_bytes(b"")
    assert "S06" in rules_of(validate(find(folder)))
    # Of few records a builder leaves the last files empty.
    (folder / "train-00000-of-00002.tfrecord").write_bytes(whole)
    (folder / "train-00001-of-00002.tfrecord").write_bytes(b"")
    assert "S06" not in rules_of(validate(find(folder)))


def test_what_is_odd_is_named_by_file_record_and_name(folder: Path) -> None:
    path = folder / "val-00000-of-00002.tfrecord"
    rewrite(path, lambda sample: replace(sample, label=b"no label"))
    found = next(f for f in validate(find(folder)) if f.rule == "L27")
    assert found.path == f"{path}, record 1 (view 7)" or found.path == f"{path}, record 1 (view 6)"
    assert "the label is" in found.message


def test_a_damaged_record_costs_no_other(folder: Path) -> None:
    path = folder / "train-00000-of-00002.tfrecord"
    data = bytearray(path.read_bytes())
    second = [offset for offset, _ in scan(path)][1]
    data[second] ^= 1
    path.write_bytes(data)
    report = validate(find(folder))
    assert rules_of(report) == ["S06"]
    assert next(iter(report)).path == f"{path}, record 2"
    assert f"byte {second}" in next(iter(report)).message
    # The manifest knows where the record behind it begins; without it all that follows is lost.
    assert report.checked["pairs"] == 7
    (folder / "manifest.json").unlink()
    assert validate(find(folder)).checked["pairs"] == 6


@pytest.mark.parametrize("cut", [1, 3, 11, 15, 200])
def test_a_file_cut_off_anywhere_is_found(folder: Path, cut: int) -> None:
    path = folder / "val-00000-of-00002.tfrecord"
    path.write_bytes(path.read_bytes()[:-cut])
    assert rules_of(validate(find(folder))) == ["S06"]


def test_random_bytes_are_damage_and_no_traceback(folder: Path) -> None:
    random = np.random.default_rng(0)
    (folder / "manifest.json").unlink()
    path = folder / "train-00000-of-00002.tfrecord"
    data = path.read_bytes()
    for _ in range(25):
        broken = bytearray(data)
        for place in random.integers(0, len(data), 3):
            broken[place] = random.integers(0, 256)
        path.write_bytes(broken)
        assert set(rules_of(validate(find(folder)))) <= {"S06"}


def test_mended_labels_make_shards_outdated(folder: Path, dataset: Dataset) -> None:
    for key, changed in (("view 0", 2e9), ("view 3", 1e9), ("view 7", 2e9)):
        path = dataset.labels_folder / f"{key}.png"
        path.write_bytes(encode_label(mask(11)))
        os.utime(path, (changed, changed))
    (found,) = validate(find(folder, str(dataset.root)))
    assert (found.rule, found.count) == ("S01", 3)
    assert found.evidence["newer_label_files"] == 2
    assert found.fix == f"segdata shard {dataset.root} {folder} --overwrite"
    assert list(validate(find(folder))) == []


def test_names_that_are_no_shards_of_this_build_are_found(folder: Path) -> None:
    data = (folder / "val-00000-of-00002.tfrecord").read_bytes()
    (folder / "val-00000-of-00005.tfrecord").write_bytes(data)
    found = next(iter(validate(find(folder))))
    assert (found.rule, found.level) == ("S02", Level.ERROR)
    assert "-of-00002 and -of-00005" in found.message
    assert "--overwrite" not in found.fix


def test_a_missing_shard_is_found(folder: Path) -> None:
    (folder / "train-00001-of-00002.tfrecord").unlink()
    report = validate(find(folder))
    assert set(rules_of(report)) == {"S02"}
    assert any("train-00001-of-00002.tfrecord" in found.message for found in report)


@pytest.mark.parametrize("mode", ["RGB", "I;16", "JPEG", "1"])
def test_labels_in_forms_that_the_original_misreads_are_s04(folder: Path, mode: str) -> None:
    def store(sample: Sample) -> Sample:
        label = mask(int(sample.key[-1]))
        picture = Image.fromarray(label)
        if mode == "RGB":
            picture = Image.fromarray(np.stack([label * 60, label, label * 9], axis=-1))
        elif mode == "I;16":
            picture = Image.fromarray(label.astype(np.uint16))
        elif mode == "1":
            picture = Image.fromarray(label > 0)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG" if mode == "JPEG" else "PNG")
        return replace(sample, label=buffer.getvalue())

    (folder / "manifest.json").unlink()
    for path in folder.glob("*.tfrecord"):
        rewrite(path, store)
    report = validate(find(folder))
    assert next(iter(report)).rule == "S04"
    assert not {"L03", "L04", "L11", "L14", "L15"} & set(rules_of(report))


def test_more_classes_than_8_bits_hold_are_no_fault_of_their_shards(
    dataset: Dataset, tmp_path: Path
) -> None:
    wide = DatasetDescriptor(name="wide", num_classes=400, ignore_label=65535)
    save_descriptor(dataset.root, wide)
    for number, path in enumerate(sorted(dataset.labels_folder.iterdir())):
        path.write_bytes(encode_label(mask(number).astype(np.uint16) * 150))
    out = tmp_path / "wide"
    shard(load_dataset(dataset.root), out, ShardRequest(wide_labels=True))
    assert validate(find(out)).at_least(Level.WARNING) == ()


def test_splits_can_be_chosen(folder: Path) -> None:
    assert validate(find(folder), splits=["val"]).checked["pairs"] == 2
    with pytest.raises(UserError, match="no split 'dev'"):
        validate(find(folder), splits=["dev"])


def test_what_shards_were_made_of_is_asked_for_shards_only(dataset: Dataset) -> None:
    with pytest.raises(UserError, match="holds no shards"):
        find(dataset.root, str(dataset.root))


def test_an_empty_folder_and_empty_shards_are_never_fine(tmp_path: Path) -> None:
    (tmp_path / "train-00000-of-00001.tfrecord").write_bytes(b"")
    assert rules_of(validate(find(tmp_path))) == ["S05"]
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UserError, match="is empty"):
        find(tmp_path / "nothing")


def test_a_photo_of_train_in_val_is_found_in_shards_too(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    _, data = next(scan(folder / "train-00000-of-00002.tfrecord"))
    stolen = decode(data)
    rewrite(
        folder / "val-00000-of-00002.tfrecord",
        lambda sample: replace(sample, image=stolen.image, height=24, width=32),
    )
    (found,) = validate(find(folder)).at_least(Level.WARNING)
    assert found.rule == "P08"
    assert found.path is not None
    assert "val-00000-of-00002.tfrecord, record 1" in found.path


def test_the_check_of_shards_goes_into_every_report(folder: Path, tmp_path: Path) -> None:
    rewrite(folder / "val-00001-of-00002.tfrecord", lambda s: replace(s, height=1))
    reports = tuple(tmp_path / f"r.{suffix}" for suffix in ("json", "sarif", "xml", "html"))
    checked = check(CheckRequest(dataset=str(folder), reports=reports))
    assert all(path.stat().st_size for path in reports)
    assert json.loads(reports[0].read_text())["findings"][0]["rule"] == "S07"
    assert checked.exit_code == 0
