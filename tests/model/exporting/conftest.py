"""Small networks whose logits differ from class to class, and checkpoints of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from model import checkpoint as checkpoints
from model.checkpoint import Checkpoint
from model.config import RunSettings, TrainSettings
from model.network.deeplab import DeepLab
from model.network_settings import NetworkSettings
from segdata.classes import ClassMap, SegClass

TINY = {"depth_multiplier": 0.1, "aspp_filters": 8, "decoder_filters": 8, "low_level_filters": 4}
CLASSES = ClassMap(
    (
        SegClass(0, "sky", (70, 130, 180)),
        SegClass(1, "straße", (128, 64, 128)),
        SegClass(2, "car", None),
    ),
    ignore=255,
)


def lively(**settings: Any) -> DeepLab:
    """A network with statistics as of a training, and logits of about 1."""
    torch.manual_seed(1)
    widths = TINY
    if not settings.get("variant", "mobilenet").startswith("mobilenet"):
        widths = {key: value for key, value in TINY.items() if key != "depth_multiplier"}
    network = DeepLab(NetworkSettings(num_classes=3, **{**widths, **settings}))
    with torch.no_grad():
        network.train()(torch.rand(4, 3, 49, 65) * 255)
        spread = network.eval()(torch.rand(1, 3, 49, 65) * 255).std()
        if network.logits is not None:
            for unit in network.logits.children():
                unit.conv.weight /= spread
    return network


def saved(network: DeepLab, folder: Path, **run: Any) -> Path:
    """A checkpoint of the network, which calculates in float32."""
    settings = TrainSettings(
        network=network.settings, run=RunSettings(precision="fp32", threads=1, **run)
    )
    return checkpoints.save(folder, Checkpoint(7, settings, CLASSES, "", network.state_dict()))


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth areas and noise, ``uint8 H×W×3``."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (height // 9 + 1, width // 9 + 1, 3))
    large = coarse.repeat(9, axis=0).repeat(9, axis=1)[:height, :width]
    return np.clip(large + random.integers(-20, 20, large.shape), 0, 255).astype(np.uint8)
