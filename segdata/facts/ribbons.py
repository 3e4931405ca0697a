"""How values meet along the rows and columns of a label.

Interpolation between ids leaves ribbons: a run of one or two pixels whose value lies strictly
between those of its neighbors. JPEG does so as well, and makes more values meet at the borders of
its blocks of 8 pixels than inside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.classes import Label

# A ribbon is so many pixels wide at most (fault catalogue, L10).
_RIBBON = 2
# JPEG codes blocks of 8×8 pixels (ITU-T T.81).
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class Meetings:
    """Counts over rows and columns.

    Args:
        between: ribbons whose value lies between those of two different neighbors.
        beyond: other runs that are as thin and have two different neighbors.
        crisp: wider runs that meet directly though their values differ by 2 or more, so that
            interpolation would have put something between them.
        phases: all meetings, by their place in blocks of 8 pixels; place 0 is a block's border.
    """

    between: int = 0
    beyond: int = 0
    crisp: int = 0
    phases: tuple[int, ...] = (0,) * _BLOCK

    def __add__(self, other: Meetings) -> Meetings:
        return Meetings(
            self.between + other.between,
            self.beyond + other.beyond,
            self.crisp + other.crisp,
            tuple(a + b for a, b in zip(self.phases, other.phases, strict=True)),
        )

    @property
    def total(self) -> int:
        """Neighbors that differ."""
        return sum(self.phases)

    @property
    def blended(self) -> float:
        """Share of ribbons in all places where two different values nearly or directly meet."""
        return self.between / max(1, self.between + self.beyond + self.crisp)

    @property
    def ordered(self) -> float:
        """Share of ribbons in all thin runs between two different values."""
        return self.between / max(1, self.between + self.beyond)

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
    between = int(np.count_nonzero(thin & ordered))
    wide = lengths > _RIBBON
    crisp = joined & wide[:-1] & wide[1:] & (np.abs(steps) >= 2)
    phases = np.bincount(columns[1:][joined] % _BLOCK, minlength=_BLOCK)
    return Meetings(
        between,
        int(np.count_nonzero(thin)) - between,
        int(np.count_nonzero(crisp)),
        tuple(int(count) for count in phases),
    )
