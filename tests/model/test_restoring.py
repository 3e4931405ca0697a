"""Checkpoints become networks again; those that lie about themselves are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from model.checkpoint import Checkpoint, DamagedCheckpoint
from model.config import TrainSettings
from model.network.deeplab import DeepLab
from model.restoring import network_of
from segdata.classes import ClassMap
from segdata.errors import UserError


@pytest.fixture
def checkpoint(settings: TrainSettings) -> Checkpoint:
    settings = settings.updated(["num_classes=3"])
    return Checkpoint(4, settings, ClassMap(()), "", DeepLab(settings.network).state_dict())


def test_a_network_computes_what_it_did_before(checkpoint: Checkpoint) -> None:
    before = DeepLab(checkpoint.settings.network).eval()
    before.load_state_dict(dict(checkpoint.weights))
    image = 255 * torch.rand(1, 3, 33, 49)
    after = network_of(checkpoint).eval()
    assert torch.equal(before(image), after(image))
    assert all(parameter.requires_grad for parameter in after.parameters())


LIES: dict[str, Callable[[dict[str, Tensor]], object]] = {
    "missing": lambda weights: weights.pop("backbone.Conv.conv.weight"),
    "extra": lambda weights: weights.update(more=torch.zeros(3)),
    "of another shape": lambda weights: weights.update(
        {"backbone.Conv.conv.weight": torch.zeros(1)}
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_weights_that_are_not_those_of_the_settings_are_told(
    checkpoint: Checkpoint, lie: str
) -> None:
    weights = dict(checkpoint.weights)
    LIES[lie](weights)
    with pytest.raises(DamagedCheckpoint, match="not those of its settings"):
        network_of(replace(checkpoint, weights=weights))


@pytest.mark.parametrize("size", ["aspp_filters=100000000", "depth_multiplier=1e300",
                                  "num_classes=99999999999999"])  # fmt: skip
def test_settings_of_a_giant_take_no_memory(checkpoint: Checkpoint, size: str) -> None:
    giant = checkpoint.settings.updated([size])
    with pytest.raises(DamagedCheckpoint):
        network_of(replace(checkpoint, settings=giant))


def test_first_weights_predict_nothing(checkpoint: Checkpoint) -> None:
    first = checkpoint.settings.updated(["num_classes=none"])
    with pytest.raises(UserError, match="predicts nothing"):
        network_of(replace(checkpoint, settings=first))


def test_the_mean_of_the_pixels_is_no_weight_and_never_missing(checkpoint: Checkpoint) -> None:
    """Networks are built without memory, and then get the checkpoint's tensors alone."""
    settings = checkpoint.settings.updated(["variant=resnet_v1_18", "depth_multiplier=1"])
    before = DeepLab(settings.network).eval()
    weights = before.state_dict()
    assert not any(name.startswith("_") for name in weights)
    after = network_of(replace(checkpoint, settings=settings, weights=weights)).eval()
    image = torch.randint(0, 256, (1, 3, 33, 49), dtype=torch.uint8)
    assert torch.equal(before(image), after(image))
