"""Scores at the network's stride, enlarged band by band to the pixels of an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from model.aligned_corners import nearest_indices
from model.network.layers import resize
from model.prediction.looks import merged

Size = tuple[int, int]

# Scores of a band: 64 MB, which is enough to keep all cores busy.
_BAND = 1 << 24


@dataclass(frozen=True, eq=False)
class ScoreMap:
    """What a network says of images of one size, before its logits are enlarged.

    Args:
        maps: ``float32 N×K×h×w`` of each look; all span the canvas from corner to corner.
        canvas: height and width in pixels.
        size: that of the images, which lie at the canvas's top left.
        device: where scores are enlarged; the maps may be elsewhere.
        smooth: bilinear; else every pixel takes the nearest place of the map.
    """

    maps: Sequence[Tensor]
    canvas: Size
    size: Size
    device: torch.device
    smooth: bool = True

    def bands(self) -> Iterator[tuple[slice, Tensor]]:
        """Rows from top to bottom, and their scores: ``float32 N×K×rows×W``."""
        images, classes = self.maps[0].shape[:2]
        rows = max(1, _BAND // (images * classes * self.canvas[1]))
        for top, bottom in pairwise([*range(0, self.size[0], rows), self.size[0]]):
            band = slice(top, bottom)
            yield band, merged([self._enlarged(one, band) for one in self.maps])

    def whole(self) -> Tensor:
        """``float32 N×K×H×W``."""
        return torch.cat([scores for _, scores in self.bands()], dim=2)

    def _enlarged(self, scores: Tensor, band: slice) -> Tensor:
        height, width = self.size
        if not self.smooth:
            rows = nearest_indices(scores.shape[2], self.canvas[0])[band]
            columns = nearest_indices(scores.shape[3], self.canvas[1])[:width]
            return scores[:, :, rows].to(self.device)[..., columns]
        if band == slice(0, height):
            return resize(scores.to(self.device), self.canvas)[..., :height, :width]
        rows_only = _rows(scores, self.canvas[0], band).to(self.device)
        return resize(rows_only, (rows_only.shape[2], self.canvas[1]))[..., :width]


def _rows(scores: Tensor, height: int, band: slice) -> Tensor:
    """Some rows of the scores enlarged to ``height``: torch enlarges all of them at once only."""
    there = scores.shape[2]
    step = (there - 1) / max(1, height - 1)
    places = torch.arange(band.start, band.stop, dtype=torch.float32) * step
    above = places.long().clamp_(max=there - 1)
    share = (places - above)[:, None, None].to(scores)
    # Rows of N×h×w×K lie together, which is also the memory format that is enlarged fastest.
    last = scores.permute(0, 2, 3, 1)
    below = (above + 1).clamp_(max=there - 1)
    mixed = torch.lerp(last[:, above], last[:, below], share)
    return mixed.permute(0, 3, 1, 2)
