"""Aligned Xception-41, -65 and -71 as DeepLab uses them (Chen et al. 2018, figure 4).

Original: research/deeplab/core/xception.py. Attributes are the original's scopes below
``xception_65``: ``entry_flow.conv1_1``,
``middle_flow.block1.unit_16.xception_module.separable_conv2_pointwise`` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from model.network.backbone import Backbone, Features, Strides
from model.network.layers import CLIP, Activation, ConvUnit, Norm, Window, depthwise
from model.network_settings import NetworkSettings

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


@dataclass(frozen=True)
class Geometry:
    """What the output stride makes of a block, and what the settings say of all."""

    stride: int
    rate: int
    bounded: bool = False
    multi_grid: tuple[int, ...] = (1, 1, 1)


_ENTRY = (
    Block("entry_flow", (128, 128, 128), "conv", stride=2),
    Block("entry_flow", (256, 256, 256), "conv", stride=2),
    Block("entry_flow", (728, 728, 728), "conv", stride=2),
)
_ENTRY_71 = (
    Block("entry_flow", (128, 128, 128), "conv", stride=2),
    Block("entry_flow", (256, 256, 256), "conv"),
    Block("entry_flow", (256, 256, 256), "conv", stride=2),
    Block("entry_flow", (728, 728, 728), "conv"),
    Block("entry_flow", (728, 728, 728), "conv", stride=2),
)
_MIDDLE = Block("middle_flow", (728, 728, 728), "sum")
_EXIT = (
    Block("exit_flow", (728, 1024, 1024), "conv", stride=2),
    Block("exit_flow", (1536, 1536, 2048), "none", inner_activation=True),
)
_BLOCKS = {
    "xception_41": (*_ENTRY, replace(_MIDDLE, units=8), *_EXIT),
    "xception_65": (*_ENTRY, replace(_MIDDLE, units=16), *_EXIT),
    "xception_71": (*_ENTRY_71, replace(_MIDDLE, units=16), *_EXIT),
}
# Blocks whose second pointwise convolution, before the ReLU that follows it, is the low-level map
# of a stride (feature_extractor.py, DECODER_END_POINTS).
_LOW_LEVEL = {4: "entry_flow.block2", 8: "entry_flow.block3", 16: "exit_flow.block1"}
_LOW_LEVEL_71 = {4: "entry_flow.block3", 8: "entry_flow.block5", 16: "exit_flow.block1"}


class XceptionModule(nn.Module):
    """Three separable convolutions beside a skip; the stride sits on the third.

    Each depthwise and pointwise convolution has its batch norm. ReLU comes before each separable
    convolution, or (``inner_activation``) after each depthwise and pointwise one. Bounded modules
    clip to ±6 what is not rectified, and pad strided convolutions as TensorFlow's SAME.
    """

    def __init__(self, inputs: int, block: Block, geometry: Geometry, norm: Norm) -> None:
        super().__init__()
        self.block, self.bounded = block, geometry.bounded
        activation: Activation = "clip" if geometry.bounded else "none"
        if block.inner_activation:
            activation = "relu6" if geometry.bounded else "relu"
        channels = inputs
        for index, outputs in enumerate(block.channels, start=1):
            window = Window(
                kernel=3,
                stride=geometry.stride if index == len(block.channels) else 1,
                rate=geometry.rate * geometry.multi_grid[index - 1],
                fixed_padding=not geometry.bounded,
                depthwise=True,
            )
            name = f"separable_conv{index}"
            self.add_module(f"{name}_depthwise", depthwise(channels, window, norm, activation))
            pointwise = ConvUnit(channels, outputs, Window(), norm, activation)
            self.add_module(f"{name}_pointwise", pointwise)
            channels = outputs
        if block.skip == "conv":
            self.shortcut = ConvUnit(inputs, channels, Window(stride=geometry.stride), norm, "none")

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The module's output and the map behind its second separable convolution."""
        rectified = functional.relu6 if self.bounded else functional.relu
        residual = second = features
        for index in range(1, len(self.block.channels) + 1):
            if not self.block.inner_activation:
                # Not in place: the raw features are also the skip's input and the decoder's.
                residual = rectified(residual)
            residual = self.get_submodule(f"separable_conv{index}_depthwise")(residual)
            residual = self.get_submodule(f"separable_conv{index}_pointwise")(residual)
            second = residual if index == 2 else second
        if self.block.skip == "none":
            return residual, second
        skipped = self.shortcut(features) if self.block.skip == "conv" else features
        if self.bounded:
            return functional.relu6(
                residual.clamp(-CLIP, CLIP) + skipped.clamp(-CLIP, CLIP)
            ), second
        return residual + skipped, second


