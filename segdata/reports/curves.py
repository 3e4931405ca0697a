"""Geometry of line charts; the templates draw them as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from segdata.reports.charts import label_room, shortened

# Pixels of a drawing that a phone shows unscaled.
_WIDTH, _HEIGHT, _TOP, _AXIS = 420.0, 240.0, 14.0, 40.0
_LEFT, _END = 44.0, 14.0
_FONT, _ROOM = 12.0, 110.0
# Between the end of a line and its name.
_LEADER = 22.0
# Between the middles of two names.
_APART = 15.0
# Tenths and their likes that steps between marks are made of, and how many steps are aimed at.
_STEPS, _AIMED = (1, 2, 2.5, 5, 10), 4


@dataclass(frozen=True)
class Series:
    """Values to draw.

    Args:
        named: its name stands at its end.
        main: it is drawn strongly.
        dots: every value has a dot.
    """

    name: str
    points: Sequence[tuple[float, float]]
    named: bool = True
    main: bool = False
    dots: bool = False


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What the values are.

    Args:
        title: of the whole, for those who cannot see it.
        x: what is across.
        ticks: where marks stand across; empty chooses them.
        log: across by its logarithm.
        unit: values reach from 0 to 1.
    """

    title: str
    x: str
    ticks: Sequence[float] = ()
    log: bool = False
    unit: bool = False


@dataclass(frozen=True)
class Mark:
    """A mark of an axis."""

    text: str
    at: float


@dataclass(frozen=True)
class Line:
    """One series as it is drawn: ``x,y`` pairs, its end, and its name beside it."""

    name: str
    points: str
    at: tuple[tuple[float, float], ...]
    short: str
    name_y: float
    main: bool
    dots: bool
    dash: int
    told: str


@dataclass(frozen=True)
class LineChart:
    """Lines between axes.

    Args:
        left, right, top, base: where the axes end.
    """

    title: str
    x: str
    width: float
    height: float
    left: float
    right: float
    top: float
    base: float
    lines: tuple[Line, ...]
    across: tuple[Mark, ...]
    up: tuple[Mark, ...]


def line_chart(series: Sequence[Series], axes: Axes) -> LineChart | None:
    """The chart; None where no series has a value."""
    points = [p for one in series for p in one.points if not math.isnan(p[1])]
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    low, high = (0.0, 1.0) if axes.unit else (min(0.0, *ys), max(ys) or 1.0)
    names = [one.name for one in series if one.named]
    heights = round_steps(low, high)
    left = max(_LEFT, label_room([f"{y:g}" for y in heights], _FONT) + 10)
    right = _WIDTH - _END - (min(_ROOM, label_room(names, _FONT)) + _LEADER if names else 0.0)
    base = _HEIGHT - _AXIS
    first, last = _x(min(xs), axes), _x(max(xs), axes)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        share = (_x(point[0], axes) - first) / ((last - first) or 1.0)
        return left + (right - left) * share, base - (base - _TOP) * (point[1] - low) / (
            (high - low) or 1.0
        )

    drawn = [(one, [p for p in one.points if not math.isnan(p[1])]) for one in series]
    drawn = [(one, found) for one, found in drawn if found]
    ends = _spread([place(found[-1])[1] if one.named else math.nan for one, found in drawn])
    lines = tuple(
        _line(one, [place(p) for p in found], end, number, found[-1][1])
        for number, ((one, found), end) in enumerate(zip(drawn, ends, strict=True))
    )
    ticks = axes.ticks or round_steps(min(xs), max(xs))
    return LineChart(
        axes.title, axes.x, _WIDTH, _HEIGHT, left, right, _TOP, base, lines,
        tuple(Mark(f"{t:,g}", place((t, low))[0]) for t in ticks),
        tuple(Mark(f"{t:g}", place((min(xs), t))[1]) for t in heights),
    )  # fmt: skip


def round_steps(low: float, high: float) -> list[float]:
    """A few round numbers from ``low`` to ``high``."""
    span = high - low
    if span <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / _AIMED))
    step = next(s * power for s in _STEPS if s * power >= span / _AIMED)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _x(value: float, axes: Axes) -> float:
    return math.log10(value) if axes.log else value


def _line(
    one: Series, at: list[tuple[float, float]], name_y: float, number: int, last: float
) -> Line:
    return Line(
        one.name,
        " ".join(f"{x:.1f},{y:.1f}" for x, y in at),
        tuple(at),
        shortened(one.name, _FONT, _ROOM) if one.named else "",
        name_y,
        one.main,
        one.dots,
        number % 4,
        f"{last:.3g}",
    )


def _spread(wanted: Sequence[float]) -> list[float]:
    """Heights of names near the wanted ones, so that none lies over another; NaN has none."""
    order = sorted((y, i) for i, y in enumerate(wanted) if not math.isnan(y))
    placed = [math.nan] * len(wanted)
    floor = _TOP
    for y, i in order:
        placed[i] = floor = max(y, floor)
        floor += _APART
    ceiling = _HEIGHT - _AXIS
    for _, i in reversed(order):
        placed[i] = ceiling = min(placed[i], ceiling)
        ceiling -= _APART
    return placed
