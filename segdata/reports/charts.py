"""Geometry of the page's charts; the templates draw it as SVG, so that text is always escaped."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segdata.scores import EvalReport

# Widths are in pixels of a drawing that a phone shows unscaled.
_CHART_WIDTH = 360.0
_BAR_ROW, _BAR_HEIGHT = 46.0, 14.0
# Size of the text, and what a score takes of the line.
_CHART_FONT, _SCORE_ROOM = 13.0, 48.0
_BINS = 10
_HISTOGRAM_HEIGHT, _HISTOGRAM_BASE = 132.0, 108.0
# Up to so many classes a cell is large enough for its share; further classes get smaller cells.
_ROOMY, MANY = 12, 30
_LONGEST_LABEL = 150.0
# Widths of letters in em: of a sans-serif face on average, and of a full-width script.
_LETTER, _WIDE_LETTER = 0.58, 1.0
# Past this many classes, cells below this share of both row and column are left out: they could not
# be seen, and 150 classes would make 22,500 of them.
_SEEN_SHARE = 0.002


@dataclass(frozen=True)
class Bar:
    """One bar: ``y`` of its text's base line and of its box, ``width`` of the box.

    ``reach`` is where its interval begins and ends; None where there is none.
    """

    name: str
    detail: str
    value: float
    text_y: float
    y: float
    width: float
    main: bool
    reach: tuple[float, float] | None = None


@dataclass(frozen=True)
class BarChart:
    width: float
    height: float
    bar_height: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Bin:
    """One column of a histogram: the scores ``low`` to ``high`` and how many images have them."""

    low: float
    high: float
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Histogram:
    width: float
    height: float
    base: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Cell:
    """One cell of the heat map; ``share`` is of its row, ``strength`` 0 to 1 what it looks like.

    ``row`` and ``column`` count from 0.
    """

    x: float
    y: float
    truth: str
    predicted: str
    count: int
    share: float
    strength: float
    right: bool
    text: str
    row: int = 0
    column: int = 0


@dataclass(frozen=True)
class AxisLabel:
    name: str
    short: str
    at: float


@dataclass(frozen=True)
class HeatMap:
    """A confusion matrix whose rows are shares of the true class.

    Args:
        cell: side of a cell.
        font: size of labels.
        left: where the cells begin.
        top: where the cells begin.
        hidden: how many cells are too faint to be drawn.
        ids: of rows and of columns in the confusion matrix.
    """

    width: float
    height: float
    cell: float
    font: float
    left: float
    top: float
    rows: tuple[AxisLabel, ...]
    columns: tuple[AxisLabel, ...]
    cells: tuple[Cell, ...]
    hidden: int
    ids: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


def comparison(report: EvalReport) -> BarChart:
    """The mean IoU beside what predictors reach that see no photo; bars are 0 to 1 wide."""
    rows = [("this prediction", "", report.miou, True)]
    rows += [(b.name, b.detail, b.miou, False) for b in report.baselines]
    room = _CHART_WIDTH - _SCORE_ROOM
    bars = tuple(
        Bar(
            shortened(name, _CHART_FONT, room),
            shortened(detail, _CHART_FONT, room - _width(f"{name} · ", _CHART_FONT)),
            value,
            text_y=i * _BAR_ROW + 16,
            y=i * _BAR_ROW + 24,
            width=_CHART_WIDTH * min(1.0, max(0.0, value if math.isfinite(value) else 0.0)),
            main=main,
            reach=_reach(report) if main else None,
        )
        for i, (name, detail, value, main) in enumerate(rows)
    )
    return BarChart(_CHART_WIDTH, len(bars) * _BAR_ROW, _BAR_HEIGHT, bars)


def _reach(report: EvalReport) -> tuple[float, float] | None:
    found = report.intervals
    if found is None or math.isnan(found.miou.low):
        return None
    return _CHART_WIDTH * found.miou.low, _CHART_WIDTH * found.miou.high


def distribution(scores: Sequence[float]) -> Histogram:
    """How many images have which score; NaN is left out."""
    finite = [score for score in scores if not math.isnan(score)]
    counts, edges = np.histogram(finite, bins=_BINS, range=(0.0, 1.0))
    step, top = _CHART_WIDTH / _BINS, _HISTOGRAM_BASE - 20
    tallest = max(1, int(counts.max()))
    bins = tuple(
        Bin(
            float(edges[i]),
            float(edges[i + 1]),
            int(n),
            x=i * step + 2,
            y=_HISTOGRAM_BASE - top * n / tallest,
            width=step - 4,
            height=top * n / tallest,
        )
        for i, n in enumerate(counts)
    )
    return Histogram(_CHART_WIDTH, _HISTOGRAM_HEIGHT, _HISTOGRAM_BASE, bins)


def heat_map(report: EvalReport) -> HeatMap:
    """The confusion matrix of the classes in the report's table, and "no class" if it occurs."""
    counts = report.matrix.counts
    ids = [score.id for score in report.per_class]
    columns = ids + [counts.shape[1] - 1] * bool(counts[ids, -1].any())
    cell, font = cell_size(len(ids))
    names = [report.name(i) for i in columns]
    room = label_room(names, font)
    left, top = room + 12, room + 12
    cells, hidden = _cells(report, ids, columns, (left, top))
    return HeatMap(
        left + cell * len(columns) + 4,
        top + cell * len(ids) + 4,
        cell,
        font,
        left,
        top,
        tuple(axis_label(report.name(i), top + (r + 0.5) * cell, font) for r, i in enumerate(ids)),
        tuple(axis_label(n, left + (c + 0.5) * cell, font) for c, n in enumerate(names)),
        cells,
        hidden,
        (tuple(ids), tuple(columns)),
    )


