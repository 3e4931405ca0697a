"""The val split, scored while a network learns."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from model.config import TrainSettings
from model.prediction.predictor import TrainedPredictor, load_predictor
from model.training.data import SplitRecords
from model.training.loop import train
from model.training.progress import Listener
from segdata.confusion import ConfusionMatrix
from segdata.errors import UserError
from segdata.manifest import ShardManifest

from .conftest import IGNORE, picture, write_shards


def scores(run: Path) -> list[tuple[int, float]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(line["step"], line["val_miou"]) for line in lines if "val_miou" in line]


@pytest.fixture
def whole(shards: Path, settings: TrainSettings, tmp_path: Path) -> list[tuple[int, float]]:
    """The scores of a run that nothing interrupts."""
    train(shards, tmp_path / "whole", settings.updated(["validate_every=4"]))
    return scores(tmp_path / "whole")


def test_scores_are_those_of_the_weights(
    shards: Path, settings: TrainSettings, tmp_path: Path
) -> None:
    train(shards, tmp_path / "run", settings.updated(["validate_every=8"]))
    predictor = load_predictor(tmp_path / "run", "cpu")
    total = ConfusionMatrix.zeros(3, IGNORE)
    for sample in SplitRecords(shards, ShardManifest.load(shards), "val"):
        total += ConfusionMatrix.of(sample.label, predictor.predict(sample.image), 3, IGNORE)
    assert scores(tmp_path / "run") == [(8, pytest.approx(total.mean_iou(), abs=0.02))]


@pytest.mark.parametrize("pictures", [None, []])
def test_validation_without_a_val_split_is_told(
    settings: TrainSettings, tmp_path: Path, pictures: list[Any] | None
) -> None:
    splits: dict[str, list[Any]] = {"train": [picture(1)]}
    shards = write_shards(tmp_path / "shards", splits)
    if pictures is not None:
        manifest = json.loads((shards / "manifest.json").read_text())
        empty = dict(manifest["splits"]["train"], samples=0, labelled=0)
        manifest["splits"]["val"] = empty
        (shards / "manifest.json").write_text(json.dumps(manifest))
    notes: list[str] = []
    asked = settings.updated(["validate_every=1", "steps=1"])
    train(shards, tmp_path / "run", asked, Listener(note=notes.append))
    assert any("validate_every = 1 does nothing" in note and "'val'" in note for note in notes)


def test_nobody_hears_of_a_val_split_that_nobody_asked_for(
    settings: TrainSettings, tmp_path: Path
) -> None:
    shards = write_shards(tmp_path / "shards", {"train": [picture(1)]})
    notes: list[str] = []
    train(shards, tmp_path / "run", settings.updated(["steps=1"]), Listener(note=notes.append))
    assert not any("val" in note for note in notes)


def test_a_val_split_without_labels_names_the_setting_that_asks_for_it(
    settings: TrainSettings, tmp_path: Path
) -> None:
    pairs: dict[str, list[Any]] = {"train": [picture(1)], "val": [(picture(2)[0], None)]}
    shards = write_shards(tmp_path / "shards", pairs)
    with pytest.raises(UserError, match="'val' have no label") as told:
        train(shards, tmp_path / "run", settings.updated(["validate_every=1"]))
    assert "validate_every=0" in told.value.remedy
    assert not (tmp_path / "run").exists()


def interrupting(at: int, notes: list[str]) -> Listener:
    def progress(p: Any) -> None:
        if p.step == at:
            os.kill(os.getpid(), signal.SIGINT)

    return Listener(progress, notes.append)


@pytest.mark.parametrize("at", [4, 8])
def test_an_interruption_waits_for_no_validation_and_the_next_run_makes_up_for_it(
    whole: list[tuple[int, float]], shards: Path, settings: TrainSettings, tmp_path: Path, at: int
) -> None:
    out, asked, notes = tmp_path / "run", settings.updated(["validate_every=4"]), list[str]()
    try:
        train(shards, out, asked, interrupting(at, notes))
    except KeyboardInterrupt:
        assert at < 8
    assert scores(out) == [score for score in whole if score[0] < at]
    assert any(f"step {at} is not validated" in note for note in notes)
    train(shards, out, asked)
    assert scores(out) == whole


def test_an_interruption_within_a_validation_loses_no_step(
    whole: list[tuple[int, float]],
    shards: Path,
    settings: TrainSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Step 4 is not saved by itself: the steps are saved every third."""
    out, asked, predict = tmp_path / "run", settings.updated(["validate_every=4"]), []
    original = TrainedPredictor.predict

    def interrupted(self: TrainedPredictor, image: Any) -> Any:
        predict.append(None)
        os.kill(os.getpid(), signal.SIGINT)
        return original(self, image)

    with monkeypatch.context() as patch:
        patch.setattr(TrainedPredictor, "predict", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(shards, out, asked)
    assert len(predict) == 1
    assert scores(out) == []
    assert train(shards, out, asked).first_step == 4
    assert scores(out) == whole


def test_a_kill_between_saving_and_validating_costs_no_score(
    whole: list[tuple[int, float]],
    shards: Path,
    settings: TrainSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    out = tmp_path / "run"
    asked = settings.updated(["validate_every=4", "save_every=4"])
    with monkeypatch.context() as patch:
        patch.setattr(TrainedPredictor, "predict", die)
        with pytest.raises(Killed):
            train(shards, out, asked)
    assert train(shards, out, asked).first_step == 4
    assert scores(out) == whole
