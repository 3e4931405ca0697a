"""timm's safetensors as the original's variables, as far as the networks are the same.

====================================  ====================================================
timm                                  variable of the original
====================================  ====================================================
``stem.0``, ``stem.1``                ``xception_65/entry_flow/conv1_1``, ``conv1_2``
``blocks.N.stack.conv1.conv_dw``      ``…/xception_module/separable_conv1_depthwise``
``blocks.N.stack.conv1.conv_pw``      ``…/xception_module/separable_conv1_pointwise``
``blocks.N.shortcut``                 ``…/xception_module/shortcut``
``conv_stem``                         ``MobilenetV2/Conv``
``blocks.S.R.conv_pw``, ``_dw``,      ``MobilenetV2/expanded_conv_N/expand``,
``_pwl``                              ``depthwise``, ``project``
``conv1``                             ``resnet_v1_50/conv1``
``layerN.M.conv1``, ``downsample``    ``resnet_v1_50/blockN/unit_M+1/bottleneck_v1/conv1``,
                                      ``shortcut``
====================================  ====================================================

The Xceptions are the same in every respect. MobileNetV2 and ResNet see images that are scaled in
another way, and MobileNetV2 has another epsilon in its batch norms: both are worked into the
weights, which is exact but for a pixel at the border. MobileNetV2 pads strided convolutions on both
sides where the original's SAME pads even sizes on one: at sizes of k·32+1 they agree. ResNet
strides in the first unit of a block where the original does in the last one of the block before,
and pads its max-pool on both sides: its weights fit, but are a beginning only. Others cannot be
taken: MobileNetV3's last blocks are twice as wide as the original's for segmentation, ResNet's
``d`` and ``s`` stems are not beta's, and Xception's ``p`` variants have their norms elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from model.importing.layout import original_shape, to_original
from model.importing.tensors import Array, Variables
from model.importing.timm_names import Family, family_of, original_names
from model.network_settings import IMAGENET_MEAN
from segdata.errors import UserError
from segdata.wire import Malformed

# timm.data.constants.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_LARGEST_CONFIG = 1 << 20
_STEM = re.compile(r"\w+/(?:entry_flow/conv1_1|Conv|conv1)")
# Epsilons of batch norms: timm's (torch's own), and the original's.
_EPSILONS: Mapping[Family, tuple[float, float]] = {
    "xception": (1e-3, 1e-3), "mobilenet": (1e-5, 1e-3), "resnet": (1e-5, 1e-5),
}  # fmt: skip
_NOTES: Mapping[Family, str] = {
    "xception": "timm's aligned Xception is the original's in every respect",
    "mobilenet": "timm's scaling of images and epsilons are worked into the weights; at sizes of "
    "k·32+1 the features are timm's but for the border",
    "resnet": "timm's ResNet strides in other units than the original's and scales images "
    "otherwise: its weights are first weights to train from, not a network to predict with",
}


@dataclass(frozen=True)
class Converted:
    """The variables of a file, and what is to be said of them."""

    variables: Variables
    notes: tuple[str, ...]


def open_file(path: Path) -> Converted:
    """The backbone in a safetensors file of timm, or of what names its weights as timm does.

    Raises:
        UserError: it is damaged, or of a network that the original does not have.
        OSError: it cannot be read.
    """
    try:
        with safe_open(path, "pt") as file:
            keys = list(file.keys())
            shapes = {key: torch.Size(file.get_slice(key).get_shape()) for key in keys}
    except SafetensorError as error:
        raise Malformed(str(error)) from error
    prefix, family = family_of(shapes, path)
    own = [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]
    places = {variable: prefix + key for key, variable in original_names(own, family, path).items()}
    reader = _Reader(path, places, family, _scaling(path, family))
    found = {name: original_shape(name, shapes[key]) for name, key in places.items()}
    return Converted(Variables(found, reader.read), (_NOTES[family],))


@dataclass(frozen=True)
class _Reader:
    """Reads variables, and changes those that take up a scaling of images or an epsilon.

    Args:
        keys: the file's name of each variable.
        scaling: factor and summand per color from the original's scaled image to timm's.
    """

    path: Path
    keys: Mapping[str, str]
    family: Family
    scaling: tuple[Tensor, Tensor]

    def read(self, variable: str) -> Array:
        tensor = self._tensor(variable)
        scope, _, leaf = variable.rpartition("/")
        stem = scope if _STEM.fullmatch(scope) else scope.removesuffix("/BatchNorm")
        if leaf == "gamma":
            tensor = self._with_epsilon(tensor, scope)
        elif leaf == "weights" and _STEM.fullmatch(stem):
            tensor = tensor * self.scaling[0][:, None, None]
        elif leaf == "moving_mean" and _STEM.fullmatch(stem):
            # What the summand adds to every pixel that is not at the border.
            weights = self._beside(f"{stem}/weights", (len(tensor), len(self.scaling[1])))
            tensor = tensor - (weights * self.scaling[1][:, None, None]).sum((1, 2, 3))
        return to_original(variable, tensor)

    def _with_epsilon(self, gamma: Tensor, scope: str) -> Tensor:
        theirs, ours = _EPSILONS[self.family]
        if theirs == ours:
            return gamma
        variance = self._beside(f"{scope}/moving_variance", tuple(gamma.shape))
        return gamma * ((variance + ours) / (variance + theirs)).sqrt()

    def _beside(self, variable: str, shape: tuple[int, ...]) -> Tensor:
        """Another variable, of a shape that begins so, with which one is worked out.

        Raises:
            Malformed: it is missing or of another shape.
        """
        tensor = self._tensor(variable) if variable in self.keys else None
        if tensor is None or tensor.shape[: len(shape)] != shape:
            raise Malformed(f"others are worked out with {variable}, which does not fit")
        return tensor

    def _tensor(self, variable: str) -> Tensor:
        with safe_open(self.path, "pt") as file:
            tensor: Tensor = file.get_tensor(self.keys[variable])
        if not tensor.is_floating_point():
            raise Malformed(f"{variable} is of {str(tensor.dtype)[6:]}, which no weights are")
        return tensor.float()


def _scaling(path: Path, family: Family) -> tuple[Tensor, Tensor]:
    """Factor and summand per color: timm's scaled image is the original's · factor + summand."""
    mean, deviation = _statistics(path, family)
    if family == "resnet":
        return 1 / (255 * deviation), (torch.tensor(IMAGENET_MEAN) / 255 - mean) / deviation
    return 0.5 / deviation, (0.5 - mean) / deviation


def _statistics(path: Path, family: Family) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the images that the weights know: beside the file, or the usual."""
    usual = ((0.5,) * 3, (0.5,) * 3) if family == "xception" else (_MEAN, _DEVIATION)
    config = path.with_name("config.json")
    if config.is_file() and config.stat().st_size <= _LARGEST_CONFIG:
        told = _told(config)
        usual = (told.get("mean", usual[0]), told.get("std", usual[1]))
    mean, deviation = (torch.tensor(values, dtype=torch.float32) for values in usual)
    if mean.shape != (3,) or deviation.shape != (3,) or not bool((deviation > 0).all()):
        raise UserError(f"{config} has no mean and std of three colors", "correct or remove it")
    return mean, deviation


def _told(config: Path) -> dict[str, Any]:
    try:
        told = json.loads(config.read_bytes())["pretrained_cfg"]
        return {key: [float(v) for v in told[key]] for key in ("mean", "std") if key in told}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
