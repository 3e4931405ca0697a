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
from torch.nn.utils.fusion import fuse_conv_bn_weights

from model.network import symbolic
from model.network.depthwise import depthwise_conv2d
from model.network_settings import NetworkSettings

Activation = Literal["none", "relu", "relu6", "clip", "hard_swish", "sigmoid", "quantized_sigmoid"]

_ROUNDED_SIXTH = 6 * torch.tensor(1 / 6, dtype=torch.float32).item()
# The bounds of xception.py's clip_by_value under use_bounded_activation.
CLIP = 6.0
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
    rate: int | tuple[int, int] = 1
    fixed_padding: bool = False
    depthwise: bool = False

    @property
    def rates(self) -> tuple[int, int]:
        """Rates down and across."""
        return (self.rate, self.rate) if isinstance(self.rate, int) else self.rate

    def padding(self, size: int, axis: int = 0) -> tuple[int, int]:
        """Pixels to add before and after an axis (0 is down, 1 across) of ``size``."""
        total = (self.kernel - 1) * self.rates[axis]
        if self.follows_size:
            total = max(total - (size - 1) % self.stride, 0)
        return total // 2, total - total // 2

    @property
    def follows_size(self) -> bool:
        """Whether an even size is padded otherwise than an odd one."""
        return self.stride > 1 and self.kernel > 1 and not self.fixed_padding


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
    """Convolution, batch norm, activation; without a norm the convolution has biases."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        window: Window,
        norm: Norm | None,
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
            dilation=window.rates,
            groups=inputs if window.depthwise else 1,
            bias=norm is None,
        )
        self.batch_norm = None if norm is None else BatchNorm(outputs, norm)

    def forward(self, features: Tensor) -> Tensor:
        """``features: N×C×h×w`` -> ``N×C'×ceil(h/stride)×ceil(w/stride)``."""
        features = self._convolved(features)
        if self.batch_norm is not None:
            features = self.batch_norm(features)
        return activated(features, self.activation)

    def fold(self) -> None:
        """Let the convolution do the work of the batch norm, which goes; for prediction only.

        The same numbers up to rounding, and one pass over the map less.
        """
        norm = self.batch_norm
        if norm is None:
            return
        assert norm.running_mean is not None
        assert norm.running_var is not None
        self.conv.weight, self.conv.bias = fuse_conv_bn_weights(
            self.conv.weight, None, norm.running_mean, norm.running_var, norm.eps, norm.weight,
            norm.bias,
        )  # fmt: skip
        self.batch_norm = None

    def _convolved(self, features: Tensor) -> Tensor:
        if self.window.follows_size and symbolic.has_symbols(features):
            return symbolic.strided_conv2d(features, self.conv)
        top, bottom = self.window.padding(features.shape[-2], axis=0)
        left, right = self.window.padding(features.shape[-1], axis=1)
        if (top, left) == (bottom, right):
            padding = (top, left)
        else:
            features = functional.pad(features, (left, right, top, bottom))
            padding = (0, 0)
        window, conv = self.window, self.conv
        if window.depthwise:
            return depthwise_conv2d(features, conv, padding)
        return functional.conv2d(
            features, conv.weight, conv.bias, window.stride, padding, window.rates
        )


def activated(features: Tensor, activation: Activation) -> Tensor:
    """The activation of ``features``, which may be overwritten."""
    # The exporters take half a second for every operation in place, and make it none.
    in_place = not torch.compiler.is_exporting()
    if activation == "relu":
        return functional.relu(features, inplace=in_place)
    if activation == "relu6":
        return functional.relu6(features, inplace=in_place)
    if activation == "clip":
        return features.clamp(-CLIP, CLIP)
    if activation == "hard_swish":
        swished = functional.hardswish(features)
        # The original's sixth is float32 whatever the dtype (mobilenet_v3.py, hard_swish).
        return swished * _ROUNDED_SIXTH if swished.dtype == torch.float64 else swished
    if activation == "sigmoid":
        return features.sigmoid()
    if activation == "quantized_sigmoid":
        # Not 1/6: the original's constant (core/utils.py, q_sigmoid; mobilenet_v3.py).
        return functional.relu6(features + 3) * 0.16667
    return features


def depthwise(
    channels: int, window: Window, norm: Norm, activation: Activation = "relu"
) -> ConvUnit:
    """A unit that convolves each channel by itself."""
    if not window.depthwise:
        raise ValueError("the window of a depthwise unit must say so")
    return ConvUnit(channels, channels, window, norm, activation)


def resize(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear resize with aligned corners, as every resize inside the original."""
    if symbolic.are_equal(features.shape[-2:], size):
        return features
    # TensorFlow's resize_bilinear is float32 even in float64 graphs: positions are rounded alike.
    exact = features.float() if features.dtype == torch.float64 else features
    resized = functional.interpolate(exact, size=size, mode="bilinear", align_corners=True)
    return resized.to(features.dtype)


def scaled_size(size: torch.Size | tuple[int, ...], stride: int) -> tuple[int, int]:
    """Height and width of features at ``stride``: the original's int((n-1)/stride + 1)."""
    return (size[-2] - 1) // stride + 1, (size[-1] - 1) // stride + 1


def scaled(length: int, scale: float) -> int:
    """The original's scale_dimension: int((length - 1)·scale + 1), truncated."""
    if isinstance(length, torch.SymInt):
        return symbolic.scaled(length, scale)
    return int((length - 1.0) * scale + 1.0)
