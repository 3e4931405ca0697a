"""From colors to ids: one table of all colors, and what is said of those that it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

Color = tuple[int, int, int]
Label = npt.NDArray[np.uint8 | np.uint16]
IdType = type[np.uint8] | type[np.uint16]

# Pixels per step of the color lookup: the working set then stays in the second-level cache.
_TILE_PIXELS = 1 << 16
_ALL_COLORS = 1 << 24
# A color as a number: r + 256 g + 65536 b.
_PACKING = np.array([1, 1 << 8, 1 << 16], dtype=np.uint32)


@dataclass(frozen=True)
class UnknownColor:
    """A color that no class has: how often it occurs and where it is met first."""

    color: Color
    count: int
    x: int
    y: int


@dataclass(frozen=True)
class ColorReading:
    """What a color mask says: ``label`` and every color that no class has, most frequent first.

    Pixels of unknown color hold the ignore label. Where nothing is ignored they hold 255, or 65535
    if 255 is a class or ids are wider; never a class.
    """

    label: Label
    unknown: tuple[UnknownColor, ...]


@dataclass(frozen=True, eq=False)
class ColorLookup:
    """Ids of all 2^24 colors.

    Args:
        ids: from ``r + 256 g + 65536 b`` to the id, or to ``sentinel``.
        sentinel: stands for "no class"; no class has it.
        dtype: of labels.
        no_class: what a pixel of unknown color becomes.
    """

    ids: Label
    sentinel: int
    dtype: IdType
    no_class: int

    def read(self, rgb: npt.NDArray[np.uint8]) -> ColorReading:
        """``rgb: uint8 H×W×3``; in tiles, so that the cost depends on nothing but the size."""
        height, width = rgb.shape[:2]
        label = np.empty((height, width), dtype=self.ids.dtype)
        rows, unknown = max(1, _TILE_PIXELS // max(1, width)), False
        for top in range(0, height, rows):
            tile, part = np.ascontiguousarray(rgb[top : top + rows]), label[top : top + rows]
            # RGBA as a little-endian int32 is color - 2^24 (alpha is 255): counted from the end
            # of a table of 2^24 entries, that is the color's own entry.
            index = cv2.cvtColor(tile, cv2.COLOR_RGB2RGBA).view(np.int32)[..., 0]
            np.take(self.ids, index, mode="wrap", out=part)
            unknown = unknown or bool((part == self.sentinel).any())
        if not unknown:
            return ColorReading(label.astype(self.dtype, copy=False), ())
        missed = label == self.sentinel
        return self._with_unknown(label, missed, rgb[missed])

    def read_palette(
        self, indices: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]
    ) -> ColorReading:
        """``indices: uint8 H×W``, ``palette: uint8 256×3, RGB``."""
        ids = self.ids[palette.astype(np.uint32) @ _PACKING]
        label = cv2.LUT(indices, ids).astype(ids.dtype, copy=False)
        unknown = (ids == self.sentinel).astype(np.uint8)
        missed = cv2.LUT(indices, unknown) if unknown.any() else unknown
        if not cv2.countNonZero(missed):
            return ColorReading(label.astype(self.dtype, copy=False), ())
        where = missed.astype(np.bool_)
        return self._with_unknown(label, where, palette[indices[where]])

    def _with_unknown(
        self, label: Label, missed: npt.NDArray[np.bool_], colors: npt.NDArray[np.uint8]
    ) -> ColorReading:
        """``label`` with its missed pixels set to no class; ``colors`` are theirs, row by row."""
        label = label.astype(self.dtype, copy=False)
        if self.no_class > np.iinfo(label.dtype).max:
            label = label.astype(np.uint16)
        label[missed] = self.no_class
        return ColorReading(label, _unknown_colors(missed, colors))


@lru_cache(maxsize=4)
def color_lookup(colored: tuple[tuple[int, Color], ...], wide: bool, no_class: int) -> ColorLookup:
    """The table of some ids and their colors, made once per process; ``wide`` labels are uint16."""
    taken = {class_id for class_id, _ in colored}
    narrow = not wide and len(taken) <= np.iinfo(np.uint8).max
    stored: IdType = np.uint8 if narrow else np.uint16
    sentinel = next(value for value in range(np.iinfo(stored).max, -1, -1) if value not in taken)
    ids = np.full(_ALL_COLORS, sentinel, dtype=stored)
    for class_id, (red, green, blue) in colored:
        ids[red | green << 8 | blue << 16] = class_id
    ids.setflags(write=False)
    return ColorLookup(ids, sentinel, np.uint16 if wide else np.uint8, no_class)


def _unknown_colors(
    missed: npt.NDArray[np.bool_], colors: npt.NDArray[np.uint8]
) -> tuple[UnknownColor, ...]:
    """Count and locate the colors of the pixels that no class claims."""
    packed = colors.astype(np.uint32) @ _PACKING
    kinds, first, counts = np.unique(packed, return_index=True, return_counts=True)
    rows, columns = np.divmod(np.flatnonzero(missed)[first], missed.shape[1])
    found = [
        UnknownColor((int(c) & 0xFF, int(c) >> 8 & 0xFF, int(c) >> 16), int(n), int(x), int(y))
        for c, n, x, y in zip(kinds, counts, columns, rows, strict=True)
    ]
    return tuple(sorted(found, key=lambda u: (-u.count, u.color)))
