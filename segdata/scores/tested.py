"""Intervals that tell a difference from chance: for few images, and for many classes at once."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from segdata.class_counts import Floats
from segdata.scores.intervals import Interval

_NORMAL = NormalDist()


def fewest(level: float) -> int:
    """How many units it takes before any result could be told from chance.

    If all N of them favor one side, chance does that in ``2 / 2^N`` of the cases (sign test).
    """
    return 1 + math.ceil(math.log2(1 / (1 - level)))


def tail(level: float, units: int) -> float:
    """The share below an interval's low end, so that few units do not make it too narrow.

    Expanded percentiles: Hesterberg 2015, "What Teachers Should Know About the Bootstrap", 5.3.
    """
    stretched = _student((1 + level) / 2, units - 1) * math.sqrt(units / (units - 1))
    return _NORMAL.cdf(-stretched)


def interval_of(resampled: Floats, units: int, level: float) -> Interval | None:
    """The interval of a difference; None where there is too little to tell.

    Args:
        resampled: ``float64 B``; draws without a score are left out.
        units: that the difference rests on.

    Returns:
        Of negated differences exactly the negated interval.
    """
    return _between(_ordered(resampled), units, level)


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
    columns = [_ordered(column) for column in resampled.T]
    tested = sum(len(c) > 0 and n >= fewest(level) for c, n in zip(columns, units, strict=True))
    found: list[Interval | None] = [None] * len(columns)
    each = level
    for told in range(tested, 0, -1):
        each = 1 - (1 - level) * told / tested
        found = [_between(c, int(n), each) for c, n in zip(columns, units, strict=True)]
        if sum(map(excludes_zero, found)) >= told:
            break
    return found, each


def _ordered(resampled: Floats) -> Floats:
    return np.sort(resampled[~np.isnan(resampled)])


def _between(ordered: Floats, units: int, level: float) -> Interval | None:
    if units < fewest(level) or not len(ordered):
        return None
    share = tail(level, units)
    return Interval(_at(ordered, share), -_at(-ordered[::-1], share))


def _at(ordered: Floats, share: float) -> float:
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def _student(probability: float, freedom: int) -> float:
    """Student's quantile (Abramowitz and Stegun 1964, 26.7.5)."""
    z = _NORMAL.inv_cdf(probability)
    terms: tuple[float, ...] = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))
