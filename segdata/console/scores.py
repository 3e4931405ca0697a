"""How scores look: the per-class table, the mean with its rule, and what beats no network."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.reports.wording import verdict, warnings
from segdata.scores import EvalReport, Interval

_BAR = 20
# Groups that are shown, the lowest scores first.
_GROUPS = 12


def to_json(report: EvalReport) -> dict[str, Any]:
    return report.to_json()


def render(report: EvalReport, console: Console) -> None:
    console.print(_classes(report))
    if report.pairing is not None and report.pairing.how:
        console.print(f"{report.pairing.paired} pairs joined {report.pairing.how}", highlight=False)
    unscored = [] if report.pixels else [verdict(report)]
    for warning in [*unscored, *warnings(report)]:
        console.print(Text(f"note: {warning}", style="yellow"))
    if report.groups:
        console.print(_groups(report))
    line = Text(f"mIoU {_mean(report.miou)}", style="bold")
    line.append(f"{_headline(report)}", style="not bold")
    console.print(line)
    for baseline in report.baselines:
        console.print(f"     {_mean(baseline.miou)}  {baseline.name}: {baseline.detail}")
    counts = report.matrix.by_class
    console.print(
        f"pixel accuracy {_mean(float(counts.pixel_accuracy))}, "
        f"mean accuracy {_mean(float(counts.mean_accuracy))}, "
        f"frequency-weighted IoU {_mean(float(counts.frequency_weighted_iou))}"
    )
    for sentence in _further(report):
        console.print(sentence, highlight=False)


def _classes(report: EvalReport) -> Table:
    near = report.boundary is not None
    names = [
        "id",
        "class",
        "IoU",
        "",
        "precision",
        "recall",
        "Dice",
        *["boundary"] * near,
        "pixels",
    ]
    table = Table(*names, box=None, pad_edge=False)
    for column in (0, 2, *range(4, len(names))):
        table.columns[column].justify = "right"
    for score in report.per_class:
        table.add_row(
            str(score.id), score.name, _fraction(score.iou), _bar(score.iou),
            _fraction(score.precision), _fraction(score.recall), _fraction(score.dice),
            *[_fraction(score.boundary_iou)] * near, f"{score.pixels:,}",
        )  # fmt: skip
    return table


def _groups(report: EvalReport) -> Table:
    table = Table("group", "mIoU", "pixel accuracy", "images", box=None, pad_edge=False)
    for column in (1, 2, 3):
        table.columns[column].justify = "right"
    for group in report.groups[:_GROUPS]:
        accuracy = _fraction(group.pixel_accuracy)
        table.add_row(group.name, _fraction(group.miou), accuracy, str(group.images))
    rest = len(report.groups) - _GROUPS
    if rest > 0:
        table.add_row(f"and {rest} more that score higher")
    return table


def _headline(report: EvalReport) -> str:
    found = report.intervals
    images = "1 image" if len(report.images) == 1 else f"{len(report.images)} images"
    if found is None or math.isnan(found.miou.low):
        return f" (rule {report.rule}), {images}"
    what = f"{found.units} groups of {images}" if found.unit == "groups" else images
    return (
        f" ({_range(found.miou)} in {found.level:.0%} of resampled {found.unit}; "
        f"rule {report.rule}), {what}"
    )


def _range(interval: Interval) -> str:
    return f"{_mean(interval.low)} to {_mean(interval.high)}"


def _mean(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.4f}"


def _further(report: EvalReport) -> list[str]:
    out = []
    if report.boundary is not None:
        out.append(f"mean Boundary IoU {_fraction(report.boundary_miou)}")
    if report.calibration is not None:
        found = report.calibration
        out.append(
            f"calibration error (ECE) {_fraction(found.error)}: confidence "
            f"{_fraction(found.mean_confidence)} on average, {_fraction(found.accuracy)} right"
        )
    others = {n: v for n, v in report.rules.items() if _mean(v) != _mean(report.miou)}
    if others:
        out.append(
            "the same predictions under other rules: "
            + ", ".join(f"{name} {_mean(value)}" for name, value in others.items())
        )
    return out


def _fraction(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _bar(value: float) -> str:
    return "" if math.isnan(value) else "█" * round(_BAR * value)
