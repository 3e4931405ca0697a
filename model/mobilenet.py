"""MobileNetV2 as DeepLab uses it: up to the 320-channel block, strides turned into rates.

Sandler et al. 2018; original: slim/nets/mobilenet/mobilenet_v2.py with deeplab's feature extractor.
Attributes are the original's scopes below ``MobilenetV2``: ``Conv``, ``expanded_conv``,
``expanded_conv_1`` to ``expanded_conv_16``.
"""

from __future__ import annotations

from torch import Tensor, nn

from model.config import NetworkSettings
from model.layers import ConvUnit, Features, Norm, Window, depthwise

_EPSILON, _DECAY = 1e-3, 0.997

# Table 2 of the paper: output channels and stride of each inverted residual block.
_BLOCKS = (
    (16, 1),
    *((24, 2), (24, 1)),
    *((32, 2), (32, 1), (32, 1)),
    *((64, 2), (64, 1), (64, 1), (64, 1)),
    *((96, 1), (96, 1), (96, 1)),
    *((160, 2), (160, 1), (160, 1)),
    (320, 1),
)
_EXPANSION = 6
# Depthwise output of the original's layer_4, at stride 4, is the decoder's low-level map.
_LOW_LEVEL_BLOCK = 2


def rounded_channels(channels: float, divisor: int, least: int) -> int:
    """The multiple of ``divisor`` nearest to ``channels``, at most 10 % below it."""
    rounded = max(least, int(channels + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * channels else rounded + divisor


class InvertedResidual(nn.Module):
    """Expand 1×1, depthwise 3×3, project 1×1 without activation; the input added where it fits."""

    def __init__(self, inputs: int, outputs: int, expansion: int, window: Window, norm: Norm):
        super().__init__()
        # The expanded width is rounded to 8 whatever the depth multiplier.
        inner = rounded_channels(inputs * expansion, 8, 8) if expansion > 1 else inputs
        self.expand = ConvUnit(inputs, inner, Window(), norm, "relu6") if inner > inputs else None
        self.depthwise = depthwise(inner, window, norm, "relu6")
        self.project = ConvUnit(inner, outputs, Window(), norm, "none")
        self.has_residual = window.stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The block's output and its depthwise map."""
        inner = features if self.expand is None else self.expand(features)
        inner = self.depthwise(inner)
        projected = self.project(inner)
        return (projected + features if self.has_residual else projected), inner


class MobileNetV2(nn.Module):
    """Backbone with 320·depth_multiplier channels at the output stride."""

    scope = "MobilenetV2"

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        norm = Norm.of(settings, _EPSILON, _DECAY)
        channels = _width(32, settings)
        self.Conv = ConvUnit(3, channels, Window(kernel=3, stride=2), norm, "relu6")
        running_stride, rate = 2, 1
        blocks = []
        for index, (outputs, stride) in enumerate(_BLOCKS):
            # A block that loses its stride keeps the old rate; those behind it take it up.
            kept = running_stride < settings.output_stride
            window = Window(3, stride if kept else 1, 1 if kept else rate, depthwise=True)
            running_stride, rate = (
                (running_stride * stride, rate) if kept else (running_stride, rate * stride)
            )
            outputs = _width(outputs, settings)
            expansion = _EXPANSION if index else 1
            block = InvertedResidual(channels, outputs, expansion, window, norm)
            self.add_module(f"expanded_conv_{index}" if index else "expanded_conv", block)
            blocks.append(block)
            channels = outputs
        self.channels = channels
        self.low_level_channels = blocks[_LOW_LEVEL_BLOCK].depthwise.conv.out_channels

    def forward(self, image: Tensor) -> Features:
        """``image: N×3×H×W`` in [-1, 1]."""
        features = self.Conv(image)
        low = features
        for index in range(len(_BLOCKS)):
            name = f"expanded_conv_{index}" if index else "expanded_conv"
            features, inner = self.get_submodule(name)(features)
            if index == _LOW_LEVEL_BLOCK:
                low = inner
        return Features(features, low)


def _width(channels: int, settings: NetworkSettings) -> int:
    """Scaled channels: divisible by 8 at multiplier 1, any number from 1 up otherwise."""
    multiplier = settings.depth_multiplier
    divisor = 8 if multiplier == 1.0 else 1
    return rounded_channels(channels * multiplier, divisor, divisor)
