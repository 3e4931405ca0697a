"""Rules about the shape of the loss over the steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import TELLS, classes, entropy, outcome, tells_objects, trainings
from segdata.rules.wording import percent

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LogFacts

# Fault catalogue, fact 3: labels that say nothing about the photos end at 88 to 94 % of the
# entropy, a rate that is far too high at 101 %.
_PLATEAU, _ABOVE = 0.85, 1.1
# Appendix 2: at step 20 the loss of labels with one class was 0 to 2 % of the healthy one's
# entropy, and a healthy run ended at 2 % after 300 steps.
_NOTHING, _AT_ONCE = 0.015, 100
_FEW_EPOCHS = 2
# Or in this share of the log, where it is written seldom.
_EARLY = 0.06
# Where nobody knows the entropy.
_NOTHING_ANYWHERE = 0.004
# Appendix 2: rate 1e-6 went from 0.69 to 0.685 in 300 steps.
_UNMOVED = 0.03
# Rates from which DeepLab's networks learn nothing, or are thrown off (train.py: 1e-4 to 7e-3).
_LOW_RATE, _HIGH_RATE = 1e-5, 0.1
# A loss that rises to a multiple of its beginning has been thrown off; said only where it then
# lies flat or still grows, so a few noisy points do not matter.
_THROWN = 2.0
_SLOWER = "lower the learning rate a hundredfold, and train into a new, empty folder"
_SETTLES = "--batch FILE.npz: one batch as the loader gives it (image and label)"


@rule("T03", level=Level.ERROR)
def learning_rate_far_off(case: CaseFacts) -> Iterator[Statement]:
    """The learning rate is far too low or far too high.

    What: the loss stays where it began, at ln(classes); or it jumps to a multiple of it and then
    lies flat where a network without any knowledge of the photos lies; or it grows to its end.

    Why it hurts: too low a rate changes nothing within the run; too high a rate throws the weights
    off until every unit is dead. Either way the answer is one class.

    How to fix: 1e-4 to fine-tune with momentum, 7e-3 with batches of 16 (DeepLab's train.py), 1e-3
    with Adam; change it tenfold and look at the first hundred steps.
    """
    log = case.log
    if log is None or outcome(case) == "works":
        return
    rate = _rate(case)
    found = _too_low(log, case, rate) or _too_high(log, case, rate) or _growing(log)
    if found is None:
        return
    what, fix, certainty = found
    yield Statement(
        message=what + (f"; the learning rate is {rate:g}" if rate is not None else ""),
        certainty=certainty,
        path=log.where,
        evidence={**evidence_of(log), **_references(case), "learning_rate": rate},
        fix=fix,
        missing=() if rate is not None else ("the learning rate: --script FILE with the command",),
    )


def _too_low(
    log: LogFacts, case: CaseFacts, rate: float | None
) -> tuple[str, str, Certainty] | None:
    first, last = log.loss.first, log.loss.last
    count = classes(case)
    if first is None or last is None or log.loss.trend is None or first <= 0:
        return None
    if abs(last / first - 1) > _UNMOVED or (rate is not None and rate > 100 * _LOW_RATE):
        return None
    even = math.log(count) if count and count > 1 else None
    if even is not None and not 0.9 * even <= last <= 1.5 * even:
        return None
    level = f", ln({count}) = {even:.3g}" if even is not None else ""
    sure = rate is not None and rate < _LOW_RATE
    return (
        f"the loss has not moved: {first:.3g} at first, {last:.3g} in the last fifth{level}",
        "raise the learning rate tenfold: 1e-4 to fine-tune, 7e-3 with batches of 16",
        Certainty.STRONG if sure else Certainty.MEDIUM,
    )


def _too_high(
    log: LogFacts, case: CaseFacts, rate: float | None
) -> tuple[str, str, Certainty] | None:
    first, last, reference = log.loss.first, log.loss.last, entropy(case)
    if first is None or last is None or not log.loss.flat:
        return None
    begun = log.loss.finite[0]
    thrown = max(log.loss.finite[: len(log.loss.finite) // 2]) > _THROWN * begun
    fast = rate is not None and rate >= _HIGH_RATE
    at_entropy = reference is not None and _PLATEAU <= last / reference <= 1.5
    if not (at_entropy or (thrown and last > 0.5 * begun)) or not (thrown or fast):
        return None
    high = max(log.loss.finite)
    return (
        f"the loss jumped from {begun:.3g} to {high:.3g} and lies flat at {last:.3g} since"
        if thrown
        else f"the loss lies flat at {last:.3g}",
        _SLOWER,
        Certainty.STRONG if fast and thrown else Certainty.MEDIUM,
    )


def _growing(log: LogFacts) -> tuple[str, str, Certainty] | None:
    """Still on its way up; what fell to nothing before is another cause (L07)."""
    first, last, trend = log.loss.first, log.loss.last, log.loss.trend
    if first is None or last is None or trend is None or _dived(log.loss.finite):
        return None
    if last < _THROWN * first or trend <= 2 * log.loss.noise:
        return None
    return f"the loss grows: {first:.3g} at first, {last:.3g} at last", _SLOWER, Certainty.MEDIUM


@rule("T17", level=Level.ERROR)
def augmented_alone(case: CaseFacts) -> Iterator[Statement]:
    """Photos are flipped, turned or shuffled in the loader, and their labels are not.

    What: files, pairs and labels are sound, and the loss lies flat where a network lies that knows
    how frequent the classes are and nothing of the photos.

    Why it hurts: what the network is shown as the truth has nothing to do with the photo, so the
    best that it can answer is the most frequent class.

    How to fix: one call for both: torchvision.transforms.v2, or albumentations with image= and
    mask=. Draw one batch as the loader gives it, photo beside label.
    """
    log, reference = case.log, entropy(case)
    if log is None or reference is None or case.labels is None or not case.labels.clean:
        return
    yield from _plateau(log, case, reference)


@further("P01")
def labels_of_other_photos(case: CaseFacts) -> Iterator[Statement]:
    """A flat loss near the entropy, where nothing says that the pairs are sound."""
    log, reference = case.log, entropy(case)
    if log is None or reference is None or case.labels is None or case.labels.clean:
        return
    yield from _plateau(log, case, reference)


def _plateau(log: LogFacts, case: CaseFacts, reference: float) -> Iterator[Statement]:
    last = log.loss.last
    above = _ABOVE + (0.5 / reference if log.with_decay else 0)
    if last is None or outcome(case) == "works" or not log.loss.flat or not log.loss.finite:
        return
    rate = _rate(case)
    if _too_low(log, case, rate) or _too_high(log, case, rate):
        return
    if not _PLATEAU <= last / reference <= above:
        return
    yield Statement(
        message=f"the loss lies flat at {last:.3g}, which is {percent(last / reference)} of the "
        f"labels' entropy ({reference:.3g}): the network learned how frequent the classes are, and "
        "nothing from the photos. Photos and labels do not belong together where it reads them: "
        "shuffled, shifted by one, mirrored or turned",
        certainty=Certainty.MEDIUM if last / reference <= _ABOVE else Certainty.HINT,
        path=log.where,
        evidence={**evidence_of(log), **_references(case)},
        fix="draw a batch as the loader gives it, photo beside label; sort both lists, and turn "
        "and flip both together",
        missing=(_SETTLES, "the script that loads photos and labels: --script FILE"),
    )


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
    step = _nothing_left(case)
    if log is None or step is None or labels is None or not labels.clean:
        return
    yield Statement(
        message=f"the loss fell to nothing by {log.counts[:-1]} {step} (labels with an entropy of "
        f"{labels.entropy:.3g} cannot be learned that fast): where the network reads them, all "
        "pixels have one id",
        certainty=Certainty.MEDIUM,
        path=log.where,
        evidence={**evidence_of(log), **_references(case)},
        fix='load masks as they are: np.array(mask, dtype="int64"); no ToTensor, no / 255',
        missing=(_SETTLES, "the script that loads photos and labels: --script FILE"),
    )


@further("L01")
def one_class_in_the_loss(case: CaseFacts) -> Iterator[Statement]:
    """A loss of nothing within the first steps, where nobody has shown the labels."""
    log = case.log
    step = _nothing_left(case)
    if log is None or step is None or case.labels is not None:
        return
    yield Statement(
        message=f"the loss fell to nothing by {log.counts[:-1]} {step}: the labels that the "
        "network is shown hold one class only; objects painted with the ignore label (255), "
        "masks that are all 0, or masks divided by 255 do that",
        certainty=Certainty.MEDIUM,
        path=log.where,
        evidence=evidence_of(log),
        fix="give the doctor the labels: add the dataset folder, or --labels DIR",
        missing=("the labels: --labels DIR", _SETTLES),
    )


def _nothing_left(case: CaseFacts) -> int | None:
    """The step by which the loss has come from something to nothing, far too early."""
    log, reference = case.log, entropy(case)
    if log is None or outcome(case) == "works" or not log.loss.finite or log.loss.ends_broken:
        return None
    nothing = _NOTHING * reference if reference is not None else _NOTHING_ANYWHERE
    first, last = log.loss.points[0][1], log.loss.last or 0.0
    if last > nothing or first < 10 * nothing:
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
    if not _dived(values) or last < values[0]:
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
        missing=(_SETTLES,) if case.labels else ("the labels: --labels DIR",),
    )


def _dived(values: list[float]) -> bool:
    lowest = min(values)
    return lowest < 0.05 * values[0] and values.index(lowest) < len(values) / 2


@further("T02")
def still_falling(case: CaseFacts) -> Iterator[Statement]:
    """The loss still falls at the end of the log."""
    log, reference = case.log, entropy(case)
    if log is None or not log.loss.falls or log.loss.ends_broken or outcome(case) == "works":
        return
    first, last = log.loss.first, log.loss.last
    goal = reference or first
    if last is None or first is None or goal is None or last > first or _nothing_left(case):
        return
    rest = last / goal
    # A loss this far below the labels' entropy is that of a network that tells objects: if it
    # answers one class all the same, other weights or other images were used, not too few steps.
    if tells_objects(case) or (rest < TELLS and outcome(case) == "unknown"):
        return
    clean = case.labels is not None and case.labels.clean
    yield Statement(
        message="train longer: the loss still falls at the end, by "
        f"{percent(-(log.loss.trend or 0))} within a fifth of the log, from {first:.3g} at first "
        f"to {last:.3g}",
        certainty=Certainty.STRONG if clean and outcome(case) == "useless" else Certainty.MEDIUM,
        path=log.where,
        evidence={**evidence_of(log), **_references(case)},
        fix="train a new run with three times the steps",
        missing=() if clean else ("the labels: --labels DIR, to exclude that they are at fault",),
    )


def _rate(case: CaseFacts) -> float | None:
    """The largest rate of the log, else what the settings say."""
    if case.log is not None and case.log.learning_rate.finite:
        return max(case.log.learning_rate.finite)
    return next((one.learning_rate for one in trainings(case) if one.learning_rate), None)


def _references(case: CaseFacts) -> dict[str, Any]:
    count, reference = classes(case), entropy(case)
    return {
        "entropy_of_labels": reference and round(reference, 4),
        "ln_of_classes": round(math.log(count), 4) if count else None,
    }


def evidence_of(log: LogFacts) -> dict[str, Any]:
    """The curve in numbers."""

    def short(value: float | None) -> float | None:
        return None if value is None else float(f"{value:.4g}")

    return {
        "first_loss": short(log.loss.first),
        "last_loss": short(log.loss.last),
        "change_in_last_fifth": short(log.loss.trend),
        "last_step": log.loss.last_step,
    }
