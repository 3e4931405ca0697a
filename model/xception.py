"""Aligned Xception-65 as DeepLab uses it (Chen et al. 2018, figure 4).

Original: research/deeplab/core/xception.py. Attributes are the original's scopes below
``xception_65``: ``entry_flow.conv1_1``,
``middle_flow.block1.unit_16.xception_module.separable_conv2_pointwise`` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from model.config import NetworkSettings
from model.layers import ConvUnit, Features, Norm, Window, depthwise

_EPSILON, _DECAY = 1e-3, 0.9997


@dataclass(frozen=True)
class Block:
    """Units of one flow: channels of the three separable convolutions, the skip and the stride."""

    flow: str
    channels: tuple[int, int, int]
    skip: Literal["conv", "sum", "none"]
    stride: int = 1
    units: int = 1
    inner_activation: bool = False


_BLOCKS_65 = (
    Block("entry_flow", (128, 128, 128), "conv", stride=2),
    Block("entry_flow", (256, 256, 256), "conv", stride=2),
    Block("entry_flow", (728, 728, 728), "conv", stride=2),
    Block("middle_flow", (728, 728, 728), "sum", units=16),
    Block("exit_flow", (728, 1024, 1024), "conv", stride=2),
    Block("exit_flow", (1536, 1536, 2048), "none", inner_activation=True),
)
# Second pointwise convolution of entry_flow/block2, before the ReLU that follows it.
_LOW_LEVEL = ("entry_flow", "block2")


class XceptionModule(nn.Module):
    """Three separable convolutions beside a skip; the stride sits on the third.

    Each depthwise and pointwise convolution has its batch norm. ReLU comes before each separable
    convolution, or (``inner_activation``) after each depthwise and pointwise one.
    """

    def __init__(self, inputs: int, block: Block, stride: int, rate: int, norm: Norm) -> None:
        super().__init__()
        self.block = block
        activation: Literal["relu", "none"] = "relu" if block.inner_activation else "none"
        channels = inputs
        for index, outputs in enumerate(block.channels, start=1):
            window = Window(
                kernel=3,
                stride=stride if index == len(block.channels) else 1,
                rate=rate,
                fixed_padding=True,
                depthwise=True,
            )
            name = f"separable_conv{index}"
            self.add_module(f"{name}_depthwise", depthwise(channels, window, norm, activation))
            pointwise = ConvUnit(channels, outputs, Window(), norm, activation)
            self.add_module(f"{name}_pointwise", pointwise)
            channels = outputs
        if block.skip == "conv":
            self.shortcut = ConvUnit(inputs, channels, Window(stride=stride), norm, "none")

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The module's output and the map behind its second separable convolution."""
        residual = second = features
        for index in range(1, len(self.block.channels) + 1):
            if not self.block.inner_activation:
                # Not in place: the raw features are also the skip's input and the decoder's.
                residual = functional.relu(residual)
            residual = self.get_submodule(f"separable_conv{index}_depthwise")(residual)
            residual = self.get_submodule(f"separable_conv{index}_pointwise")(residual)
            second = residual if index == 2 else second
        if self.block.skip == "conv":
            residual = residual + self.shortcut(features)
        elif self.block.skip == "sum":
            residual = residual + features
        return residual, second


class Unit(nn.Module):
    """The level of naming between a block and its module."""

    def __init__(self, module: XceptionModule) -> None:
        super().__init__()
        self.xception_module = module

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """As :class:`XceptionModule`."""
        output: tuple[Tensor, Tensor] = self.xception_module(features)
        return output


class Xception65(nn.Module):
    """Backbone with 2048 channels at the output stride."""

    scope = "xception_65"

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        norm = Norm.of(settings, _EPSILON, _DECAY)
        self.entry_flow, self.middle_flow, self.exit_flow = nn.Module(), nn.Module(), nn.Module()
        strided = Window(kernel=3, stride=2, fixed_padding=True)
        self.entry_flow.add_module("conv1_1", ConvUnit(3, 32, strided, norm))
        self.entry_flow.add_module("conv1_2", ConvUnit(32, 64, Window(kernel=3), norm))
        self.channels = 64
        self.low_level_channels = 0
        running_stride, rate = 2, 1
        for block, flow, name in _numbered(_BLOCKS_65):
            # A block that loses its stride keeps the old rate; those behind it take it up.
            kept = running_stride < settings.output_stride
            units = nn.Module()
            for number in range(1, block.units + 1):
                module = XceptionModule(
                    self.channels, block, block.stride if kept else 1, 1 if kept else rate, norm
                )
                units.add_module(f"unit_{number}", Unit(module))
                self.channels = block.channels[-1]
            self.get_submodule(flow).add_module(name, units)
            if kept:
                running_stride *= block.stride
            else:
                rate *= block.stride
            if (flow, name) == _LOW_LEVEL:
                self.low_level_channels = block.channels[1]

    def forward(self, image: Tensor) -> Features:
        """``image: N×3×H×W`` in [-1, 1]."""
        features = self.get_submodule("entry_flow.conv1_1")(image)
        features = self.get_submodule("entry_flow.conv1_2")(features)
        low = features
        for _, flow, name in _numbered(_BLOCKS_65):
            for unit in self.get_submodule(f"{flow}.{name}").children():
                features, second = unit(features)
            if (flow, name) == _LOW_LEVEL:
                low = second
        return Features(features, low)


def _numbered(blocks: tuple[Block, ...]) -> list[tuple[Block, str, str]]:
    """Each block with its flow and its name in that flow: block1, block2, …"""
    counts: dict[str, int] = {}
    numbered = []
    for block in blocks:
        counts[block.flow] = counts.get(block.flow, 0) + 1
        numbered.append((block, block.flow, f"block{counts[block.flow]}"))
    return numbered
