"""A network's tensors by the original's names and in its layout, without their values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from model.importing.tensors import Array, Shape
from model.network.deeplab import DeepLab
from model.network.original_names import variables_of
from model.network_settings import NetworkSettings
from segdata.errors import UserError


@dataclass(frozen=True)
class Layout:
    """What a network holds.

    Args:
        names: the variable of every entry of the state that has one.
        shapes: the shape of every such variable, as the original lays it out.
        counters: entries of the state that the original does not have; they count batches.
        scope: the backbone's name.
        low_level: channels of the backbone's low-level maps by their stride.
    """

    names: dict[str, str]
    shapes: dict[str, Shape]
    counters: tuple[str, ...]
    scope: str
    low_level: dict[int, int]


@lru_cache(maxsize=4)
def layout_of(settings: NetworkSettings) -> Layout:
    """The layout of the network of these settings; takes no memory for weights.

    A head without a number of classes is laid out with one class.

    Raises:
        UserError: a size is beyond all numbers.
    """
    if settings.num_classes is None:
        settings = settings.model_copy(update={"num_classes": 1})
    # Tensors on the meta device have shapes only: settings that ask for terabytes cost nothing.
    try:
        with torch.device("meta"):
            network = DeepLab(settings)
    except (RuntimeError, OverflowError, TypeError) as error:
        raise UserError(
            f"no network can be as large as these settings ask for: {str(error).splitlines()[0]}",
            "look at depth_multiplier and the numbers of filters and classes",
        ) from error
    names = variables_of(network)
    state = network.state_dict()
    shapes = {names[n]: original_shape(names[n], t.shape) for n, t in state.items() if n in names}
    counters = tuple(name for name in state if name not in names)
    backbone = network.backbone
    return Layout(names, shapes, counters, backbone.scope, dict(backbone.low_level_channels))


def original_shape(variable: str, shape: torch.Size) -> Shape:
    """A tensor's shape in the original's layout: the inverse of :func:`to_torch`'s."""
    return tuple(shape[axis] for axis in _axes(variable, len(shape)))


def to_original(variable: str, tensor: Tensor) -> Array:
    """A tensor in the original's layout."""
    array: Array = tensor.detach().cpu().float().numpy()
    return np.ascontiguousarray(array.transpose(_axes(variable, array.ndim)))


def _axes(variable: str, count: int) -> tuple[int, ...]:
    if count != 4:
        return tuple(range(count))
    return (2, 3, 0, 1) if variable.endswith("depthwise_weights") else (2, 3, 1, 0)
