"""Intervals that tell a difference from chance: for few images, and for many classes at once."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from segdata.class_counts import Floats
from segdata.scores.percentiles import Interval, expanded, known


def fewest(level: float) -> int:
    """How many units it takes before any result could be told from chance.

    If all N of them favor one side, chance does that in ``2 / 2^N`` of the cases (sign test).
    """
    return 1 + math.ceil(math.log2(1 / (1 - level)))


def interval_of(resampled: Floats, units: int, level: float) -> Interval | None:
    """The interval of a difference; None where there is too little to tell.

    Args:
        resampled: ``float64 B``; draws without a score are left out.
        units: that the difference rests on.

    Returns:
        Of negated differences exactly the negated interval.
    """
    return _between(known(resampled), units, level)


def excludes_zero(interval: Interval | None) -> bool:
    return interval is not None and (interval.low > 0 or interval.high < 0)


def many_intervals(
    resampled: Floats, units: npt.NDArray[np.int64], level: float
) -> tuple[list[Interval | None], float]:
    """Intervals of many differences, and the level of each.

    Of many classes some would differ by chance alone. So the share of false ones among those whose
    interval excludes 0 is held below ``1 - level`` (Benjamini and Hochberg 1995), and the intervals
    are as wide as that needs (Benjamini and Yekutieli 2005, "False Discovery Rate-Adjusted Multiple
    Confidence Intervals for Selected Parameters").

    Args:
        resampled: ``float64 B×K``; a column without any score is not tested.
        units: ``int64 K``: that each difference rests on.
    """
    columns = [known(column) for column in resampled.T]
    tested = sum(len(c) > 0 and n >= fewest(level) for c, n in zip(columns, units, strict=True))
    found: list[Interval | None] = [None] * len(columns)
    each = level
    for told in range(tested, 0, -1):
        each = 1 - (1 - level) * told / tested
        found = [_between(c, int(n), each) for c, n in zip(columns, units, strict=True)]
        if sum(map(excludes_zero, found)) >= told:
            break
    return found, each


def _between(ordered: Floats, units: int, level: float) -> Interval | None:
    if units < fewest(level) or not len(ordered):
        return None
    return expanded(ordered, units, level)
