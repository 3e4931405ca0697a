"""Statistics: what a constant scores, what val cannot measure, tables and pages of them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segdata.baselines import best_constant
from segdata.classes import Label
from segdata.cli import run
from segdata.confusion import ConfusionMatrix
from segdata.dataset import Dataset, DatasetDescriptor, Pair, load_dataset, save_descriptor
from segdata.errors import UserError
from segdata.executors import Processes, Serial
from segdata.facts import FactsCollector, gather_pair
from segdata.images import encode_label, encode_photo
from segdata.miou_rules import miou_rule
from segdata.statistics import FORMULAS, Statistics, statistics_of
from segdata.workflows import StatisticsRequest, measure

LISTS = {"train": "ab", "val": "c", "trainval": "abc"}


def dataset_of(root: Path, labels: dict[str, Label], lists: dict[str, str] = LISTS) -> Dataset:
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for key, label in labels.items():
        photo = np.full((*label.shape, 3), 99, np.uint8)
        photo[0] = 180
        (root / "JPEGImages" / f"{key}.png").write_bytes(encode_photo(photo))
        (root / "SegmentationClass" / f"{key}.png").write_bytes(encode_label(label))
    for name, keys in lists.items():
        (root / "ImageSets/Segmentation" / f"{name}.txt").write_text("\n".join(keys))
    save_descriptor(root, DatasetDescriptor(name="tiny", num_classes=3, ignore_label=255))
    return load_dataset(root)


@pytest.fixture
def tiny(tmp_path: Path) -> Dataset:
    labels = {key: np.zeros((4, 5), np.uint8) for key in "abc"}
    labels["a"][0, 0] = labels["a"][3, 4] = 1
    labels["b"][1] = 2
    labels["b"][2] = 255
    labels["c"][0] = 1
    return dataset_of(tmp_path / "data", labels)


def measured(dataset: Dataset, **options: object) -> Statistics:
    return measure(StatisticsRequest(dataset=str(dataset.root), **options))  # type: ignore[arg-type]


def test_every_split_and_the_whole_are_counted(tiny: Dataset) -> None:
    found = measured(tiny)
    assert [split.name for split in found.splits] == ["train", "val", "trainval"]
    train = found.splits[0]
    assert (train.labels, train.pixels, train.ignored, train.strays) == (2, 35, 5, 0)
    assert [entry.pixels for entry in train.classes] == [28, 2, 5]
    assert [entry.images for entry in train.classes] == [2, 1, 1]
    assert [entry.objects for entry in train.classes] == [3, 2, 1]
    assert [entry.median_object for entry in train.classes] == [5, 1, 5]
    assert found.whole.labels == 3
    assert found.whole.sizes == ((5, 4, 3),)
    assert found.learned is train


def test_only_chosen_splits_are_counted(tiny: Dataset) -> None:
    found = measured(tiny, splits=("val",))
    assert [split.name for split in found.splits] == ["val"]
    assert found.learned.name == "whole"
    with pytest.raises(UserError, match="no split 'dev'"):
        measured(tiny, splits=("dev",))


def test_processes_and_serial_count_the_same(tiny: Dataset) -> None:
    serial = measured(tiny, executor=Serial()).to_json()
    assert measured(tiny, executor=Processes(2)).to_json() == serial


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)),
                  elements=st.sampled_from([0, 1, 2, 255])))  # fmt: skip
def test_the_constant_scores_what_eval_says_of_it(label: Label) -> None:
    descriptor = DatasetDescriptor(name="tiny", num_classes=3, ignore_label=255)
    collector = FactsCollector(descriptor, "data")
    pair = Pair("a", "train", Path("a.png"), Path("b.png"))
    photo = encode_photo(np.zeros((*label.shape, 3), np.uint8))
    facts = gather_pair(pair, descriptor, image_bytes=photo, label_bytes=encode_label(label))
    collector.add(facts)
    found = statistics_of(collector.facts()).whole.constant
    valid = label != 255
    if not valid.any():
        assert found is None
        return
    assert found is not None
    matrix = ConfusionMatrix.of(label, np.full_like(label, found.id), 3, 255)
    assert found.miou == pytest.approx(matrix.mean_iou(found.rule))
    assert found.accuracy == pytest.approx(matrix.pixel_accuracy)
    best = best_constant(matrix.by_class.alone().truth, descriptor.class_map, miou_rule(found.rule))
    assert found.miou == pytest.approx(best.miou)


def test_what_val_cannot_measure_is_named(tiny: Dataset) -> None:
    (entry,) = measured(tiny).unmeasured
    assert (entry.split, entry.absent, entry.single) == ("val", ("class 2",), ())


def test_a_class_in_one_label_of_many_is_hardly_measured(tmp_path: Path) -> None:
    labels = {key: np.zeros((4, 5), np.uint8) for key in "abcd"}
    labels["a"][0] = labels["c"][0] = 1
    lists = {"train": "ab", "val": "cd"}
    (entry,) = measured(dataset_of(tmp_path / "data", labels, lists)).unmeasured
    assert (entry.split, entry.absent, entry.single) == ("val", (), ("class 1",))


def test_a_data_set_without_lists_is_one_split(tmp_path: Path) -> None:
    labels = {"a": np.zeros((4, 5), np.uint8)}
    found = measured(dataset_of(tmp_path / "data", labels, {}))
    assert [split.name for split in found.splits] == ["all"]
    assert found.learned.name == "all"
    assert found.unmeasured == ()


def test_damaged_and_missing_files_are_no_reason_to_stop(tiny: Dataset) -> None:
    (tiny.labels_folder / "a.png").write_bytes(b"broken")
    (tiny.labels_folder / "b.png").unlink()
    (tiny.images_folder / "c.png").write_bytes(b"")
    found = measured(tiny)
    assert found.whole.labels == 1
    assert found.whole.photos == 2


def test_an_empty_data_set_is_refused(tiny: Dataset) -> None:
    for path in tiny.images_folder.iterdir():
        path.unlink()
    with pytest.raises(UserError, match="nothing to check"):
        measured(tiny)


def test_labels_of_nothing_but_void_have_no_constant_and_no_weights(tmp_path: Path) -> None:
    found = measured(dataset_of(tmp_path / "d", {"a": np.full((2, 2), 255, np.uint8)}, {}))
    assert found.whole.constant is None
    assert all(w is None for entry in found.learned.classes for w in entry.weights.values())
    json.dumps(found.to_json(), allow_nan=False)


def test_stats_of_shards_are_those_of_the_folder(tiny: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    assert run(["shard", str(tiny.root), str(out), "--executor", "serial", "--shards", "1"]) == 0
    folder, shards = measured(tiny), measure(StatisticsRequest(dataset=str(out)))
    names = {split.name for split in shards.splits}
    for split in folder.splits:
        if split.name in names:
            twin = next(other for other in shards.splits if other.name == split.name)
            assert [c.to_json() for c in twin.classes] == [c.to_json() for c in split.classes]


def test_the_command_prints_json_and_writes_every_form(
    tiny: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = [str(tmp_path / f"s.{suffix}") for suffix in ("html", "json", "csv")]
    line = ["stats", str(tiny.root), "--executor", "serial", "--format", "json"]
    assert run([*line, *(word for path in reports for word in ("--report", path))]) == 0
    data = json.loads(capsys.readouterr().out)
    assert json.loads(Path(reports[1]).read_text("utf-8")) == data
    assert data["splits"]["train"]["classes"][2]["weights"].keys() == FORMULAS.keys()
    assert data["whole"]["together"]["class 0"] == {"class 1": 2, "class 2": 1}
    rows = list(csv.DictReader(io.StringIO(Path(reports[2]).read_text("utf-8"))))
    assert [row["name"] for row in rows] == ["class 0", "class 1", "class 2"]
    assert float(rows[1]["inverse"]) == pytest.approx(35 / 6, rel=1e-4)
    page = Path(reports[0]).read_text("utf-8")
    assert "Classes that meet" in page
    assert "://" not in page


def test_the_text_has_classes_weights_and_their_sources(
    tiny: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stats", str(tiny.root), "--executor", "serial"]) == 0
    text = capsys.readouterr().out
    for said in ("train: 2 labels", "classes of train", "Eigen & Fergus 2015", "Paszke",
                 "Cui et al. 2019", "5×4 (3)", "val cannot measure class 2"):  # fmt: skip
        assert said in text


def test_a_report_of_another_suffix_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stats", str(tmp_path / "nowhere"), "--report", "s.pdf"]) == 2
    assert ".csv" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [40, 80])
def test_the_text_fits_the_window_and_no_number_is_cut(
    tiny: Dataset, columns: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["stats", str(tiny.root), "--executor", "serial"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= columns or "segdata" in line for line in lines)
    assert "…" not in "".join(lines)
