"""Batch norms that take the statistics of the images, and images on other scales."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.checkpoint import Checkpoint
from model.config import RunSettings, TrainSettings
from model.hardware import choose_hardware
from model.network.deeplab import DeepLab
from model.network.layers import BatchNorm
from model.network_settings import NetworkSettings
from model.prediction.predictor import TrainedPredictor
from model.prediction.statistics import take_own_statistics

from .conftest import CLASSES, picture

TINY = NetworkSettings(
    variant="mobilenet_v2", depth_multiplier=0.1, aspp_filters=8, decoder_filters=8, num_classes=3
)


def network() -> DeepLab:
    torch.manual_seed(0)
    return DeepLab(TINY).eval()


def test_own_statistics_are_those_of_training() -> None:
    images = torch.rand(2, 3, 33, 49) * 255
    expected, own = network(), network()
    take_own_statistics(own)
    for module in expected.modules():
        # Dropout stays off: only batch norms train.
        if isinstance(module, BatchNorm):
            module.train()
    with torch.no_grad():
        torch.testing.assert_close(own(images), expected(images))


def test_own_statistics_do_not_depend_on_stored_ones_and_leave_them_alone() -> None:
    images = torch.rand(2, 3, 33, 49) * 255
    sound, spoilt = network(), network()
    for module in spoilt.modules():
        if isinstance(module, BatchNorm):
            assert module.running_mean is not None
            module.running_mean += 50
    take_own_statistics(sound)
    take_own_statistics(spoilt)
    with torch.no_grad():
        torch.testing.assert_close(sound(images), spoilt(images))
    means = [m.running_mean for m in spoilt.modules() if isinstance(m, BatchNorm)]
    assert all(mean is not None and bool((mean == 50).all()) for mean in means)


def test_one_image_has_no_statistics_where_a_map_is_one_value() -> None:
    own = network()
    take_own_statistics(own)
    with torch.no_grad():
        assert torch.isfinite(own(torch.rand(1, 3, 33, 49) * 255)).all()


@pytest.fixture
def predictor() -> TrainedPredictor:
    settings = TrainSettings(network=TINY)
    trained = Checkpoint(
        step=1,
        settings=settings,
        class_map=CLASSES,
        data_digest="",
        weights=network().state_dict(),
    )
    return TrainedPredictor(
        network(), CLASSES, choose_hardware(RunSettings(device="cpu", precision="fp32")), trained
    )


def test_values_of_the_usual_scale_are_the_image(predictor: TrainedPredictor) -> None:
    photo, _ = picture(0)
    np.testing.assert_array_equal(
        predictor.predict_values([photo.astype(np.float32)])[0], predictor.predict(photo)
    )


def test_the_predictor_itself_keeps_the_stored_statistics(predictor: TrainedPredictor) -> None:
    photo, _ = picture(0)
    before = predictor.logits(photo)
    other = predictor.with_own_statistics()
    assert not np.allclose(other.logits(photo), before)
    np.testing.assert_array_equal(predictor.logits(photo), before)
