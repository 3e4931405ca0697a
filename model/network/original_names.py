"""What the original calls the network's tensors, and how it lays them out.

=====================================  =========================================================
state of :class:`model.network.deeplab.DeepLab`  variable of the original
=====================================  =========================================================
``backbone.…``                         ``MobilenetV2/…``, ``xception_65/…``, ``resnet_v1_50/…``, …
``aspp.…``                             ``…`` (``image_pooling``, ``aspp0``, …), or
                                       ``meta_architecture/…`` of a dense prediction cell
``decoder.…``, ``logits.…``            ``decoder/…``, ``logits/…``
``….conv.weight``, ``….conv.bias``     ``…/weights`` or ``…/depthwise_weights``, ``…/biases``
``….batch_norm.weight``, ``.bias``     ``…/BatchNorm/gamma``, ``beta``
``….batch_norm.running_mean``, var     ``…/BatchNorm/moving_mean``, ``moving_variance``
=====================================  =========================================================
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model.network.deeplab import DeepLab
from model.network.layers import ConvUnit

_LEAVES = {
    "conv.weight": "weights",
    "conv.bias": "biases",
    "batch_norm.weight": "BatchNorm/gamma",
    "batch_norm.bias": "BatchNorm/beta",
    "batch_norm.running_mean": "BatchNorm/moving_mean",
    "batch_norm.running_var": "BatchNorm/moving_variance",
}


def variables_of(network: DeepLab) -> dict[str, str]:
    """The original's variable for every entry of ``network.state_dict()`` that has one."""
    scopes = {
        "backbone": f"{network.backbone.scope}/",
        "aspp": "" if network.aspp is None else network.aspp.scope,
        "decoder": "decoder/",
        "logits": "logits/",
    }
    names = {}
    for unit_name, unit in network.named_modules():
        if isinstance(unit, ConvUnit):
            part, _, path = unit_name.partition(".")
            for leaf in _leaves(unit):
                variable = f"{scopes[part]}{path.replace('.', '/')}/{_variable(leaf, unit)}"
                names[f"{unit_name}.{leaf}"] = variable
    return names


def to_torch(variable: str, array: npt.NDArray[np.generic]) -> Tensor:
    """A variable's value in torch's layout.

    ``weights: h×w×inputs×outputs`` -> ``outputs×inputs×h×w``, ``depthwise_weights: h×w×C×1`` ->
    ``C×1×h×w``; all others have one axis and stay as they are.
    """
    if array.ndim == 4:
        axes = (2, 3, 0, 1) if variable.endswith("depthwise_weights") else (3, 2, 0, 1)
        array = array.transpose(axes)
    return torch.from_numpy(np.array(array, order="C"))


def _leaves(unit: ConvUnit) -> list[str]:
    return [name for name in unit.state_dict() if name in _LEAVES]


def _variable(leaf: str, unit: ConvUnit) -> str:
    name = _LEAVES[leaf]
    return "depthwise_weights" if name == "weights" and unit.window.depthwise else name
