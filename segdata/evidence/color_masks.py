"""Color masks beside the ids that were made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.images import NoIds, Unreadable, read_label, read_photo

# Pairs that are compared; a wrong table is wrong in all.
_COMPARED = 12
_RED_TO_BLUE = [2, 1, 0]


@dataclass(frozen=True, kw_only=True)
class ColorMaskFacts:
    """What color masks say beside id labels of the same names.

    Args:
        where: the folder of color masks.
        compared: pairs of a color mask and a label.
        share: of the pixels of color masks, those with the color of a class.
        same: of these, those whose id is that of the color's class.
        lost: of these, those with a class beyond 0 by their color, and with id 0.
        lost_classes: the classes of these pixels, by how many there are.
        swapped: ids are those of a table that took red for blue: share of pixels.
    """

    where: str
    compared: int
    share: float
    same: float
    lost: float
    lost_classes: Mapping[int, int]
    swapped: float


def compare(labels: Mapping[str, Path], colors: Mapping[str, Path], classes: ClassMap,
            where: Path) -> ColorMaskFacts | None:  # fmt: skip
    """Compare labels with color masks of the same names; None where none can be read."""
    table = _Table(classes)
    total: Counter[str] = Counter()
    lost: Counter[int] = Counter()
    for key in islice((key for key in colors if key in labels), _COMPARED):
        try:
            rgb, ids = read_photo(colors[key]), read_label(labels[key])
        except (Unreadable, NoIds):
            continue
        if rgb.shape[:2] != ids.shape:
            continue
        meant, turned = table.ids(rgb), table.ids(rgb[..., _RED_TO_BLUE])
        known = meant >= 0
        gone = known & (meant != ids) & (meant > 0) & (ids == 0)
        lost.update(dict(zip(*np.unique(meant[gone], return_counts=True), strict=True)))
        total.update(
            pairs=1,
            pixels=ids.size,
            known=int(known.sum()),
            same=int((known & (meant == ids)).sum()),
            swapped=int((np.maximum(turned, 0) == ids).sum()),
        )
    if not total["known"]:
        return None
    return ColorMaskFacts(
        where=str(where),
        compared=total["pairs"],
        share=total["known"] / total["pixels"],
        same=total["same"] / total["known"],
        lost=lost.total() / total["known"],
        lost_classes={int(i): int(n) for i, n in lost.most_common()},
        swapped=total["swapped"] / total["pixels"],
    )


class _Table:
    """Ids by color."""

    def __init__(self, classes: ClassMap) -> None:
        rows = sorted((_packed(np.array(c.color)), c.id) for c in classes.classes if c.color)
        self._colors = np.array([color for color, _ in rows], dtype=np.int64)
        self._ids = np.array([i for _, i in rows], dtype=np.int32)

    def ids(self, rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
        """``uint8 H×W×3`` -> ``int32 H×W``; -1 where a color is no class's."""
        packed = _packed(rgb.astype(np.int64))
        at = np.minimum(np.searchsorted(self._colors, packed), len(self._colors) - 1)
        return np.where(self._colors[at] == packed, self._ids[at], -1)


def _packed(rgb: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    packed: npt.NDArray[np.int64] = rgb @ np.array([1, 1 << 8, 1 << 16])
    return packed
