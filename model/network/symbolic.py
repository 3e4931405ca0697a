"""Heights and widths that are symbols, as they are while a network is exported for every size.

Python cannot branch on a symbol, and the kernels want numbers: here the same is said by arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

Pair = tuple[int, int]


def has_symbols(features: Tensor) -> bool:
    """Whether the height or the width of ``features: …×h×w`` is a symbol."""
    return any(isinstance(length, torch.SymInt) for length in features.shape[-2:])


def shorter(first: int, second: int) -> int:
    """The smaller of two lengths."""
    length: int = torch.sym_min(first, second)  # type: ignore[no-untyped-call]
    return length


def are_equal(size: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two sizes are equal; symbols are where no value of theirs could tell them apart."""
    if not any(isinstance(length, torch.SymInt) for length in (*size, *other)):
        return tuple(size) == tuple(other)
    from torch.fx.experimental.symbolic_shapes import statically_known_true

    return all(statically_known_true(a == b) for a, b in zip(size, other, strict=True))


def longer(first: int, second: int) -> int:
    """The larger of two lengths."""
    length: int = torch.sym_max(first, second)  # type: ignore[no-untyped-call]
    return length


def scaled(length: int, scale: float) -> int:
    """``layers.scaled`` in whole numbers; equal where the scale has few binary digits."""
    numerator, denominator = scale.as_integer_ratio()
    return (length - 1) * numerator // denominator + 1


def strided_conv2d(features: Tensor, conv: nn.Conv2d) -> Tensor:
    """``features: N×C×h×w`` -> ``N×C'×ceil(h/2)×ceil(w/2)``: stride 2 under TensorFlow's SAME rule.

    Seen from the bottom right, that rule pads even and odd sizes alike: by half of the kernel.
    """
    turned = _turning(features)
    half = [(size - 1) // 2 for size in conv.kernel_size]
    weight = turned(conv.weight)
    convolved = functional.conv2d(
        turned(features), weight, conv.bias, conv.stride, half, groups=conv.groups
    )
    return turned(convolved)


def strided_max_pool2d(features: Tensor, kernel: int) -> Tensor:
    """The same of a max-pool."""
    turned = _turning(features)
    return turned(functional.max_pool2d(turned(features), kernel, 2, kernel // 2))


def window_means(features: Tensor, window: Pair, stride: Pair = (1, 1)) -> Tensor:
    """``features: N×C×h×w`` -> their means under windows, as ``avg_pool2d``.

    Symbols become two products of matrices.
    """
    if not has_symbols(features):
        return functional.avg_pool2d(features, window, stride)
    down, across = (
        _averaging(length, size, step, features)
        for length, size, step in zip(features.shape[-2:], window, stride, strict=True)
    )
    return down @ features @ across.T


def _turning(features: Tensor) -> Callable[[Tensor], Tensor]:
    """A turn by 180°; of sizes that are odd whatever the image's, none."""
    if are_equal([length % 2 for length in features.shape[-2:]], (1, 1)):
        return lambda turned: turned
    return lambda turned: turned.flip(-2, -1)


def _averaging(length: int, window: int, stride: int, like: Tensor) -> Tensor:
    """``float n×length``: row i averages the ``window`` values from i·stride on."""
    places = torch.arange((length - window) // stride + 1, device=like.device)[:, None] * stride
    values = torch.arange(length, device=like.device)
    inside = (values >= places) & (values < places + window)
    return inside.to(like.dtype) / window