class Unit(nn.Module):
    """The level of naming between a block and its module."""

    def __init__(self, module: XceptionModule) -> None:
        super().__init__()
        self.xception_module = module

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """As :class:`XceptionModule`."""
        output: tuple[Tensor, Tensor] = self.xception_module(features)
        return output


class Xception(Backbone):
    """Backbone with 2048 channels at the output stride."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.scope = settings.variant
        self._blocks = _numbered(_BLOCKS[settings.variant])
        taps = _LOW_LEVEL_71 if settings.variant == "xception_71" else _LOW_LEVEL
        self._taps = {taps[stride]: stride for stride in settings.decoder_output_stride}
        norm = Norm.of(settings, _EPSILON, _DECAY)
        self.entry_flow, self.middle_flow, self.exit_flow = nn.Module(), nn.Module(), nn.Module()
        self._add_stem(norm, "relu6" if settings.bounded_activation else "relu")
        self.channels = 64
        strides = Strides(settings.output_stride)
        strides.take(2)  # the stem's
        for path, block in self._blocks:
            self._add_block(path, block, _geometry(block, strides, settings), norm)
        named = dict(self._blocks)
        self.low_level_channels = {
            stride: named[path].channels[1] for path, stride in self._taps.items()
        }

    def _add_stem(self, norm: Norm, activation: Activation) -> None:
        strided = Window(kernel=3, stride=2, fixed_padding=True)
        self.entry_flow.add_module("conv1_1", ConvUnit(3, 32, strided, norm, activation))
        window = Window(kernel=3)
        self.entry_flow.add_module("conv1_2", ConvUnit(32, 64, window, norm, activation))

    def _add_block(self, path: str, block: Block, geometry: Geometry, norm: Norm) -> None:
        units = nn.Module()
        for number in range(1, block.units + 1):
            module = XceptionModule(self.channels, block, geometry, norm)
            units.add_module(f"unit_{number}", Unit(module))
            self.channels = block.channels[-1]
        flow, _, name = path.partition(".")
        self.get_submodule(flow).add_module(name, units)

    def forward(self, image: Tensor) -> Features:
        """``image: N×3×H×W`` in [-1, 1]."""
        features = self.get_submodule("entry_flow.conv1_1")(image)
        features = self.get_submodule("entry_flow.conv1_2")(features)
        low: dict[int, Tensor] = {}
        for path, _ in self._blocks:
            for unit in self.get_submodule(path).children():
                features, second = unit(features)
            if path in self._taps:
                low[self._taps[path]] = second
        return Features(features, low)


def _geometry(block: Block, strides: Strides, settings: NetworkSettings) -> Geometry:
    stride, rate = strides.take(block.stride)
    # The original's multi-grid multiplies the rates of the last block only.
    grid = settings.multi_grid if block.inner_activation and settings.multi_grid else (1, 1, 1)
    return Geometry(stride, rate, settings.bounded_activation, grid)


def _numbered(blocks: tuple[Block, ...]) -> tuple[tuple[str, Block], ...]:
    """Each block with its path: entry_flow.block1, entry_flow.block2, …"""
    counts: dict[str, int] = {}
    numbered = []
    for block in blocks:
        counts[block.flow] = counts.get(block.flow, 0) + 1
        numbered.append((f"{block.flow}.block{counts[block.flow]}", block))
    return tuple(numbered)
