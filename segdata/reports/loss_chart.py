"""The loss of a training against what a network reaches that never looks at the photo."""

from __future__ import annotations

import math
from dataclasses import dataclass

from segdata.evidence import CaseFacts
from segdata.reports.curves import Axes, LineChart, Series, line_chart
from segdata.reports.training_charts import thin

# Values beyond this many times ln(K) would press the lines onto the axis.
_HIGHEST = 3.0


@dataclass(frozen=True)
class LossChart:
    """The chart, and what must be known to read it.

    Args:
        notes: sentences.
    """

    chart: LineChart
    notes: tuple[str, ...]


def loss_chart(facts: CaseFacts) -> LossChart | None:
    """The curve with ln(K), what guessing costs, and the entropy of the labels, what is reached by
    knowing how frequent each class is (fault catalogue, fact 3); None without a loss."""
    if facts.log is None:
        return None
    points = facts.log.loss.points
    finite = [(step, value) for step, value in points if math.isfinite(value)]
    levels = _levels(facts)
    cap = _HIGHEST * max(levels.values(), default=math.inf)
    drawn = [(step, min(value, cap)) for step, value in finite]
    if not drawn:
        return None
    first, last = drawn[0][0], drawn[-1][0]
    series = [Series("loss", thin(drawn), main=True, dots=len(drawn) <= 30)]
    series += [Series(name, [(first, value), (last, value)]) for name, value in levels.items()]
    chart = line_chart(series, Axes(title="Training loss by step", x="step"))
    return None if chart is None else LossChart(chart, _notes(facts, cap))


def _levels(facts: CaseFacts) -> dict[str, float]:
    labels = facts.labels
    if labels is None or labels.num_classes < 2:
        return {}
    levels = {"ln(K)": math.log(labels.num_classes)}
    if 0 < labels.entropy < levels["ln(K)"]:
        levels["entropy"] = labels.entropy
    return levels


def _notes(facts: CaseFacts, cap: float) -> tuple[str, ...]:
    notes = []
    labels, points = facts.labels, facts.log.loss.points if facts.log else ()
    levels = _levels(facts)
    if labels is not None and levels:
        notes.append(
            f"ln(K) = {levels['ln(K)']:.3f}: the loss of guessing among {labels.num_classes} "
            "classes. Training from random weights begins there."
        )
    if "entropy" in levels:
        notes.append(
            f"entropy = {levels['entropy']:.3f}: the loss of a network that only knows how "
            "frequent each class is. A curve that stays there has found nothing in the photos."
        )
    above = sum(math.isfinite(value) and value > cap for _, value in points)
    if above:
        notes.append(f"{above:,} values above {cap:.3g} are drawn at {cap:.3g}.")
    lost = [step for step, value in points if not math.isfinite(value)]
    if lost:
        notes.append(f"{len(lost):,} values are no numbers, the first at step {lost[0]:,}.")
    return tuple(notes)
