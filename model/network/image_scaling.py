"""Images at another scale, to the last bit as TensorFlow's resize_bilinear."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from model.network.layers import resize
from model.network.symbolic import has_symbols


def rescaled(images: Tensor, size: tuple[int, int]) -> Tensor:
    """``images: float32 N×3×H×W`` -> ``N×3×size``, bilinear with aligned corners.

    PyTorch's own resize rounds positions and means in another order, which a deep network makes
    2e-6 of its logits. Symbolic sizes take that one.
    """
    if has_symbols(images):
        return resize(images, size)
    rows, columns = (
        _Neighbors(length, target, images.device)
        for length, target in zip(images.shape[-2:], size, strict=True)
    )
    upper = columns.between(images[:, :, rows.first])
    lower = columns.between(images[:, :, rows.second])
    return upper + (lower - upper) * rows.share[:, None]


class _Neighbors:
    """The two pixels on either side of each new one, and its share of the way between them."""

    def __init__(self, length: int, target: int, device: torch.device) -> None:
        step = np.float32(length - 1) / np.float32(max(1, target - 1))
        places = np.arange(target, dtype=np.float32) * step
        first = np.floor(places)
        self.first = torch.from_numpy(first.astype(np.int64)).to(device)
        self.second = (self.first + 1).clamp(max=length - 1)
        self.share = torch.from_numpy(places - first).to(device)

    def between(self, images: Tensor) -> Tensor:
        left = images[..., self.first]
        return left + (images[..., self.second] - left) * self.share
