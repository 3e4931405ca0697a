"""Where a score lies in most draws of other images: percentiles, expanded where images are few."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from segdata.class_counts import Floats

_NORMAL = NormalDist()


@dataclass(frozen=True)
class Interval:
    """Where a score lies with other images; NaN where it is undefined."""

    low: float
    high: float


def tail(level: float, units: int) -> float:
    """The share below an interval's low end, so that few units do not make it too narrow.

    Expanded percentiles: Hesterberg 2015, "What Teachers Should Know About the Bootstrap", 5.3.

    Args:
        units: two or more.
    """
    stretched = _student((1 + level) / 2, units - 1) * math.sqrt(units / (units - 1))
    return _NORMAL.cdf(-stretched)


def known(resampled: Floats) -> Floats:
    """The draws that have a score, in ascending order."""
    return np.sort(resampled[~np.isnan(resampled)])


def expanded(ordered: Floats, units: int, level: float) -> Interval:
    """The interval of one score.

    Args:
        ordered: ``float64 B``: it in every draw, ascending; at least one.
        units: two or more images, or groups, that it rests on.

    Returns:
        Of negated scores exactly the negated interval.
    """
    share = tail(level, units)
    # Of 0, a minus sign alone would make "-0.0000".
    return Interval(_at(ordered, share), 0.0 - _at(-ordered[::-1], share))


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
