"""Charts of scores near the borders of classes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from segdata.reports.charts import AxisLabel, axis_label, label_room
from segdata.reports.curves import Axes, LineChart, Mark, Series, line_chart
from segdata.scores import ClassScore, EvalReport

# Width of the drawing that a phone shows unscaled, what a class takes of its height, and the axis.
_WIDTH, _ROW, _AXIS, _END = 420.0, 24.0, 26.0, 16.0
# Classes that have a name in the chart of curves: those that lose most near borders.
_NAMED = 4


@dataclass(frozen=True)
class Dumbbell:
    """One class: ``x`` of its IoU and of its Boundary IoU, and ``y`` of both."""

    label: AxisLabel
    y: float
    iou: float
    boundary: float
    iou_x: float
    boundary_x: float


@dataclass(frozen=True)
class Dumbbells:
    """IoU and Boundary IoU of every class that has both, the largest loss first."""

    width: float
    height: float
    left: float
    base: float
    end: float
    rows: tuple[Dumbbell, ...]
    ticks: tuple[Mark, ...]


def trimap(report: EvalReport) -> LineChart | None:
    """The mean IoU and the classes' IoU in ever wider bands around borders of the truth."""
    found = report.boundary
    if found is None:
        return None
    mean, *classes = trimap_rows(report)
    lost = sorted(classes, key=lambda row: _loss(row[1]), reverse=True)
    named = {name for name, _ in lost[:_NAMED]}
    series = [
        Series(name, list(zip(found.widths, values, strict=True)), named=name in named)
        for name, values in classes
    ]
    first = Series("mean", list(zip(found.widths, mean[1], strict=True)), main=True, dots=True)
    axes = Axes(
        title="IoU near borders of the truth by the width of the band",
        x="pixels to the nearest border, at most",
        ticks=found.widths,
        log=True,
        unit=True,
    )
    # What is named is drawn over what is not.
    return line_chart([*sorted(series, key=lambda s: s.named), first], axes)


def trimap_rows(report: EvalReport) -> list[tuple[str, list[float]]]:
    """The same as numbers: a name and its IoU in every band, the mean first."""
    found = report.boundary
    if found is None:
        return []
    scored = [found.band(i).iou for i in range(len(found.widths))]
    rows = [("mean", found.means(report.rule))]
    rows += [(c.name, [float(iou[c.id]) for iou in scored]) for c in report.per_class if c.pixels]
    return rows


def dumbbells(report: EvalReport) -> Dumbbells | None:
    """IoU beside Boundary IoU; None where it was not measured."""
    both = [c for c in report.per_class if not math.isnan(c.iou) and not math.isnan(c.boundary_iou)]
    if not both:
        return None
    both.sort(key=lambda c: (c.boundary_iou - c.iou, c.id))
    left = label_room([c.name for c in both]) + 12
    end = _WIDTH - _END
    rows = tuple(_dumbbell(c, i * _ROW + _ROW / 2, left, end) for i, c in enumerate(both))
    base = len(rows) * _ROW
    ticks = tuple(Mark(f"{t:g}", left + (end - left) * t) for t in (0.0, 0.5, 1.0))
    return Dumbbells(_WIDTH, base + _AXIS, left, base, end, rows, ticks)


def _dumbbell(score: ClassScore, y: float, left: float, end: float) -> Dumbbell:
    room = end - left
    return Dumbbell(
        axis_label(score.name, y),
        y,
        score.iou,
        score.boundary_iou,
        left + room * score.iou,
        left + room * score.boundary_iou,
    )


def _loss(values: list[float]) -> float:
    """What is lost from the widest band to the narrowest."""
    known = [v for v in values if not math.isnan(v)]
    return known[-1] - known[0] if known else -1.0
