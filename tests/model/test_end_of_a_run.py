"""What a run measures and keeps: statistics, checkpoints, metrics and scores."""

import json
from copy import deepcopy

import numpy as np
import pytest
import torch

from model import checkpoint as checkpoints
from model.network.deeplab import DeepLab
from model.network.layers import BatchNorm
from model.training.learner import Learner
from model.training.loop import train
from model.training.progress import Listener
from model.training.schedule import learning_rate
from segdata import load_predictor
from segdata.errors import UserError

from . import by_hand
from .conftest import IGNORE, picture, write_shards


def checkpoint_at(out, step):
    return checkpoints.load(out / "checkpoints" / f"step-{step:08d}")


def metrics(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def statistics(weights):
    return {name: value for name, value in weights.items() if "running" in name}


# Every crop shows the one photo as it is, so every batch is the same.
ONE_PHOTO = ["min_scale=1", "max_scale=1", "flip=false", "crop_size=40,50", "steps=2"]


def test_the_statistics_are_measured_anew_with_the_last_weights(settings, tmp_path):
    shards = write_shards(tmp_path, {"train": [picture(0)]})
    changes = [*ONE_PHOTO, "dropout_keep=1", "batch_norm_momentum=0.01"]
    train(shards, tmp_path / "run", settings.updated(changes))
    kept = checkpoint_at(tmp_path / "run", 2)
    network = DeepLab(kept.settings.network)
    network.load_state_dict(dict(kept.weights))
    norms = {n: m for n, m in network.named_modules() if isinstance(m, BatchNorm)}
    images = torch.from_numpy(picture(0)[0]).permute(2, 0, 1).expand(3, -1, -1, -1)
    with by_hand.entering(norms.values()) as seen, torch.no_grad():
        network.train()(images)
    for name, norm in norms.items():
        values = seen[norm].transpose(0, 1).flatten(1)
        mean, variance = (kept.weights[f"{name}.running_{what}"] for what in ("mean", "var"))
        torch.testing.assert_close(mean, values.mean(1), rtol=1e-3, atol=1e-4, msg=name)
        torch.testing.assert_close(variance, values.var(1), rtol=1e-3, atol=1e-4, msg=name)


@pytest.mark.parametrize(
    "changes",
    [["fine_tune_batch_norm=false"], ["recalibrate_batches=0"]],
    ids=["frozen", "unasked"],
)
def test_statistics_are_kept_where_they_are_frozen_or_no_batches_are_to_measure_them(
    shards, settings, tmp_path, monkeypatch, changes
):
    whole, last = Learner.step, {}

    def noted(learner, step, batch):
        if step == 0:
            for values in statistics(learner.network.state_dict()).values():
                values.mul_(0.7).add_(0.1)
        loss = whole(learner, step, batch)
        last.update(deepcopy(statistics(learner.network.state_dict())))
        return loss

    monkeypatch.setattr(Learner, "step", noted)
    train(shards, tmp_path / "run", settings.updated([*changes, "steps=2"]))
    for name, values in statistics(checkpoint_at(tmp_path / "run", 2).weights).items():
        assert torch.equal(values, last[name]), name


def test_statistics_are_measured_once_over_as_many_further_batches_as_asked_for(
    shards, settings, tmp_path, monkeypatch
):
    shown = []
    whole = DeepLab.at_scales

    def noted(network, images):
        shown.append(images)
        return whole(network, images)

    monkeypatch.setattr(DeepLab, "at_scales", noted)
    often = ["steps=2", "save_every=1", "recalibrate_batches=5"]
    train(shards, tmp_path / "run", settings.updated(often))
    assert len(shown) == 2 + 5
    # No batch is shown twice.
    assert len({images.numpy().tobytes() for images in shown}) == 2 + 5


@pytest.mark.parametrize(
    "name", ["logits.semantic.conv.bias", "backbone.Conv.batch_norm.running_var"]
)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_never_saved(
    shards, settings, tmp_path, monkeypatch, name, value
):
    whole = Learner.step

    def broken(learner, step, batch):
        loss = whole(learner, step, batch)
        if step == 1:
            learner.network.state_dict()[name].fill_(value)
        return loss

    monkeypatch.setattr(Learner, "step", broken)
    often = settings.updated(["save_every=1", "recalibrate_batches=0"])
    with pytest.raises(UserError, match="after step 2 the weights are no longer finite") as error:
        train(shards, tmp_path / "run", often)
    assert name in error.value.message
    assert "base_learning_rate" in error.value.remedy
    found = checkpoints.latest(tmp_path / "run" / "checkpoints")
    assert found.checkpoint.step == 1
    assert not found.damaged


def test_metrics_and_progress_say_loss_and_rate_of_every_step(
    shards, settings, tmp_path, monkeypatch
):
    whole, losses, shown = Learner.step, [], []

    def noted(learner, step, batch):
        losses.append(whole(learner, step, batch))
        return losses[-1]

    monkeypatch.setattr(Learner, "step", noted)
    result = train(shards, tmp_path / "run", settings, Listener(progress=shown.append))
    rates = [learning_rate(step, 8, settings.optimizer) for step in range(8)]
    assert [(m["step"], m["loss"], m["learning_rate"]) for m in metrics(tmp_path / "run")] == list(
        zip(range(1, 9), losses, rates, strict=True)
    )
    assert [(p.step, p.steps, p.learning_rate) for p in shown] == [
        (step + 1, 8, rate) for step, rate in enumerate(rates)
    ]
    means = [np.mean(losses[:count]) for count in range(1, 9)]
    assert [p.loss for p in shown] == pytest.approx(means)
    assert result.loss == pytest.approx(np.mean(losses))


def test_a_score_while_training_is_the_checkpoint_s(shards, settings, tmp_path):
    train(shards, tmp_path / "run", settings.updated(["save_every=4", "validate_every=4"]))
    scores = [line for line in metrics(tmp_path / "run") if "val_miou" in line]
    assert [score["step"] for score in scores] == [4, 8]
    for score in scores:
        path = tmp_path / "run" / "checkpoints" / f"step-{score['step']:08d}"
        predictor = load_predictor(path, device="cpu")
        table = np.zeros((3, 3))
        for photo, label in (picture(100), picture(101, (20, 30))):
            counted = label != IGNORE
            np.add.at(table, (label[counted], predictor.predict(photo)[counted]), 1)
        hits = np.diag(table)
        assert score["val_miou"] == pytest.approx(
            np.mean(hits / (table.sum(0) + table.sum(1) - hits))
        )
        assert score["val_pixel_accuracy"] == pytest.approx(hits.sum() / table.sum())
