"""MobileNetV2 and V3 as DeepLab uses them: without their classifiers, strides turned into rates.

Sandler et al. 2018, Howard et al. 2019; originals: slim/nets/mobilenet/mobilenet_v2.py and
mobilenet_v3.py with deeplab's feature_extractor.py, which halves the last widths of V3. Attributes
are the original's scopes below ``MobilenetV2`` or ``MobilenetV3``: ``Conv``, ``expanded_conv``,
``expanded_conv_1``, …, and V3's ``Conv_1``.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from model.network.backbone import Backbone, Features, Strides
from model.network.layers import Activation, ConvUnit, Norm, Window, depthwise
from model.network_settings import NetworkSettings

# mobilenet_v2.training_scope and slim.batch_norm's own epsilon.
_EPSILON, _DECAY = 1e-3, 0.997
# mobilenet_v3.py: squeeze_factor of every squeeze-and-excitation.
_SQUEEZE = 4


@dataclass(frozen=True)
class Row:
    """An inverted residual block: a row of table 2 (V2), 1 (V3 large) or 2 (V3 small)."""

    channels: int
    stride: int = 1
    expansion: float = 6
    kernel: int = 3
    activation: Activation = "relu6"
    gated: bool = False


@dataclass(frozen=True)
class Table:
    """A MobileNet: its stem, its blocks, the 1×1 convolution at the end, and the decoder's taps.

    ``low_level`` numbers the block whose depthwise map the decoder takes for each stride.
    """

    scope: str
    stem: int
    stem_activation: Activation
    rows: tuple[Row, ...]
    low_level: dict[int, int]
    last: int | None = None


_V2 = Table(
    "MobilenetV2",
    32,
    "relu6",
    (
        Row(16, expansion=1),
        *(Row(24, 2), Row(24)),
        *(Row(32, 2), Row(32), Row(32)),
        *(Row(64, 2), Row(64), Row(64), Row(64)),
        *(Row(96), Row(96), Row(96)),
        *(Row(160, 2), Row(160), Row(160)),
        Row(320),
    ),
    {4: 2, 8: 5, 16: 12},
)
_V3_LARGE = Table(
    "MobilenetV3",
    16,
    "hard_swish",
    (
        Row(16, 1, 1, 3, "relu"),
        Row(24, 2, 4, 3, "relu"),
        Row(24, 1, 3, 3, "relu"),
        Row(40, 2, 3, 5, "relu", gated=True),
        Row(40, 1, 3, 5, "relu", gated=True),
        Row(40, 1, 3, 5, "relu", gated=True),
        Row(80, 2, 6, 3, "hard_swish"),
        Row(80, 1, 2.5, 3, "hard_swish"),
        Row(80, 1, 184 / 80, 3, "hard_swish"),
        Row(80, 1, 184 / 80, 3, "hard_swish"),
        Row(112, 1, 6, 3, "hard_swish", gated=True),
        Row(112, 1, 6, 3, "hard_swish", gated=True),
        Row(80, 2, 3, 5, "hard_swish", gated=True),
        Row(80, 1, 6, 5, "hard_swish", gated=True),
        Row(80, 1, 6, 5, "hard_swish", gated=True),
    ),
    {4: 2, 8: 5, 16: 11},
    last=480,
)
_V3_SMALL = Table(
    "MobilenetV3",
    16,
    "hard_swish",
    (
        Row(16, 2, 1, 3, "relu", gated=True),
        Row(24, 2, 72 / 16, 3, "relu"),
        Row(24, 1, 88 / 24, 3, "relu"),
        Row(40, 2, 4, 5, "hard_swish", gated=True),
        Row(40, 1, 6, 5, "hard_swish", gated=True),
        Row(40, 1, 6, 5, "hard_swish", gated=True),
        Row(48, 1, 3, 5, "hard_swish", gated=True),
        Row(48, 1, 3, 5, "hard_swish", gated=True),
        Row(48, 2, 3, 5, "hard_swish", gated=True),
        Row(48, 1, 6, 5, "hard_swish", gated=True),
        Row(48, 1, 6, 5, "hard_swish", gated=True),
    ),
    {4: 0, 8: 2, 16: 7},
    last=288,
)
TABLES = {
    "mobilenet_v2": _V2,
    "mobilenet_v3_large_seg": _V3_LARGE,
    "mobilenet_v3_small_seg": _V3_SMALL,
}


def rounded_channels(channels: float, divisor: int, least: int) -> int:
    """The multiple of ``divisor`` nearest to ``channels``, at most 10 % below it."""
    rounded = max(least, int(channels + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * channels else rounded + divisor


class SqueezeExcite(nn.Module):
    """Gates each channel by what the whole map shows (Howard et al. 2019, section 5.3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = rounded_channels(channels / _SQUEEZE, 8, 8)
        self.Conv = ConvUnit(channels, squeezed, Window(), None, "relu")
        self.Conv_1 = ConvUnit(squeezed, channels, Window(), None, "quantized_sigmoid")

    def forward(self, features: Tensor) -> Tensor:
        """``features: N×C×h×w`` -> the same shape."""
        gate: Tensor = self.Conv_1(self.Conv(features.mean((-2, -1), keepdim=True)))
        return features * gate


class InvertedResidual(nn.Module):
    """Expand 1×1, depthwise, gate, project 1×1 without activation; the input added if it fits."""

    def __init__(self, inputs: int, outputs: int, row: Row, window: Window, norm: Norm) -> None:
        super().__init__()
        # The expanded width is rounded to 8 whatever the depth multiplier.
        inner = rounded_channels(inputs * row.expansion, 8, 8) if row.expansion > 1 else inputs
        act = row.activation
        self.expand = ConvUnit(inputs, inner, Window(), norm, act) if inner > inputs else None
        self.depthwise = depthwise(inner, window, norm, act)
        self.squeeze_excite = SqueezeExcite(inner) if row.gated else None
        self.project = ConvUnit(inner, outputs, Window(), norm, "none")
        self.has_residual = window.stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The block's output and its depthwise map, before the gate."""
        inner = features if self.expand is None else self.expand(features)
        spatial = self.depthwise(inner)
        gated = spatial if self.squeeze_excite is None else self.squeeze_excite(spatial)
        projected = self.project(gated)
        return (projected + features if self.has_residual else projected), spatial


class MobileNet(Backbone):
    """Backbone with 320·depth_multiplier channels at the output stride (V3: 480 or 288)."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        table = TABLES[settings.variant]
        self.scope = table.scope
        self._taps = {table.low_level[s]: s for s in settings.decoder_output_stride}
        norm = Norm.of(settings, _EPSILON, _DECAY)
        strides = Strides(settings.output_stride)
        stem = Window(kernel=3, stride=strides.take(2)[0])
        channels = _width(table.stem, settings)
        self.Conv = ConvUnit(3, channels, stem, norm, table.stem_activation)
        blocks = []
        for index, row in enumerate(table.rows):
            window = Window(row.kernel, *strides.take(row.stride), depthwise=True)
            outputs = _width(row.channels, settings)
            blocks.append(InvertedResidual(channels, outputs, row, window, norm))
            self.add_module(_name(index), blocks[-1])
            channels = outputs
        self._blocks = len(blocks)
        self.Conv_1: ConvUnit | None = None
        if table.last is not None:
            outputs = _width(table.last, settings)
            self.Conv_1 = ConvUnit(channels, outputs, Window(), norm, "hard_swish")
            channels = outputs
        self.channels = channels
        self.low_level_channels = {
            stride: blocks[index].depthwise.conv.out_channels
            for index, stride in self._taps.items()
        }

    def forward(self, image: Tensor) -> Features:
        """``image: N×3×H×W`` in [-1, 1]."""
        features = self.Conv(image)
        low: dict[int, Tensor] = {}
        for index in range(self._blocks):
            features, spatial = self.get_submodule(_name(index))(features)
            if index in self._taps:
                low[self._taps[index]] = spatial
        return Features(features if self.Conv_1 is None else self.Conv_1(features), low)


def _name(index: int) -> str:
    return f"expanded_conv_{index}" if index else "expanded_conv"


def _width(channels: int, settings: NetworkSettings) -> int:
    """Scaled channels (feature_extractor.py, _mobilenet_v2; V3 always divides by 8)."""
    multiplier = settings.depth_multiplier
    if settings.variant != "mobilenet_v2":
        return rounded_channels(channels * multiplier, 8, 8)
    divisor = settings.divisible_by or (8 if multiplier == 1.0 else 1)
    return rounded_channels(channels * multiplier, divisor, 8 if multiplier == 1.0 else 1)
