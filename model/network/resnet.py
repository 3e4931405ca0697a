"""ResNet-18, -50 and -101 as DeepLab uses them, with the plain or the "beta" stem.

He et al. 2016; original: research/deeplab/core/resnet_v1_beta.py. The stride of a block sits in its
last unit; beta replaces the 7×7 stem by three 3×3 convolutions. Attributes are the original's
scopes below ``resnet_v1_101``: ``conv1_1``, ``block1.unit_2.bottleneck_v1.conv3`` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from model.network import symbolic
from model.network.backbone import Backbone, Features, Strides
from model.network.layers import ConvUnit, Norm, Window
from model.network_settings import NetworkSettings

# feature_extractor.py, extract_features.
_EPSILON, _DECAY = 1e-5, 0.95
_BASE_WIDTHS = (64, 128, 256, 512)
# A bottleneck's output has four times its inner channels.
_EXPANSION = 4


@dataclass(frozen=True)
class Depth:
    """A depth: units per block, the kind of unit, the beta stem and the decoder's taps.

    ``low_level`` names the unit whose last convolution, before the addition, is the low-level map
    of a stride.
    """

    units: tuple[int, int, int, int]
    bottleneck: bool
    beta_stem: tuple[int, int, int]
    low_level: dict[int, str]


_DEPTHS = {
    "resnet_v1_18": Depth(
        (2, 2, 2, 2), False, (16, 16, 32),
        {4: "block1.unit_1", 8: "block2.unit_1", 16: "block3.unit_1"},
    ),
    "resnet_v1_50": Depth(
        (3, 4, 6, 3), True, (64, 64, 128),
        {4: "block1.unit_2", 8: "block2.unit_3", 16: "block3.unit_5"},
    ),
    "resnet_v1_101": Depth(
        (3, 4, 23, 3), True, (64, 64, 128),
        {4: "block1.unit_2", 8: "block2.unit_3", 16: "block3.unit_22"},
    ),
}  # fmt: skip


class _Residual(nn.Module):
    """What both kinds of unit share: the shortcut, the sum and its ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.stride = stride
        self.shortcut = (
            None
            if inputs == outputs
            else ConvUnit(inputs, outputs, Window(stride=stride), norm, "none")
        )

    def _sum(self, features: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
        if self.shortcut is not None:
            skipped = self.shortcut(features)
        else:
            # A max-pool of one pixel: every stride-th pixel.
            skipped = features[..., :: self.stride, :: self.stride]
        return functional.relu(skipped + residual), residual


class Bottleneck(_Residual):
    """1×1, 3×3 with stride and rate, 1×1; the output is rectified after the addition."""

    def __init__(self, inputs: int, width: int, window: Window, norm: Norm) -> None:
        super().__init__(inputs, width * _EXPANSION, window.stride, norm)
        self.conv1 = ConvUnit(inputs, width, Window(), norm)
        self.conv2 = ConvUnit(width, width, window, norm)
        self.conv3 = ConvUnit(width, width * _EXPANSION, Window(), norm, "none")

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The unit's output and its last convolution, before the addition."""
        return self._sum(features, self.conv3(self.conv2(self.conv1(features))))


class LiteBottleneck(_Residual):
    """Two 3×3 convolutions at one rate, the second with the stride."""

    def __init__(self, inputs: int, width: int, window: Window, norm: Norm) -> None:
        super().__init__(inputs, width, window.stride, norm)
        self.conv1 = ConvUnit(inputs, width, Window(kernel=3, rate=window.rate), norm)
        self.conv2 = ConvUnit(width, width, window, norm, "none")

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The unit's output and its last convolution, before the addition."""
        return self._sum(features, self.conv2(self.conv1(features)))


class ResNet(Backbone):
    """Backbone with 2048 channels at the output stride (ResNet-18: 512)."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.scope = settings.variant.removesuffix("_beta")
        depth = _DEPTHS[self.scope]
        self._taps = {depth.low_level[s]: s for s in settings.decoder_output_stride}
        norm = Norm.of(settings, _EPSILON, _DECAY)
        strides = Strides(settings.output_stride)
        strides.take(2)  # the stem's
        strides.take(2)  # the max-pool's
        self.channels = self._add_stem(norm, depth, settings.variant != self.scope)
        self.low_level_channels = {}
        self._units: list[str] = []
        for number, (units, width) in enumerate(zip(depth.units, _BASE_WIDTHS, strict=True), 1):
            self.add_module(f"block{number}", nn.Module())
            grid = settings.multi_grid if number == len(depth.units) else ()
            for index in range(units):
                last = index == units - 1 and number < len(depth.units)
                stride, rate = strides.take(2 if last else 1)
                rate *= grid[index] if grid else 1
                window = Window(3, stride, rate, fixed_padding=True)
                self._add_unit(f"block{number}.unit_{index + 1}", depth, width, window, norm)

    def _add_stem(self, norm: Norm, depth: Depth, is_beta: bool) -> int:
        """The convolutions before the max-pool; returns their channels."""
        self._stem = ("conv1_1", "conv1_2", "conv1_3") if is_beta else ("conv1",)
        kernel, widths = (3, depth.beta_stem) if is_beta else (7, (64,))
        channels = 3
        for index, (name, width) in enumerate(zip(self._stem, widths, strict=True)):
            window = Window(kernel, 1 if index else 2, fixed_padding=True)
            self.add_module(name, ConvUnit(channels, width, window, norm))
            channels = width
        return channels

    def _add_unit(self, path: str, depth: Depth, width: int, window: Window, norm: Norm) -> None:
        kind = Bottleneck if depth.bottleneck else LiteBottleneck
        holder, (block, _, name) = nn.Module(), path.partition(".")
        unit = kind(self.channels, width, window, norm)
        inner = "bottleneck_v1" if depth.bottleneck else "lite_bottleneck_v1"
        holder.add_module(inner, unit)
        self.get_submodule(block).add_module(name, holder)
        self._units.append(f"{path}.{inner}")
        self.channels = width * _EXPANSION if depth.bottleneck else width
        if path in self._taps:
            self.low_level_channels[self._taps[path]] = self.channels

    def forward(self, image: Tensor) -> Features:
        """``image: N×3×H×W``, normalized."""
        features = image
        for name in self._stem:
            features = self.get_submodule(name)(features)
        features = _max_pool(features)
        low: dict[int, Tensor] = {}
        for path in self._units:
            features, residual = self.get_submodule(path)(features)
            tap = path.rpartition(".")[0]
            if tap in self._taps:
                low[self._taps[tap]] = residual
        return Features(features, low)


_POOL = Window(kernel=3, stride=2)


def _max_pool(features: Tensor) -> Tensor:
    """3×3 with stride 2 under TensorFlow's SAME rule; padding never wins (it is -inf there)."""
    if symbolic.has_symbols(features):
        return symbolic.strided_max_pool2d(features, _POOL.kernel)
    top, bottom = _POOL.padding(features.shape[-2])
    left, right = _POOL.padding(features.shape[-1])
    # Behind a ReLU no value is below 0: zeros pad as well as -inf does, and faster.
    padded = functional.pad(features, (left, right, top, bottom))
    return functional.max_pool2d(padded, _POOL.kernel, _POOL.stride)
