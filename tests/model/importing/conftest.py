"""A network of some thousand weights, by the original's names."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model.importing.layout import to_original
from model.network.deeplab import DeepLab
from model.network.original_names import variables_of
from model.network_settings import NetworkSettings

TINY = NetworkSettings(
    depth_multiplier=0.1,
    num_classes=3,
    aspp_filters=8,
    decoder_filters=8,
    low_level_filters=4,
    faithful=True,
)


def arrays_of(network: DeepLab) -> dict[str, np.ndarray]:
    """The variables of a network, as the original would save them."""
    state = network.state_dict()
    return {v: to_original(v, state[name]).copy() for name, v in variables_of(network).items()}


@pytest.fixture(scope="session")
def tiny() -> DeepLab:
    """MobileNetV2 at a tenth of its width, with ASPP and decoder; its norms are not new ones."""
    torch.manual_seed(0)
    network = DeepLab(TINY).eval()
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_mean", "running_var", "batch_norm.weight", "batch_norm.bias")):
            tensor.copy_(0.5 + torch.rand(tensor.shape))
    return network


@pytest.fixture
def arrays(tiny: DeepLab) -> dict[str, np.ndarray]:
    """Its variables, as a training of the original saves them."""
    found = arrays_of(tiny)
    momentum = {f"{name}/Momentum": array * 0 for name, array in found.items() if "gamma" in name}
    return {**found, **momentum, "global_step": np.array(1200, np.int64)}
