"""Rules about a loss that falls to nothing, or below it, where no network can be that good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import entropy, outcome
from segdata.rules.told import trainings
from segdata.rules.training.reference import SETTLES, evidence_of, references

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts

# Appendix 2: at step 20 the loss of labels with one class was 0 to 2 % of the healthy one's
# entropy, and a healthy run ended at 2 % after 300 steps.
_NOTHING, _AT_ONCE = 0.015, 100
_FEW_EPOCHS = 2
# Or in this share of the log, where it is written seldom.
_EARLY = 0.06
# Where nobody knows the entropy.
_NOTHING_ANYWHERE = 0.004
_SEVERAL = 10
# Losses made of Dice or IoU end at -1, sums of several at a few of it.
_BELOW = -10.0


@rule("L09", level=Level.ERROR)
def masks_scaled(case: CaseFacts) -> Iterator[Statement]:
    """The loader divides masks by 255, so all ids become 0.

    What: the labels are sound on disk and hold several classes, and the loss falls to nothing
    within the first steps; or the script divides masks by 255, or gives them to ToTensor.

    Why it hurts: 1 divided by 255 is 0 as an integer. The network is shown nothing but class 0,
    learns that at once, and answers it everywhere.

    How to fix: load masks as they are: np.array(mask, dtype="int64"); scale photos only.
    """
    log, labels = case.log, case.labels
    step = nothing_left(case)
    if log is None or step is None or labels is None or not labels.clean:
        return
    yield Statement(
        message=f"the loss fell to nothing by {log.counts[:-1]} {step} (labels with an entropy of "
        f"{labels.entropy:.3g} cannot be learned that fast): where the network reads them, all "
        "pixels have one id",
        certainty=Certainty.MEDIUM,
        path=log.where,
        evidence={**evidence_of(log), **references(case)},
        fix='load masks as they are: np.array(mask, dtype="int64"); no ToTensor, no / 255',
        missing=(SETTLES, "the script that loads photos and labels: --script FILE"),
    )


@further("L01")
def one_class_in_the_loss(case: CaseFacts) -> Iterator[Statement]:
    """A loss of nothing within the first steps, where nobody has shown the labels."""
    log = case.log
    step = nothing_left(case)
    if log is None or step is None or case.labels is not None:
        return
    if case.batch is not None and case.batch.teaches_one_class:
        # It says which of these it is.
        return
    yield Statement(
        message=f"the loss fell to nothing by {log.counts[:-1]} {step}: the labels that the "
        "network is shown hold one class only; objects painted with the ignore label (255), "
        "masks that are all 0, or masks divided by 255 do that",
        certainty=Certainty.MEDIUM,
        path=log.where,
        evidence=evidence_of(log),
        fix="give the doctor the labels: add the dataset folder, or --labels DIR",
        missing=("the labels: --labels DIR", *([] if case.batch else [SETTLES])),
    )


@further("D05")
def zero_reduced_away(case: CaseFacts) -> Iterator[Statement]:
    """The configuration lowers all ids, and the loss is that of a single class."""
    log = case.log
    told = next((one for one in trainings(case) if one.reduce_zero_label), None)
    step = nothing_left(case)
    if log is None or told is None or step is None or case.labels is not None:
        return
    yield Statement(
        message=f"reduce_zero_label is on, and the loss fell to nothing by {log.counts[:-1]} "
        f"{step}: the background is ignored, every other id is lowered by one, and with two "
        "classes one is left",
        certainty=Certainty.STRONG if told.num_classes in (1, 2) else Certainty.MEDIUM,
        path=told.where,
        evidence={**evidence_of(log), "num_classes": told.num_classes},
        fix="set reduce_zero_label=False wherever it stands in the configuration",
        missing=("the labels: --labels DIR",),
    )


@further("D09")
def nothing_from_the_start(case: CaseFacts) -> Iterator[Statement]:
    """A loss of 0 in every line: a softmax over one channel is 1 everywhere."""
    log = case.log
    if log is None or outcome(case) == "works" or len(log.loss.finite) < _SEVERAL:
        return
    if log.ends_broken or max(map(abs, log.loss.finite)) > 0:
        return
    told = next((one for one in trainings(case) if one.one_channel), None)
    yield Statement(
        message="the loss is 0 in every line: "
        + (
            "the network has one channel and a softmax over it, which is 1 everywhere"
            if told
            else "a network with one channel and a softmax over it does that, or labels of which "
            "every pixel is ignored"
        ),
        certainty=Certainty.STRONG if told else Certainty.MEDIUM,
        path=told.where if told else log.where,
        evidence={**evidence_of(log), "num_classes": told.num_classes if told else None},
        fix="train with two channels (background and object), or with a sigmoid and a threshold "
        "of 0.5",
        missing=() if told else ("the labels: --labels DIR", "the script: --script FILE"),
    )


@further("L02")
def below_zero(case: CaseFacts) -> Iterator[Statement]:
    """A cross entropy runs away below zero, which labels above 1 do."""
    log = case.log
    if log is None or log.loss.last is None or outcome(case) == "works":
        return
    lowest, last = log.loss.lowest or 0.0, log.loss.last
    if last > _BELOW or last > lowest / 10 or lowest >= _BELOW * abs(log.loss.finite[0]):
        return
    yield Statement(
        message=f"the loss runs away below zero, from {log.loss.finite[0]:.3g} to {lowest:.3g}: a "
        "cross entropy does that only where labels are above 1, such as masks of 0 and 255 with a "
        "sigmoid",
        certainty=Certainty.MEDIUM,
        path=log.where,
        evidence={**evidence_of(log), "lowest": lowest},
        fix="give a binary loss masks of 0 and 1, and a loss of several classes their ids: "
        "segdata validate DATASET lists what values the labels hold",
        missing=() if case.labels else ("the labels: --labels DIR",),
    )


def nothing_left(case: CaseFacts) -> int | None:
    """The step by which the loss has come from something to nothing, far too early."""
    log, reference = case.log, entropy(case)
    if log is None or outcome(case) == "works" or not log.loss.finite or log.ends_broken:
        return None
    nothing = _NOTHING * reference if reference is not None else _NOTHING_ANYWHERE
    first, last = log.loss.points[0][1], log.loss.last or 0.0
    # An epoch's mean is of many steps, so the first may be near nothing where nothing is answered.
    from_nothing = log.counts == "epochs" and outcome(case) == "useless"
    if last > nothing or (first < 10 * nothing and not from_nothing):
        return None
    reached = next(at for at, (_, value) in enumerate(log.loss.points) if value <= 2 * nothing)
    step = log.loss.points[reached][0]
    soon = step <= (_AT_ONCE if log.counts == "steps" else _FEW_EPOCHS)
    return step if soon or reached <= _EARLY * len(log.loss.points) else None


@further("L07")
def ids_out_of_range(case: CaseFacts) -> Iterator[Statement]:
    """The loss falls to nothing and then grows without bound."""
    log = case.log
    if log is None or outcome(case) == "works" or len(log.loss.finite) < 10:
        return
    values = log.loss.finite
    lowest = min(values)
    last = log.loss.last or 0.0
    if not dived(values) or last < values[0]:
        return
    yield Statement(
        message=f"the loss fell to {lowest:.3g} and then grew without bound, to {last:.3g}: labels "
        "outside the classes do that (their pixels cost nothing and push all scores down)",
        certainty=Certainty.MEDIUM,
        path=log.where,
        evidence=evidence_of(log),
        fix="check what ids the labels have: segdata validate DATASET"
        if case.labels is None
        else "check num_classes of the training, and what the loader makes of the ids",
        missing=(SETTLES,) if case.labels else ("the labels: --labels DIR",),
    )


def dived(values: list[float]) -> bool:
    lowest = min(values)
    return lowest < 0.05 * values[0] and values.index(lowest) < len(values) / 2