def _cells(
    report: EvalReport, ids: list[int], columns: list[int], origin: tuple[float, float]
) -> tuple[tuple[Cell, ...], int]:
    """The cells worth drawing and how many are not."""
    size, _ = cell_size(len(ids))
    least = _SEEN_SHARE if len(ids) > MANY else 0.0
    out, hidden = [], 0
    guessed = report.matrix.counts.sum(axis=0)
    for r, truth in enumerate(ids):
        total = int(report.matrix.counts[truth].sum())
        for c, predicted in enumerate(columns):
            count = int(report.matrix.counts[truth, predicted])
            if not count:
                continue
            share = count / total
            if max(share, count / guessed[predicted]) < least and truth != predicted:
                hidden += 1
                continue
            out.append(
                Cell(
                    origin[0] + c * size,
                    origin[1] + r * size,
                    report.name(truth),
                    report.name(predicted),
                    count,
                    share,
                    strength(share),
                    truth == predicted,
                    cell_text(share, len(ids)),
                    r,
                    c,
                )
            )
    return tuple(out), hidden


def strength(share: float) -> float:
    """How strongly a share is painted: by its root, so that a few per cent can be seen."""
    return 0.06 + 0.94 * math.sqrt(share)


def cell_text(share: float, classes: int) -> str:
    """Per cent, where the cell has room for it."""
    if classes > MANY or (classes > _ROOMY and share < 0.01):
        return ""
    return "<1" if share < 0.005 else f"{share * 100:.0f}"


def cell_size(classes: int) -> tuple[float, float]:
    """Side of a cell and size of its label."""
    if classes <= _ROOMY:
        return 44.0, 13.0
    return (28.0, 12.0) if classes <= MANY else (13.0, 10.0)


def axis_label(name: str, at: float, font: float = _CHART_FONT) -> AxisLabel:
    """The name, cut to the room for names."""
    return AxisLabel(name, shortened(name, font, _LONGEST_LABEL), at)


def label_room(names: Sequence[str], font: float = _CHART_FONT) -> float:
    """What the names take beside an axis."""
    return min(_LONGEST_LABEL, max((_width(name, font) for name in names), default=0.0))


def shortened(text: str, font: float, room: float) -> str:
    """The text, cut with an ellipsis where it would be wider; nothing where nothing fits."""
    short = text
    while short and _width(short, font) > room:
        short = short[:-1]
    return text if short == text else f"{short[:-1]}…" if short else ""


def _width(text: str, font: float) -> float:
    """About how wide a text is drawn."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return font * (wide * _WIDE_LETTER + (len(text) - wide) * _LETTER)
