"""How values meet along the rows and columns of a label.

Interpolation between ids leaves ribbons: a run of one or two pixels whose value lies strictly
between those of its neighbors. JPEG does so as well, and makes more values meet at the borders of
its blocks of 8 pixels than inside them. Thin objects leave ribbons, too, but of their own value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from segdata.classes import Label

# A ribbon is so many pixels wide at most (fault catalogue, L10).
_RIBBON = 2
# JPEG codes blocks of 8×8 pixels (ITU-T T.81).
_BLOCK = 8
# Where ids are ordered (bands of depth) ribbons go up in steps of 1, or are among ribbons. Of those
# in CamVid and streets 0.4 and more leap and 0.59 and more lie beside a wide run after resizing,
# 0.24 and more after a blur of 5 pixels.
_LEAPING, _FLANKED = 0.2, 0.2
# Values whose ribbons are counted each; a broken 16-bit label has tens of thousands.
_VALUES = 512


@dataclass(frozen=True, slots=True)
class Meetings:
    """Counts over rows and columns.

    Args:
        between: for each value its ribbons: runs that lie between two different neighbors.
        beyond: for each value its other runs that are as thin and have two different neighbors.
        leaping: ribbons that differ by 2 or more from a neighbor; where classes are ordered (bands
            of depth, a border drawn around an object) ids go up in steps of 1.
        flanked: ribbons beside a wider run; what rises evenly is ribbons throughout.
        crisp: wider runs that meet directly though their values differ by 2 or more, so that
            interpolation would have put something between them.
        gentle: wider runs that meet directly and differ by 1.
        phases: all meetings, by their place in blocks of 8 pixels; place 0 is a block's border.
    """

    between: Mapping[int, int] = field(default_factory=dict)
    beyond: Mapping[int, int] = field(default_factory=dict)
    leaping: int = 0
    flanked: int = 0
    crisp: int = 0
    gentle: int = 0
    phases: tuple[int, ...] = (0,) * _BLOCK

    def __add__(self, other: Meetings) -> Meetings:
        return Meetings(
            _added(self.between, other.between),
            _added(self.beyond, other.beyond),
            self.leaping + other.leaping,
            self.flanked + other.flanked,
            self.crisp + other.crisp,
            self.gentle + other.gentle,
            tuple(a + b for a, b in zip(self.phases, other.phases, strict=True)),
        )

    @property
    def total(self) -> int:
        """Neighbors that differ."""
        return sum(self.phases)

    @property
    def ribbons(self) -> int:
        """Ribbons of all values."""
        return sum(self.between.values())

    @property
    def main(self) -> int | None:
        """The value with the most ribbons."""
        return max(self.between, key=lambda value: self.between[value], default=None)

    @property
    def blended(self) -> float:
        """Share of ribbons in all places where different values meet across 2 steps or more.

        The value with the most ribbons is left out: it may be a class of thin objects.
        """
        ribbons = self.ribbons - self.between.get(_any(self.main), 0)
        beyond = sum(self.beyond.values()) - self.beyond.get(_any(self.main), 0)
        return ribbons / max(1, ribbons + beyond + self.crisp)

    @property
    def jumps(self) -> bool:
        """Ribbons lie between numbers that are no measure of anything."""
        return self.leaping >= _LEAPING * self.ribbons

    @property
    def leaps(self) -> bool:
        """They do, and they come of interpolation: beside them are areas of one value."""
        return self.jumps and self.flanked >= _FLANKED * self.ribbons

    @property
    def stepped(self) -> float:
        """Share of all ribbons in all places where different values meet."""
        beyond = sum(self.beyond.values())
        return self.ribbons / max(1, self.ribbons + beyond + self.crisp + self.gentle)

    @property
    def blockiness(self) -> float:
        """Meetings at the borders of blocks, to the most at any other place in blocks."""
        return self.phases[0] / max(1, *self.phases[1:])


def meet(label: Label) -> Meetings:
    """Look at the rows and columns of ``uint8 or uint16 H×W``."""
    return _along(label) + _along(np.ascontiguousarray(label.T))


def _along(label: npt.NDArray[np.integer]) -> Meetings:
    width = label.shape[1]
    flat = np.ascontiguousarray(label).ravel()
    if flat.size < 2:
        return Meetings()
    changes = flat[1:] != flat[:-1]
    changes[width - 1 :: width] = True
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    lengths = np.diff(starts, append=flat.size)
    values = flat[starts].astype(np.int32)
    columns = starts % width
    joined = columns[1:] > 0
    steps = np.diff(values)
    thin = (lengths[1:-1] <= _RIBBON) & joined[:-1] & joined[1:] & (values[2:] != values[:-2])
    ordered = (steps[:-1] > 0) == (steps[1:] > 0)
    between = thin & ordered
    wide = lengths > _RIBBON
    leaping = between & ((np.abs(steps[:-1]) > 1) | (np.abs(steps[1:]) > 1))
    flanked = between & (wide[:-2] | wide[2:])
    sizes = np.abs(steps[joined & wide[:-1] & wide[1:]])
    phases = np.bincount(columns[1:][joined] % _BLOCK, minlength=_BLOCK)
    return Meetings(
        between=_counts(values[1:-1][between]),
        beyond=_counts(values[1:-1][thin & ~ordered]),
        leaping=int(np.count_nonzero(leaping)),
        flanked=int(np.count_nonzero(flanked)),
        crisp=int(np.count_nonzero(sizes > 1)),
        gentle=int(np.count_nonzero(sizes == 1)),
        phases=tuple(int(count) for count in phases),
    )


def _counts(values: npt.NDArray[np.int32]) -> dict[int, int]:
    counts = np.bincount(values)
    return {int(value): int(counts[value]) for value in np.flatnonzero(counts)[:_VALUES]}


def _added(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    total = Counter(one)
    for value, count in other.items():
        if value in total or len(total) < _VALUES:
            total[value] += count
    return dict(total)


def _any(value: int | None) -> int:
    return -1 if value is None else value
