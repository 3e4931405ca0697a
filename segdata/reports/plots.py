"""Geometry of the charts of statistics; the templates draw it as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from segdata.reports import charts
from segdata.reports.charts import AxisLabel, Cell, HeatMap
from segdata.statistics import ClassStatistics, SplitStatistics, Statistics

# Width of the drawing that a phone shows unscaled; what a class takes of its height, and the axis.
_WIDTH, _ROW, _AXIS = 420.0, 22.0, 24.0
# Room after the axis for the half of its last number; dots of a class stand so far from each other.
_END, _APART = 26.0, 5.0
# Shares are drawn over at most so many powers of ten, from 100 % down.
_DECADES = 6
# Splits that have a mark of their own; classes whose meetings are drawn, the most frequent ones.
_SPLITS, _MET = 3, 40


@dataclass(frozen=True)
class Dot:
    """A share of one split: ``x`` and ``y`` of its middle."""

    split: str
    mark: int
    share: float
    x: float
    y: float


@dataclass(frozen=True)
class DotRow:
    """One class: its name, ``y`` of its middle, and a dot for every split that has it."""

    label: AxisLabel
    y: float
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Tick:
    text: str
    x: float


@dataclass(frozen=True)
class DotPlot:
    """Shares of the pixels on a logarithmic axis.

    Args:
        left: where the axis begins; names are before it.
        base: where it stands.
        end: where it ends.
        splits: names by mark.
    """

    width: float
    height: float
    left: float
    base: float
    end: float
    rows: tuple[DotRow, ...]
    ticks: tuple[Tick, ...]
    splits: tuple[str, ...]


def shares(statistics: Statistics) -> DotPlot:
    """How much of each split each class is, the largest class first."""
    splits = _drawn(statistics)
    by_size = sorted(statistics.whole.classes, key=lambda entry: (-entry.pixels, entry.id))
    classes = [entry for entry in by_size if entry.pixels]
    of_split = [{entry.id: entry for entry in split.classes} for split in splits]
    smallest = min((e.share for of in of_split for e in of.values() if e.share), default=1.0)
    decades = min(_DECADES, max(1, math.ceil(-math.log10(smallest))))
    left = charts.label_room([entry.name for entry in classes]) + 12
    room = _WIDTH - left - _END

    def at(share: float) -> float:
        return left + room * max(0.0, 1 + math.log10(share) / decades)

    rows = []
    for number, entry in enumerate(classes):
        y = number * _ROW + _ROW / 2
        dots = tuple(
            Dot(
                split.name,
                mark,
                of[entry.id].share,
                at(of[entry.id].share),
                y + _APART * (mark - (len(splits) - 1) / 2),
            )
            for mark, (split, of) in enumerate(zip(splits, of_split, strict=True))
            if of[entry.id].share
        )
        rows.append(DotRow(charts.axis_label(entry.name, y), y, dots))
    base = len(rows) * _ROW
    ticks = tuple(Tick(f"{10.0 ** (2 - d):g} %", at(10.0**-d)) for d in range(decades + 1))
    names = tuple(split.name for split in splits)
    return DotPlot(_WIDTH, base + _AXIS, left, base, left + room, tuple(rows), ticks, names)


def _drawn(statistics: Statistics) -> tuple[SplitStatistics, ...]:
    """The first splits, without one that only joins train and val."""
    names = {split.name for split in statistics.splits}
    joined = {"trainval"} if names >= {"train", "val"} else set()
    splits = tuple(split for split in statistics.splits if split.name not in joined)
    return (splits or (statistics.whole,))[:_SPLITS]


def meetings(split: SplitStatistics) -> HeatMap | None:
    """Of the labels that hold the row's class, the share that holds the column's as well."""
    if split.meetings is None:
        return None
    by_images = sorted(split.classes, key=lambda entry: (-entry.images, entry.id))
    classes = sorted((e for e in by_images[:_MET] if e.images), key=lambda entry: entry.id)
    cell, font = charts.cell_size(len(classes))
    names = [entry.name for entry in classes]
    left = top = charts.label_room(names, font) + 12
    side = cell * len(classes) + 4
    return HeatMap(
        left + side, top + side, cell, font, left, top,
        tuple(charts.axis_label(n, top + (i + 0.5) * cell, font) for i, n in enumerate(names)),
        tuple(charts.axis_label(n, left + (i + 0.5) * cell, font) for i, n in enumerate(names)),
        tuple(_cells(split, classes, cell, left)),
        len([entry for entry in split.classes if entry.images]) - len(classes),
    )  # fmt: skip


def _cells(
    split: SplitStatistics, classes: Sequence[ClassStatistics], size: float, origin: float
) -> list[Cell]:
    assert split.meetings is not None
    out = []
    for r, one in enumerate(classes):
        for c, other in enumerate(classes):
            count = int(split.meetings[one.id, other.id])
            if not count:
                continue
            share = count / one.images
            out.append(
                Cell(
                    origin + c * size, origin + r * size, one.name, other.name, count, share,
                    share, r == c, charts.cell_text(share, len(classes)),
                )
            )  # fmt: skip
    return out
