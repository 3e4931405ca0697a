"""The numbers that stand first: each with its interval, beside what no network scores."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from segdata.miou_rules import MIOU_RULES
from segdata.scores import EvalReport, Interval

_OVER = {"classes": "classes", "images": "every image", "pixels": "pixels"}


@dataclass(frozen=True)
class Headline:
    """One score: ``baselines`` are names and scores of predictors that see no photo."""

    name: str
    meaning: str
    value: float
    interval: str
    baselines: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class RuleRow:
    """What the same predictions score under one rule, in words how; ``why`` it has no score."""

    name: str
    value: float
    chosen: bool
    difference: str
    absent: str
    only_predicted: str
    over: str
    source: str
    why: str


def headlines(report: EvalReport) -> list[Headline]:
    """Every score but the mean IoU, which has a place of its own."""
    found = report.intervals
    counts = report.matrix.by_class
    rows = (
        ("pixel_accuracy", "Pixel accuracy", "share of the pixels that are right"),
        ("mean_accuracy", "Mean accuracy", "mean of the classes' recall"),
        ("frequency_weighted_iou", "Frequency-weighted IoU", "IoU weighted by the classes' share"),
    )
    return [
        Headline(
            name,
            meaning,
            float(getattr(counts, field)),
            "" if found is None else reach(getattr(found, field)),
            tuple((b.name, getattr(b, field)) for b in report.baselines),
        )
        for field, name, meaning in rows
    ]


def rule_rows(report: EvalReport) -> Iterator[RuleRow]:
    """The mean IoU under every rule."""
    for name, value in report.rules.items():
        rule, chosen = MIOU_RULES[name], name == report.rule
        whole = rule.over == "pixels"
        yield RuleRow(
            name,
            value,
            chosen,
            "" if chosen else _difference(value - report.miou),
            "adds nothing" if whole else _counted(rule.absent),
            "adds to the union" if whole else _counted(rule.only_predicted),
            _OVER[rule.over],
            rule.source,
            _why_undefined(report) if math.isnan(value) else "",
        )


def _difference(difference: float) -> str:
    if math.isnan(difference):
        return "–"
    shown = f"{difference:+.3f}".replace("-", "\u2212")
    return "same" if float(f"{difference:.3f}") == 0 else shown


def _counted(value: float | None) -> str:
    if value is None:
        return "left out"
    return "no mean" if math.isnan(value) else f"counts as {value:g}"


def reach(interval: Interval) -> str:
    """An interval as ``0.41 to 0.55``; empty where it is undefined."""
    if math.isnan(interval.low):
        return ""
    return f"{interval.low:.3f} to {interval.high:.3f}"


def resampled(report: EvalReport) -> str:
    """Of what the intervals are; empty where there are none."""
    found = report.intervals
    return "" if found is None else f"in {found.level * 100:g}\u00a0% of resampled {found.unit}"


def _why_undefined(report: EvalReport) -> str:
    if not report.pixels:
        return "no pixel could be scored"
    absent = [c.name for c in report.per_class if math.isnan(c.iou)]
    if not absent:
        return "no score"
    more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
    return f"neither in the truth nor predicted: {', '.join(absent[:3])}{more}"
