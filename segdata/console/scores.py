"""How scores look: the per-class table, the mean with its rule, and what beats no network."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.reports.wording import warnings
from segdata.scores import EvalReport

_BAR = 20


def to_json(report: EvalReport) -> dict[str, Any]:
    return report.to_json()


def render(report: EvalReport, console: Console) -> None:
    table = Table("id", "class", "IoU", "", "precision", "recall", "pixels", box=None,
                  pad_edge=False)  # fmt: skip
    for column in (0, 2, 4, 5, 6):
        table.columns[column].justify = "right"
    for score in report.per_class:
        table.add_row(
            str(score.id), score.name, _fraction(score.iou), _bar(score.iou),
            _fraction(score.precision), _fraction(score.recall), f"{score.pixels:,}",
        )  # fmt: skip
    console.print(table)
    for warning in warnings(report):
        console.print(Text(f"note: {warning}", style="yellow"))
    line = Text(f"mIoU {report.miou:.4f}", style="bold")
    line.append(f" (rule {report.rule}), {len(report.images)} images", style="not bold")
    console.print(line)
    for baseline in report.baselines:
        console.print(f"     {baseline.miou:.4f}  {baseline.name}: {baseline.detail}")
    matrix = report.matrix
    console.print(
        f"pixel accuracy {matrix.pixel_accuracy:.4f}, mean accuracy {matrix.mean_accuracy:.4f}, "
        f"frequency-weighted IoU {matrix.frequency_weighted_iou:.4f}"
    )


def _fraction(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _bar(value: float) -> str:
    return "" if math.isnan(value) else "█" * round(_BAR * value)
