"""Geometry of differences: dots with whiskers around 0; the template draws it as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from segdata.reports.charts import AxisLabel, axis_label, label_room
from segdata.scores import Difference
from segdata.scores.comparison_words import signed

# Width of the drawing that a phone shows unscaled, what a row takes of its height, and the axis.
_WIDTH, _ROW, _AXIS = 420.0, 26.0, 40.0
# Room after the axis for the number and its mark.
_VALUE = 76.0
# Steps of a scale that people read easily.
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Whisker:
    """One difference: ``x`` of its dot, ends of its whisker, and ``y`` of its middle."""

    label: AxisLabel
    difference: Difference
    x: float
    low: float
    high: float
    y: float
    told: str


@dataclass(frozen=True)
class Tick:
    text: str
    x: float


@dataclass(frozen=True)
class WhiskerPlot:
    """Differences beside each other.

    Args:
        left: where the scale begins; names are before it.
        zero: ``x`` of no difference.
        end: where the scale ends; numbers are after it.
        base: where the rows end.
    """

    width: float
    height: float
    left: float
    zero: float
    end: float
    base: float
    rows: tuple[Whisker, ...]
    ticks: tuple[Tick, ...]


def whiskers(rows: Iterable[tuple[str, Difference]]) -> WhiskerPlot:
    """The differences in their order, on a scale that has 0 in its middle."""
    shown = [(name, one) for name, one in rows if not math.isnan(one.value)]
    reach, step = _scale([one for _, one in shown])
    left = label_room([name for name, _ in shown]) + 14
    end = _WIDTH - _VALUE
    zero, half = (left + end) / 2, (end - left) / 2

    def at(value: float) -> float:
        return zero + half * max(-1.0, min(1.0, value / reach))

    drawn = tuple(
        Whisker(
            axis_label(name, y),
            one,
            at(one.value),
            at(one.interval.low if one.interval else one.value),
            at(one.interval.high if one.interval else one.value),
            y,
            signed(one.value),
        )
        for y, (name, one) in ((i * _ROW + _ROW / 2, row) for i, row in enumerate(shown))
    )
    base = len(drawn) * _ROW
    ticks = tuple(Tick(_spelled(v), at(v)) for v in (-step, 0.0, step))
    return WhiskerPlot(_WIDTH, base + _AXIS, left, zero, end, base, drawn, ticks)


def _scale(differences: Sequence[Difference]) -> tuple[float, float]:
    """How far the scale reaches on both sides, and the largest round number inside."""
    ends = [abs(one.value) for one in differences]
    ends += [abs(e) for one in differences if one.interval
             for e in (one.interval.low, one.interval.high)]  # fmt: skip
    reach = max(ends, default=0.0) * 1.05 or 0.01
    power = 10.0 ** math.floor(math.log10(reach))
    # Where the logarithm was rounded up, the power lies above.
    return reach, max((s * power for s in _STEPS if s * power <= reach), default=reach)


def _spelled(value: float) -> str:
    return "0" if value == 0 else f"{value:+.3g}".replace("-", "−")
