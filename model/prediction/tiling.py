"""Tiles that overlap, and their scores as one map without seams."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor

from model.crops import aligned
from model.network.layers import scaled_size
from model.network_settings import NetworkSettings

Size = tuple[int, int]

# Part of a tile's side that the next one covers, too: a quarter, which in large tiles would be
# many times what the eye or the decoder needs.
_QUARTER, _MOST_OVERLAP = 4, 256


@dataclass(frozen=True)
class Tiling:
    """How tiles lie over a canvas.

    Args:
        canvas: height and width in pixels, k·output_stride+1.
        tile: the same of a tile; not larger than the canvas.
        overlap: pixels that neighbors have in common at least, a multiple of the output stride.
        output_stride: tiles begin at its multiples, so that their features coincide.
        logits_stride: pixels per place of the scores.
    """

    canvas: Size
    tile: Size
    overlap: int
    output_stride: int
    logits_stride: int

    @classmethod
    def of(cls, canvas: Size, side: int, settings: NetworkSettings) -> Tiling:
        """Tiles of about ``side`` pixels for a network; a smaller canvas bounds them."""
        stride = settings.output_stride
        side = aligned(max(side, least_side(settings)), stride)
        wanted = min(side // _QUARTER, _MOST_OVERLAP)
        overlap = aligned(max(wanted, _context(settings)), stride) - 1
        height, width = (min(side, length) for length in canvas)
        return cls(canvas, (height, width), overlap, stride, settings.logits_stride)

    def __len__(self) -> int:
        return len(self.starts(0)) * len(self.starts(1))

    def shrunk(self) -> Tiling:
        """As many tiles, no larger than they need to be to overlap as they must."""
        sides = []
        for axis, length in enumerate(self.canvas):
            count, shared = len(self.starts(axis)), self.overlap + 1
            side = aligned(-(-(length + (count - 1) * shared) // count), self.output_stride)
            sides.append(min(side, self.tile[axis]))
        return replace(self, tile=(sides[0], sides[1]))

    def starts(self, axis: int) -> list[int]:
        """Where tiles begin, spread evenly."""
        length, side = self.canvas[axis], self.tile[axis]
        if side == length:
            return [0]
        gaps = math.ceil((length - side) / (side - self.overlap - 1))
        stride = self.output_stride
        return [(length - side) * i // gaps // stride * stride for i in range(gaps + 1)]

    def weights(self, axis: int) -> list[Tensor]:
        """How much each tile counts at its places: a bell; over all tiles the sum is 1."""
        places = scaled_size(self.tile, self.logits_stride)[axis]
        bell = torch.hann_window(places + 2, periodic=False)[1:-1]
        starts = [start // self.logits_stride for start in self.starts(axis)]
        total = torch.zeros(scaled_size(self.canvas, self.logits_stride)[axis])
        for start in starts:
            total[start : start + places] += bell
        return [bell / total[start : start + places] for start in starts]

    def blended(self, scored: Callable[[slice, slice], Tensor]) -> Tensor:
        """The scores of all tiles as one map, in the computer's memory.

        Args:
            scored: ``N×K×h×w`` of the pixels in these rows and columns of the canvas.

        Returns:
            ``float32 N×K×h×w`` of the canvas at the logits' stride.
        """
        size = scaled_size(self.canvas, self.logits_stride)
        whole = torch.empty(0)
        for (top, down), (left, across) in product(self._places(0), self._places(1)):
            rows, columns = slice(top, top + self.tile[0]), slice(left, left + self.tile[1])
            scores = scored(rows, columns).cpu()
            if not whole.numel():
                whole = torch.zeros(*scores.shape[:2], *size)
            top, left = top // self.logits_stride, left // self.logits_stride
            part = whole[..., top : top + len(down), left : left + len(across)]
            part += scores * (down[:, None] * across)
        return whole

    def _places(self, axis: int) -> list[tuple[int, Tensor]]:
        """Start and weights of every tile along an axis."""
        return list(zip(self.starts(axis), self.weights(axis), strict=True))


def least_side(settings: NetworkSettings) -> int:
    """Of smaller tiles, more than half would be what neighbors have in common."""
    return aligned(2 * _context(settings), settings.output_stride)


def _context(settings: NetworkSettings) -> int:
    """Pixels that two neighbors need in common for the decoder alone to see the same in both.

    On each side an encoder's pixel, for the bilinear resize, and one of the logits for each of the
    decoder's two 3×3 convolutions.
    """
    return 2 * (settings.output_stride + 2 * settings.logits_stride)
