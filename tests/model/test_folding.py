"""Batch norms that are folded into their convolutions give the same logits."""

import pytest
import torch

from model.network.deeplab import DeepLab
from model.network.layers import BatchNorm
from model.network_settings import NetworkSettings

TINY = {"aspp_filters": 8, "decoder_filters": 8, "low_level_filters": 4, "num_classes": 3}


@pytest.mark.parametrize(
    "changes",
    [
        {"variant": "mobilenet_v2", "depth_multiplier": 0.25},
        {"variant": "mobilenet_v3_small_seg", "depth_multiplier": 0.25},
        {"variant": "resnet_v1_18"},
    ],
)
def test_a_folded_network_gives_the_same_logits(changes):
    torch.manual_seed(0)
    network = DeepLab(NetworkSettings(**TINY, **changes)).double()
    images = torch.rand(2, 3, 40, 33) * 255
    with torch.no_grad():
        network.train()(images)  # statistics that are not 0 and 1
        expected = network.eval()(images)
        network.fold()
        assert not any(isinstance(module, BatchNorm) for module in network.modules())
        torch.testing.assert_close(network(images), expected, rtol=1e-6, atol=1e-9)
