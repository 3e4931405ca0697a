"""Rules about the scores of single classes that a log holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty
from segdata.rules import Statement, further
from segdata.rules.outcome import one_class_scores
from segdata.rules.training.reference import evidence_of
from segdata.rules.wording import counted, percent

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts

# Above this share of the pixels the others are not rare, whatever the network makes of them.
_RARE = 0.1
# Pictures that a network can learn by heart, and how much worse it then gets on others.
_FEW, _WORSE = 50, 1.5


@further("I11")
def one_class_in_validation(case: CaseFacts) -> Iterator[Statement]:
    """One class has all of the last validation."""
    found = one_class_scores(case.log) if case.log is not None else None
    if case.log is None or found is None or _asked(case):
        return
    name, score = found
    others = [other for other in case.log.class_scores if other != name]
    yield Statement(
        message=f"in the last validation {name} has an IoU of {percent(score)}, and "
        f"{_named(others)} 0: the network collapsed to one class",
        certainty=Certainty.MEDIUM,
        path=case.log.where,
        evidence={"iou": {n: one.points[-1][1] for n, one in case.log.class_scores.items()}},
        fix="give the doctor the labels too: add the dataset folder, or --labels DIR",
    )


@further("T01")
def others_are_rare(case: CaseFacts) -> Iterator[Statement]:
    """Where one class is answered everywhere, its IoU is its share of the pixels."""
    found = one_class_scores(case.log) if case.log is not None else None
    if case.log is None or found is None or case.labels is not None or _asked(case):
        return
    name, score = found
    if 1 - score > _RARE:
        return
    yield Statement(
        message=f"{name} alone is answered, and is {percent(score)} of the pixels: all others "
        f"share {percent(1 - score)}. If nothing is wrong with their labels, they are too rare for "
        "so few steps",
        certainty=Certainty.HINT,
        path=case.log.where,
        evidence={"share_of_the_rare": round(1 - score, 5)},
        fix="check the labels first: segdata validate DATASET; then train longer, and with class "
        "weights",
        missing=("the labels: --labels DIR, how frequent the classes are and what ids they have",),
    )


@further("T20")
def learned_by_heart(case: CaseFacts) -> Iterator[Statement]:
    """The loss of validation rises while that of training falls, and there are few pictures."""
    log, labels = case.log, case.labels
    if log is None or labels is None or log.loss.first is None or log.loss.last is None:
        return
    told = sum(n for name, n in labels.samples.items() if name.startswith("train"))
    pictures = told or labels.labels
    curve = next((one for name, one in log.metrics.items() if "loss" in name.lower()), None)
    if curve is None or not 0 < pictures < _FEW or log.loss.last > log.loss.first / 2:
        return
    lowest, last = curve.lowest, curve.last
    if lowest is None or last is None or lowest <= 0 or last < _WORSE * lowest:
        return
    yield Statement(
        message=f"{counted(pictures, 'picture')} to train on are few, and are learned by heart: "
        f"the loss of validation rose from {lowest:.3g} to {last:.3g}, while that of training fell "
        f"to {log.loss.last:.3g}",
        certainty=Certainty.HINT,
        path=log.where,
        count=pictures,
        evidence={**evidence_of(log), "lowest_validation_loss": lowest},
        fix="label more images of other scenes; begin with pretrained weights",
    )


def _asked(case: CaseFacts) -> bool:
    """Whether predictions or scores say it themselves."""
    return case.predictions is not None or case.logits is not None


def _named(others: list[str]) -> str:
    return f"{others[0]} has" if len(others) == 1 else f"all {len(others)} others have"
