"""Depthwise convolution, routed around the slow paths of PyTorch's kernels.

Same numbers as ``conv2d`` up to the order of sums. What is slow there, measured with torch 2.13 on
one AVX512-BF16 core, batch 8, channels_last (milliseconds, theirs -> here):

* gradients of dilated ones: 384×19×25, rate 2, fp32 15.0 -> 2, bf16 45 -> 3;
* dilation of 8 and more in bf16, forward: 320×33×33, rate 18, 49 -> 5;
* gradient of strided ones in bf16: 96×73×97, stride 2, 22 -> 2 (in fp32).

On GPUs cuDNN has no channels_last kernel for dilated ones. On an H200, bf16, batch 16, with the
gradients: 2048×33×33, rate 6, 3.4 -> 1.5 in N×C×H×W.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.amp import custom_bwd, custom_fwd
from torch.nn import functional

Pair = tuple[int, int]

# From here on oneDNN's bf16 kernel gives up on implicit padding.
_WIDE_RATE = 8


def depthwise_conv2d(features: Tensor, conv: nn.Conv2d, padding: Pair) -> Tensor:
    """``features: N×C×h×w`` -> N×C×h'×w', as ``conv`` with C groups and ``padding`` would give it.

    ``padding`` is down and across.
    """
    stride, rate = conv.stride[0], (conv.dilation[0], conv.dilation[1])
    if features.device.type == "cpu":
        if torch.is_grad_enabled():
            if max(rate) > 1 and stride == 1:
                return _biased(_Dilated.apply(features, conv.weight, rate), conv.bias)  # type: ignore[no-untyped-call]
            if stride > 1 and torch.is_autocast_enabled("cpu"):
                return _strided_in_float32(features, conv, padding)
        elif max(rate) > 1 and stride == 1:
            return _dilated(features, conv.weight, rate, conv.bias)
    if features.device.type == "cuda" and max(rate) > 1:
        return _planar(features, conv, padding)
    return functional.conv2d(
        features, conv.weight, conv.bias, stride, padding, rate, groups=conv.groups
    )


def _planar(features: Tensor, conv: nn.Conv2d, padding: Pair) -> Tensor:
    """In N×C×H×W, and back into the layout that came in."""
    layout = torch.contiguous_format
    if features.is_contiguous(memory_format=torch.channels_last):
        layout = torch.channels_last
    # One input channel makes both layouts of the weights look alike: the strides must say which.
    weight = conv.weight.reshape(-1).view(conv.weight.shape)
    result = functional.conv2d(
        features.contiguous(), weight, conv.bias, conv.stride, padding, conv.dilation, conv.groups
    )
    return result.contiguous(memory_format=layout)


def _biased(features: Tensor, bias: Tensor | None) -> Tensor:
    return features if bias is None else features + bias[:, None, None]


def _strided_in_float32(features: Tensor, conv: nn.Conv2d, padding: Pair) -> Tensor:
    bias = None if conv.bias is None else conv.bias.float()
    with torch.autocast("cpu", enabled=False):
        result = functional.conv2d(
            features.float(), conv.weight.float(), bias, conv.stride, padding, groups=conv.groups
        )
    return result.to(torch.get_autocast_dtype("cpu"))


def _dilated(features: Tensor, weight: Tensor, rate: Pair, bias: Tensor | None = None) -> Tensor:
    """Stride 1, output as large as the input."""
    reach = weight.shape[-1] // 2
    down, across = rate[0] * reach, rate[1] * reach
    half = features.dtype == torch.bfloat16 or torch.is_autocast_enabled("cpu")
    if half and max(rate) >= _WIDE_RATE:
        features = functional.pad(features, (across, across, down, down))
        down = across = 0
    return functional.conv2d(
        features, weight, bias, 1, (down, across), rate, groups=weight.shape[0]
    )


class _Dilated(torch.autograd.Function):
    """:func:`_dilated` with gradients of its own."""

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.bfloat16)  # type: ignore[untyped-decorator]
    def forward(ctx: Any, features: Tensor, weight: Tensor, rate: Pair) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.rate = rate
        return _dilated(features, weight, rate)

    @staticmethod
    @custom_bwd(device_type="cpu")  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        features, weight = ctx.saved_tensors
        # The gradient of a correlation is the correlation with the kernel turned around.
        of_features = _dilated(gradient, weight.flip(2, 3), ctx.rate)
        return of_features, _weight_gradient(features, gradient, weight, ctx.rate), None


def _weight_gradient(features: Tensor, gradient: Tensor, weight: Tensor, rate: Pair) -> Tensor:
    """Tap by tap: the products of the gradient and the shifted features, summed."""
    wide = torch.float64 if weight.dtype == torch.float64 else torch.float32
    result = torch.zeros(weight.shape, dtype=wide)
    size, middle = weight.shape[-1], weight.shape[-1] // 2
    height, width = features.shape[-2:]
    for row in range(size):
        for column in range(size):
            down, right = (row - middle) * rate[0], (column - middle) * rate[1]
            if abs(down) >= height or abs(right) >= width:
                continue
            here = gradient[:, :, _overlap(-down, height), _overlap(-right, width)]
            there = features[:, :, _overlap(down, height), _overlap(right, width)]
            result[:, 0, row, column] = (here * there).sum((0, 2, 3), dtype=wide)
    return result


def _overlap(shift: int, size: int) -> slice:
    """Indices of an axis whose neighbours at ``-shift`` are inside it too."""
    return slice(max(0, shift), min(size, size + shift))
