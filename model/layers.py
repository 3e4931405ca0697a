"""The convolution unit that every part of DeepLab is built of, and the resize between parts.

A unit's parameters carry the names of the original's scopes: below the module that is named as the
scope, ``conv.weight`` is ``weights`` or ``depthwise_weights``, ``conv.bias`` is ``biases`` and
``batch_norm.{weight,bias,running_mean,running_var}`` is
``BatchNorm/{gamma,beta,moving_mean,moving_variance}``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.config import NetworkSettings
from model.depthwise import depthwise_conv2d

Activation = Literal["none", "relu", "relu6"]

# Measured default for runs of a few hundred steps; see NetworkSettings.batch_norm_momentum.
_MOMENTUM_FROM_SCRATCH = 0.1


@dataclass(frozen=True)
class Norm:
    """Batch-norm constants of one scope, in PyTorch's sense of momentum (1 - decay)."""

    epsilon: float
    momentum: float

    @classmethod
    def of(cls, settings: NetworkSettings, epsilon: float, decay: float) -> Norm:
        """The scope's epsilon, and its decay as the settings want it."""
        if settings.batch_norm_momentum is not None:
            return cls(epsilon, settings.batch_norm_momentum)
        return cls(epsilon, 1 - decay if settings.faithful else _MOMENTUM_FROM_SCRATCH)


@dataclass(frozen=True)
class Window:
    """Geometry of a convolution.

    ``fixed_padding`` pads (k_eff-1)/2 on each side whatever the size, as the original's Xception
    and ResNet do where they stride; otherwise TensorFlow's SAME rule decides, which pads an even
    size only at the bottom and right. At sizes k·16+1 and at stride 1 both agree.
    """

    kernel: int = 1
    stride: int = 1
    rate: int = 1
    fixed_padding: bool = False
    depthwise: bool = False

    def padding(self, size: int) -> tuple[int, int]:
        """Pixels to add before and after an axis of ``size``."""
        extent = (self.kernel - 1) * self.rate + 1
        total = extent - 1
        if not self.fixed_padding:
            total = max((-(-size // self.stride) - 1) * self.stride + extent - size, 0)
        return total // 2, total - total // 2


class BatchNorm(nn.BatchNorm2d):
    """Batch norm that also trains where a channel has a single value (batch 1, image pooling).

    One value has no variance: it is normalized with the running statistics, which stay as they are.
    """

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__(channels, eps=norm.epsilon, momentum=norm.momentum)

    def forward(self, features: Tensor) -> Tensor:
        """``features: N×C×h×w`` -> the same shape."""
        if self.training and features.numel() == features.shape[1]:
            return functional.batch_norm(
                features, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(features)


class ConvUnit(nn.Module):
    """Convolution without bias, batch norm, activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        window: Window,
        norm: Norm,
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        self.window = window
        self.activation = activation
        self.conv = nn.Conv2d(
            inputs,
            outputs,
            window.kernel,
            stride=window.stride,
            dilation=window.rate,
            groups=inputs if window.depthwise else 1,
            bias=False,
        )
        self.batch_norm = BatchNorm(outputs, norm)

    def forward(self, features: Tensor) -> Tensor:
        """``features: N×C×h×w`` -> ``N×C'×ceil(h/stride)×ceil(w/stride)``."""
        features = self.batch_norm(self._convolved(features))
        if self.activation == "relu":
            return functional.relu(features, inplace=True)
        if self.activation == "relu6":
            return functional.relu6(features, inplace=True)
        return features

    def _convolved(self, features: Tensor) -> Tensor:
        top, bottom = self.window.padding(features.shape[-2])
        left, right = self.window.padding(features.shape[-1])
        if (top, left) == (bottom, right):
            padding = (top, left)
        else:
            features = functional.pad(features, (left, right, top, bottom))
            padding = (0, 0)
        window, weight = self.window, self.conv.weight
        if window.depthwise:
            return depthwise_conv2d(features, weight, window.stride, window.rate, padding)
        return functional.conv2d(features, weight, None, window.stride, padding, window.rate)


def depthwise(
    channels: int, window: Window, norm: Norm, activation: Activation = "relu"
) -> ConvUnit:
    """A unit that convolves each channel by itself."""
    if not window.depthwise:
        raise ValueError("the window of a depthwise unit must say so")
    return ConvUnit(channels, channels, window, norm, activation)


def resize(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear resize with aligned corners, as every resize inside the original."""
    if tuple(features.shape[-2:]) == size:
        return features
    return functional.interpolate(features, size=size, mode="bilinear", align_corners=True)


def scaled_size(size: torch.Size, stride: int) -> tuple[int, int]:
    """Height and width of features at ``stride``: the original's int((n-1)/stride + 1)."""
    return (size[-2] - 1) // stride + 1, (size[-1] - 1) // stride + 1


@dataclass(frozen=True)
class Features:
    """What a backbone hands to the head: its last map and the decoder's low-level map."""

    high: Tensor
    low: Tensor
