"""What all backbones have in common, and how they keep to an output stride."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Features:
    """What a backbone hands to the head: its last map, and its low-level map at each stride."""

    high: Tensor
    low: Mapping[int, Tensor]


class Backbone(nn.Module):
    """What all backbones have in common.

    ``scope`` is the original's, ``channels`` those of the last map, ``low_level_channels`` those of
    the low-level map of each stride that the decoder asks for.
    """

    scope: str
    channels: int
    low_level_channels: dict[int, int]


class Strides:
    """Strides up to the output stride, rates from there on.

    A unit that loses its stride keeps the rate of those before it; the ones behind it take it up
    (the original's stack_blocks_dense and mobilenet_base).
    """

    def __init__(self, output_stride: int) -> None:
        self._target, self._running, self._rate = output_stride, 1, 1

    def take(self, stride: int) -> tuple[int, int]:
        """Stride and rate of the next unit, which the classification network gives ``stride``."""
        if self._running < self._target:
            self._running *= stride
            return stride, 1
        rate = self._rate
        self._rate *= stride
        return 1, rate
