"""An evaluation as a table for spreadsheets, and as text for pull requests."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segdata.reports import wording
from segdata.reports.headlines import headlines, reach, resampled, rule_rows
from segdata.scores import ClassScore, EvalReport, Interval

# A class is shown with what it is most often taken for from this share of its pixels on.
_TAKEN_SHARE = 0.01
_UNKNOWN = Interval(math.nan, math.nan)
# Sentences about confusions in a pull request.
_TOLD = 5


@dataclass(frozen=True)
class Taken:
    """What a class is most often taken for; no name where that is hardly ever."""

    name: str
    share: float


def taken_for(report: EvalReport, score: ClassScore) -> Taken:
    """What the class is most often taken for."""
    counts = report.matrix.counts[score.id].copy()
    counts[score.id] = 0
    most = int(np.argmax(counts))
    share = int(counts[most]) / score.pixels if score.pixels else 0.0
    return Taken(report.name(most) if share >= _TAKEN_SHARE else "", share)


def interval_of(report: EvalReport, class_id: int) -> Interval:
    """The interval of a class's IoU; NaN where there is none."""
    return _UNKNOWN if report.intervals is None else report.intervals.iou[class_id]


def class_table(report: EvalReport) -> str:
    """CSV: every class with all its scores; what is undefined is empty."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(
        ["id", "name", "iou", "iou_low", "iou_high", "dice", "precision", "recall", "boundary_iou",
         "pixels", "predicted", "taken_for", "taken_for_share"]
    )  # fmt: skip
    for c in report.per_class:
        interval, taken = interval_of(report, c.id), taken_for(report, c)
        scores = (
            c.iou, interval.low, interval.high, c.dice, c.precision, c.recall, c.boundary_iou
        )  # fmt: skip
        table.writerow(
            [c.id, c.name, *map(_number, scores), c.pixels, c.predicted, taken.name,
             _number(taken.share) if taken.name else ""]
        )  # fmt: skip
    return out.getvalue()


def markdown(report: EvalReport) -> str:
    """GitHub's Markdown: headline, classes, rules, and what is confused with what."""
    parts = [
        _headline(report), _scores(report), *map(_note, wording.warnings(report)),
        "### Classes\n\n" + _classes(report), _confusions(report),
        "### The same predictions under every rule\n\n" + _rules(report), _provenance(report),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(report: EvalReport) -> str:
    found = report.intervals
    sure = f", {reach(found.miou)} {resampled(report)}" if found and reach(found.miou) else ""
    return (
        f"## mIoU {wording.score(report.miou)}{sure}\n\n"
        f"Rule {report.rule}, {len(report.images):,} images. {_escaped(wording.verdict(report))}"
    ).rstrip()


def _scores(report: EvalReport) -> str:
    names = [b.name for b in report.baselines]
    found = report.intervals
    mean = [wording.score(report.miou), reach(found.miou) if found else ""]
    rows = [["mean IoU", *mean, *(wording.score(b.miou) for b in report.baselines)]]
    for line in headlines(report):
        others = (wording.score(value) for _, value in line.baselines)
        name = line.name[:1].lower() + line.name[1:]
        rows.append([name, wording.score(line.value), line.interval, *others])
    return _table(["score", "this prediction", "interval", *names], rows, first=1)


def _classes(report: EvalReport) -> str:
    near = report.boundary is not None
    head = ["class", "IoU", "interval", "Dice", "precision", "recall", *["Boundary IoU"] * near]
    rows = []
    for c in report.per_class:
        taken = taken_for(report, c)
        scores = [c.dice, c.precision, c.recall, *[c.boundary_iou] * near]
        rows.append(
            [c.name, wording.score(c.iou), reach(interval_of(report, c.id)),
             *map(wording.score, scores), f"{c.pixels:,}",
             f"{taken.name} {wording.percent(taken.share)}" if taken.name else "–"]
        )  # fmt: skip
    return _table([*head, "pixels", "most often taken for"], rows, first=1)


def _confusions(report: EvalReport) -> str:
    lines = []
    for c in report.confusions(_TOLD):
        truth, predicted = _escaped(report.name(c.truth)), _escaped(report.name(c.predicted))
        lines.append(
            f"- **{truth}** is taken for **{predicted}** in {wording.percent(c.share)} of its "
            f"pixels; without that the mIoU would be about {c.miou_gain:.3f} higher."
        )
    return "### What is confused with what\n\n" + "\n".join(lines) if lines else ""


def _rules(report: EvalReport) -> str:
    rows = [
        [f"**{r.name}**" if r.chosen else r.name, wording.score(r.value), r.why or r.source]
        for r in rule_rows(report)
    ]
    return _table(["rule", "mIoU", "who does so"], rows, first=1, plain=1)


def _provenance(report: EvalReport) -> str:
    lines = [f"{_escaped(k)}: {_escaped(v)}" for k, v in report.provenance.items()]
    if not lines:
        return ""
    body = "\n".join(f"- {line}" for line in lines)
    return f"<details><summary>Provenance</summary>\n\n{body}\n\n</details>"


def _note(text: str) -> str:
    return f"> {_escaped(text)}"


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, first: int, plain: int = 0
) -> str:
    """A table whose columns from ``first`` on are numbers, but for the last ``plain`` ones."""
    numbers = range(first, len(head) - plain)
    line = ["---:" if i in numbers else "---" for i in range(len(head))]
    cells = [[_escaped(text) for text in head], line, *([_cell(text) for text in r] for r in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _cell(text: str) -> str:
    return text if text.startswith("**") else _escaped(text)


def _escaped(text: str) -> str:
    """Text without what Markdown or HTML would read; line breaks become spaces."""
    for sign in "\\`*_[]<>|#~":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split("\n")).replace("&", "&amp;")


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6f}"
