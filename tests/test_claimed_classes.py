"""A ``--dataset`` that contradicts what the data say of themselves is refused before any work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segdata import builtin
from segdata.classes import ClassMap, SegClass
from segdata.cli import run
from segdata.conversion import ConversionRequest, convert
from segdata.dataset import load_dataset
from segdata.errors import UserError
from segdata.progress import Silence
from segdata.sharding import shard
from segdata.workflows import train
from segdata.workflows.claimed_classes import refuse_other_classes
from segdata.workflows.runs import ShardPlace
from segdata.workflows.training import shards_of


@pytest.fixture(scope="module")
def portrait(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two classes, and its shards beside it."""
    data = tmp_path_factory.mktemp("portrait") / "data"
    convert(ConversionRequest(source=samples / "portrait", out=data))
    shard(load_dataset(data), data.parent / "shards")
    return data


@pytest.mark.parametrize("kind", ["data", "shards"])
@pytest.mark.parametrize(
    ("dataset", "told", "remedy"),
    [
        ("cityscapes", "--dataset cityscapes has 19 classes, and {} has 2", "leave --dataset out"),
        (
            "nope",
            "'nope' is neither a folder nor the name of a data set",
            "says its classes itself; or segdata register FOLDER --name nope",
        ),
    ],
)
def test_another_data_set_is_refused(
    portrait: Path, tmp_path: Path, kind: str, dataset: str, told: str, remedy: str
) -> None:
    data, out = portrait.parent / kind, tmp_path / "run"
    with pytest.raises(UserError) as raised:
        train(str(data), out, dataset=dataset)
    assert raised.value.message == told.format(data)
    assert remedy in raised.value.remedy
    assert not out.exists()


def test_the_data_set_itself_may_be_named(portrait: Path, tmp_path: Path) -> None:
    shards = portrait.parent / "shards"
    assert shards_of(str(shards), tmp_path / "run", Silence(), str(portrait)) == shards


def test_a_measurement_on_other_classes_is_refused(portrait: Path) -> None:
    place = ShardPlace(dataset="pascal_voc_seg")
    with pytest.raises(UserError, match=r"pascal_voc_seg has 21 classes, and .*shards has 2"):
        place.manifest(portrait.parent / "shards")


def test_other_names_for_as_many_classes_are_none_of_our_business() -> None:
    count = builtin.descriptor("pascal_voc_seg").num_classes
    classes = ClassMap(tuple(SegClass(i, f"kind {i}") for i in range(count)), 255)
    refuse_other_classes("pascal_voc_seg", classes, "shards")
    refuse_other_classes(None, classes, "shards")


def test_a_missing_folder_to_measure_on_is_told_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    classes = {"ignore_label": None, "classes": []}
    config = {"shards": "s", "classes": classes, "settings": {"run": {"steps": 1}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    line = f"eval --checkpoint_dir={tmp_path} --eval_logdir=out --dataset_dir={tmp_path}/nowhere"
    assert run(line.split()) == 2
    assert f"error: there is no folder {tmp_path}/nowhere\n" in capsys.readouterr().err


def test_a_missing_folder_of_shards_is_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["train", "--dataset_dir=nowhere", "--train_logdir=run"]) == 2
    told = capsys.readouterr().err
    assert "./nowhere does not exist" in told
    assert "segdata register" not in told
    assert "sharding" not in told
    assert not (tmp_path / "run").exists()


def test_a_variant_that_is_not_there_is_told_with_the_nearest(
    portrait: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["train", str(portrait), "--out", str(tmp_path / "run"), "--model", "Xception65"]
    assert run(line) == 2
    assert "fix:   --model xception_65\n" in capsys.readouterr().err
