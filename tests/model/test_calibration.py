"""Batch-norm statistics measured anew with the final weights."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from model.config import TrainSettings
from model.hardware import Hardware, choose_hardware
from model.network.deeplab import DeepLab
from model.network.layers import BatchNorm
from model.training.calibration import recalibrate
from model.training.data import Batch

POOLING, STEM = "aspp.image_pooling.batch_norm", "backbone.Conv.batch_norm"


@pytest.fixture
def network(settings: TrainSettings) -> DeepLab:
    """With statistics that no image gives."""
    torch.manual_seed(0)
    network = DeepLab(settings.updated(["num_classes=3"]).network)
    for module in network.modules():
        if isinstance(module, BatchNorm):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.fill_(7.0)
            module.running_var.fill_(3.0)
    return network


@pytest.fixture
def hardware(settings: TrainSettings) -> Hardware:
    return choose_hardware(settings.run)


def batches(size: int, number: int = 3) -> Iterator[Batch]:
    for seed in range(number):
        generator = torch.Generator().manual_seed(seed)
        images = torch.randint(0, 256, (size, 3, 33, 33), generator=generator, dtype=torch.uint8)
        yield Batch(images, torch.zeros(size, 33, 33, dtype=torch.int32), ("x",) * size)


def values(network: DeepLab, norm: str) -> tuple[Tensor, Tensor, int]:
    state = network.state_dict()
    tracked = int(state[f"{norm}.num_batches_tracked"])
    return state[f"{norm}.running_mean"], state[f"{norm}.running_var"], tracked


def test_statistics_are_the_mean_over_the_batches(network: DeepLab, hardware: Hardware) -> None:
    seen: list[Tensor] = []
    stem = network.get_submodule(STEM)
    with stem.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])):
        recalibrate(network, batches(2), hardware)
    mean, variance, tracked = values(network, STEM)
    assert tracked == 3
    expected = torch.stack([batch.double().mean((0, 2, 3)) for batch in seen]).mean(0)
    torch.testing.assert_close(mean.double(), expected, rtol=1e-4, atol=1e-5)
    expected = torch.stack([batch.double().var((0, 2, 3)) for batch in seen]).mean(0)
    torch.testing.assert_close(variance.double(), expected, rtol=1e-4, atol=1e-5)


def test_image_pooling_keeps_at_batch_1_what_nothing_measures(
    network: DeepLab, hardware: Hardware
) -> None:
    recalibrate(network, batches(1), hardware)
    mean, variance, _ = values(network, POOLING)
    assert (mean == 7.0).all()
    assert (variance == 3.0).all()
    assert not (values(network, STEM)[0] == 7.0).any()


def test_image_pooling_is_measured_where_it_can_be(network: DeepLab, hardware: Hardware) -> None:
    recalibrate(network, batches(2), hardware)
    assert not (values(network, POOLING)[0] == 7.0).any()


def test_weights_and_momentum_stay(network: DeepLab, hardware: Hardware) -> None:
    before = {name: parameter.clone() for name, parameter in network.named_parameters()}
    momenta = [m.momentum for m in network.modules() if isinstance(m, BatchNorm)]
    recalibrate(network, batches(2), hardware)
    assert all(torch.equal(before[name], p) for name, p in network.named_parameters())
    assert momenta == [m.momentum for m in network.modules() if isinstance(m, BatchNorm)]
