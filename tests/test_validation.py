"""validate: what it looks at, what it reports, and when it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from segdata.dataset import Dataset, DatasetDescriptor, load_dataset, save_descriptor
from segdata.errors import UserError
from segdata.executors import Processes, Serial
from segdata.findings import Certainty, CheckReport, Finding, Level
from segdata.images import encode_label, encode_photo, read_label
from segdata.policy import Policy
from segdata.rules.wording import command, counted, numbers, percent, several
from segdata.validation import validate

CAMVID = DatasetDescriptor(name="camvid", num_classes=11, ignore_label=11)


@pytest.fixture
def healthy(tmp_path: Path) -> Dataset:
    """Three pairs in train and val, all of them in trainval as well."""
    random = np.random.default_rng(3)
    root = tmp_path / "data"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for key in "abc":
        photo = random.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        label = np.zeros((24, 32), dtype=np.uint8)
        label[4:14, 3 : ord(key) - 85] = 1
        label[12:20, ord(key) - 80 :] = 2
        (root / "JPEGImages" / f"{key}.jpg").write_bytes(encode_photo(photo, "jpeg"))
        (root / "SegmentationClass" / f"{key}.png").write_bytes(encode_label(label))
    lists = {"train": "a\nb\n", "val": "c\n", "trainval": "a\nb\nc\n"}
    for name, text in lists.items():
        (root / "ImageSets/Segmentation" / f"{name}.txt").write_text(text)
    save_descriptor(root, DatasetDescriptor(name="tiny", num_classes=3, ignore_label=255))
    return load_dataset(root)


def reload(dataset: Dataset) -> Dataset:
    """What is on disk now."""
    return load_dataset(dataset.root)


def rules_of(report: CheckReport) -> list[str]:
    return [finding.rule for finding in report]


def test_a_sound_data_set_has_no_findings(healthy: Dataset) -> None:
    report = validate(healthy)
    assert list(report) == []
    assert report.exit_code == 0


def test_a_pair_in_two_lists_is_looked_at_once(healthy: Dataset) -> None:
    checked = validate(healthy).checked
    assert (checked["pairs"], checked["labels"], checked["lists"]) == (3, 3, 3)
    assert validate(healthy, splits=["val"]).checked["pairs"] == 1
    assert validate(healthy, splits=["val", "val"]).checked["lists"] == 1


def test_processes_and_serial_find_the_same(healthy: Dataset) -> None:
    (healthy.labels_folder / "a.png").write_bytes(b"broken")
    serial = validate(healthy, executor=Serial())
    assert validate(healthy, executor=Processes(2)).to_json() == serial.to_json()
    assert rules_of(serial) == ["L27"]


def test_only_chosen_splits_are_judged(healthy: Dataset) -> None:
    (healthy.labels_folder / "c.png").unlink()
    dataset = reload(healthy)
    assert rules_of(validate(dataset, splits=["train"])) == []
    assert rules_of(validate(dataset, splits=["val"])) == ["P07"]


def test_policy_decides_which_rules_speak_and_when_it_fails(healthy: Dataset) -> None:
    (healthy.labels_folder / "a.png").write_bytes(b"broken")
    (healthy.labels_folder / "b.png").unlink()
    dataset = reload(healthy)
    assert sorted(set(rules_of(validate(dataset)))) == ["L27", "P07"]
    assert set(rules_of(validate(dataset, select=["l27"]))) == {"L27"}
    assert set(rules_of(validate(dataset, ignore=["L27"]))) == {"P07"}
    assert validate(dataset, fail_on=None).exit_code == 0
    with pytest.raises(UserError, match="L99"):
        validate(dataset, select=["L99"])


def test_a_policy_stops_at_the_level_it_is_given() -> None:
    finding = Finding(
        rule="L01", level=Level.WARNING, certainty=Certainty.PROOF, message="", path=None
    )
    assert Policy().lets(finding)
    assert not Policy(ignore=("L01",)).lets(finding)
    assert CheckReport((finding,), fail_on=Level.ERROR).exit_code == 0
    assert CheckReport((finding,), fail_on=Level.WARNING).exit_code == 1


def test_nothing_is_changed(healthy: Dataset) -> None:
    before = {path: path.stat().st_mtime_ns for path in healthy.root.rglob("*")}
    validate(healthy)
    assert {path: path.stat().st_mtime_ns for path in healthy.root.rglob("*")} == before


def test_a_data_set_without_photos_is_never_fine(healthy: Dataset) -> None:
    shutil.rmtree(healthy.images_folder)
    shutil.rmtree(healthy.root / "ImageSets")
    shutil.rmtree(healthy.labels_folder)
    with pytest.raises(UserError, match="no folder JPEGImages"):
        validate(reload(healthy))
    healthy.images_folder.mkdir()
    with pytest.raises(UserError, match="nothing to check"):
        validate(reload(healthy))


def test_photos_without_any_label_are_never_fine(healthy: Dataset) -> None:
    shutil.rmtree(healthy.labels_folder)
    report = validate(reload(healthy))
    assert set(rules_of(report)) == {"P07"}
    assert report.exit_code == 1


def test_lists_that_name_nothing_that_exists_are_an_error(healthy: Dataset) -> None:
    for path in (healthy.root / "ImageSets/Segmentation").iterdir():
        path.write_text("x\ny\n")
    report = validate(reload(healthy))
    assert report.exit_code == 1
    assert set(rules_of(report)) == {"P07"}


def test_empty_lists_are_refused(healthy: Dataset) -> None:
    for path in (healthy.root / "ImageSets/Segmentation").iterdir():
        path.write_text("\n")
    with pytest.raises(UserError, match="nothing to check"):
        validate(reload(healthy))


def test_pairs_that_a_table_joins_need_not_share_names(healthy: Dataset) -> None:
    shutil.rmtree(healthy.root / "ImageSets")
    (healthy.root / "pairs.csv").write_text(
        "image,label,split\nJPEGImages/a.jpg,SegmentationClass/b.png,train\n"
        "JPEGImages/b.jpg,SegmentationClass/x.png,train\n"
    )
    joined = DatasetDescriptor(name="tiny", num_classes=3, ignore_label=255, pairs="pairs.csv")
    save_descriptor(healthy.root, joined)
    (finding,) = validate(reload(healthy))
    assert (finding.rule, finding.count) == ("P07", 1)
    assert "b" in finding.message


def test_without_lists_every_photo_needs_a_label(healthy: Dataset) -> None:
    shutil.rmtree(healthy.root / "ImageSets")
    shutil.move(healthy.labels_folder / "a.png", healthy.labels_folder / "z.png")
    photo, label = validate(reload(healthy))
    assert (photo.rule, photo.level, label.rule, label.level) == (
        "P07", Level.ERROR, "P07", Level.WARNING,
    )  # fmt: skip


def test_an_unknown_split_is_refused(healthy: Dataset) -> None:
    with pytest.raises(UserError, match="no split 'dev'"):
        validate(healthy, splits=["dev"])


def test_a_test_split_may_be_without_labels(healthy: Dataset) -> None:
    (healthy.root / "ImageSets/Segmentation/test.txt").write_text("d\n")
    photo = np.random.default_rng(9).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    (healthy.images_folder / "d.jpg").write_bytes(encode_photo(photo, "jpeg"))
    assert validate(reload(healthy)).at_least(Level.WARNING) == ()


def test_windows_lists_are_mentioned_and_do_no_harm(healthy: Dataset) -> None:
    (healthy.root / "ImageSets/Segmentation/train.txt").write_bytes(b"a\r\nb\r\n")
    report = validate(reload(healthy))
    assert rules_of(report) == ["P05"]
    assert report.at_least(Level.WARNING) == ()


def test_many_unreadable_files_are_one_finding(healthy: Dataset) -> None:
    names = [f"n{number}" for number in range(30)]
    for name in names:
        shutil.copy(healthy.images_folder / "a.jpg", healthy.images_folder / f"{name}.jpg")
        (healthy.labels_folder / f"{name}.png").write_bytes(b"")
    (healthy.root / "ImageSets/Segmentation/train.txt").write_text("\n".join(["a", "b", *names]))
    (healthy.root / "ImageSets/Segmentation/trainval.txt").unlink()
    (finding,) = validate(reload(healthy))
    assert (finding.rule, finding.count) == ("L27", 30)


def test_one_split_of_empty_masks_is_found_though_the_other_is_full(healthy: Dataset) -> None:
    (healthy.root / "ImageSets/Segmentation/trainval.txt").unlink()
    for key in "ab":
        empty = np.zeros((24, 32), dtype=np.uint8)
        (healthy.labels_folder / f"{key}.png").write_bytes(encode_label(empty))
    (finding,) = validate(reload(healthy)).at_least(Level.WARNING)
    assert finding.rule == "L08"
    assert "train" in finding.message


def test_a_val_split_without_an_object_is_no_fault(healthy: Dataset) -> None:
    empty = np.zeros((24, 32), dtype=np.uint8)
    (healthy.labels_folder / "c.png").write_bytes(encode_label(empty))
    assert validate(healthy).at_least(Level.WARNING) == ()
    assert validate(healthy, splits=["val"]).at_least(Level.WARNING) == ()


@pytest.mark.parametrize("palette", [False, True])
def test_real_street_photos_raise_no_suspicion(shared: Path, tmp_path: Path, palette: bool) -> None:
    source = Dataset(shared / "camvid", CAMVID)
    kept = source.split("train").pairs[::12]
    for pair in kept:
        image, label = tmp_path / "JPEGImages", tmp_path / "SegmentationClass"
        image.mkdir(exist_ok=True)
        label.mkdir(exist_ok=True)
        shutil.copy(pair.image, image)
        assert pair.label is not None
        colors = np.arange(768, dtype=np.uint8).reshape(256, 3) if palette else None
        ids = read_label(pair.label)
        (label / pair.label.name).write_bytes(encode_label(ids, colors))
    report = validate(Dataset(tmp_path, CAMVID))
    assert report.checked["pairs"] == len(kept)
    assert report.at_least(Level.WARNING) == ()
    assert ("L03" in rules_of(report)) is palette


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (counted(1, "file"), "1 file"),
        (counted(2, "file"), "2 files"),
        (several(["a", "b", "c", "d"]), "a, b, c, ..."),
        (several(["a"], total=9), "a, ..."),
        (numbers(range(20)), "0, 1, 2, 3, 4, 5, 6, ... 19"),
        (percent(0.5), "50 %"),
        (percent(0.00004), "0.004 %"),
        (command("convert", "my data", "out"), 'segdata convert "my data" out'),
    ],
)
def test_wording(said: str, expected: str) -> None:
    assert said == expected
