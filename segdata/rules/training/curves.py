"""Rules about the shape of the loss over the steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import LEARNED, classes, entropy, outcome, tells_objects
from segdata.rules.predictions.fitting import fits_by_chance
from segdata.rules.told import trainings
from segdata.rules.training.reference import SETTLES, evidence_of, references
from segdata.rules.training.vanishing import dived, nothing_left
from segdata.rules.wording import percent

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LogFacts

# Fault catalogue, fact 3: labels that say nothing about the photos end at 88 to 94 % of the
# entropy, a rate that is far too high at 101 %.
_PLATEAU, _ABOVE = 0.85, 1.1
# Appendix 2: rate 1e-6 went from 0.69 to 0.685 in 300 steps.
_UNMOVED = 0.03
# Rates from which DeepLab's networks learn nothing, or are thrown off (train.py: 1e-4 to 7e-3).
_LOW_RATE, _HIGH_RATE = 1e-5, 0.1
# A loss that rises to a multiple of its beginning has been thrown off; said only where it then
# lies flat or still grows, so a few noisy points do not matter.
_THROWN = 2.0
_EXPLODED = 100.0
# What is left of the entropy in a network that answers one class for want of steps: appendix 2, 110
# to 150 %, still falling; useless ones for other reasons 82 % and more.
_LEFT = 0.5
# A loss that is still so much of its first one is that of a training that has hardly begun.
_HARDLY_BEGUN = 0.45
# Each third of a curve of a few points below the one before.
_FELL = 0.97
_SLOWER = "lower the learning rate a hundredfold, and train into a new, empty folder"


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
    if log is None or _works(case):
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
        evidence={**evidence_of(log), **references(case), "learning_rate": rate},
        fix=fix,
        missing=() if rate is not None else ("the learning rate: --script FILE with the command",),
    )


@further("T18")
def weights_never_changed(case: CaseFacts) -> Iterator[Statement]:
    """A loss that does not move at a usual rate, not even to what frequencies alone would give."""
    log, reference, rate = case.log, entropy(case), _rate(case)
    if log is None or reference is None or rate is None or _works(case) or log.with_decay:
        return
    first, last = log.loss.first, log.loss.last
    if first is None or last is None or log.loss.trend is None or log.loss.begins_late:
        return
    if rate <= 100 * _LOW_RATE or abs(last / first - 1) > _UNMOVED or last < _ABOVE * reference:
        return
    yield Statement(
        message=f"the loss has not moved: {first:.3g} at first, {last:.3g} in the last fifth, with "
        f"a learning rate of {rate:g}. Knowing how frequent the classes are would give "
        f"{reference:.3g}: the weights do not change at all",
        certainty=Certainty.MEDIUM,
        path=log.where,
        evidence={**evidence_of(log), **references(case), "learning_rate": rate},
        fix="give the optimizer the parameters of the network that is trained, unfreeze them, and "
        "call loss.backward() and optimizer.step() in every step",
        missing=("two checkpoints of the run: whether their weights differ",),
    )


def _works(case: CaseFacts) -> bool:
    """Whether the training works; predictions that are right by chance do not show it."""
    return outcome(case) == "works" and not fits_by_chance(case)


def _too_low(
    log: LogFacts, case: CaseFacts, rate: float | None
) -> tuple[str, str, Certainty] | None:
    first, last = log.loss.first, log.loss.last
    count = classes(case)
    if first is None or last is None or log.loss.trend is None or first <= 0:
        return None
    if log.loss.begins_late or "init_ignored" in log.notes:
        # The end of a curve, or what follows an earlier run, may well lie flat.
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
    if first is None or last is None or log.loss.trend is None:
        return None
    begun = log.loss.finite[0]
    thrown = max(log.loss.finite[: len(log.loss.finite) // 2]) > _THROWN * begun
    fast = rate is not None and rate >= _HIGH_RATE
    # Thrown to and fro it lies neither flat nor falls.
    if not (log.loss.flat or (thrown and fast and not log.loss.falls)):
        return None
    at_entropy = reference is not None and _PLATEAU <= last / reference <= 1.5
    dead = _exploded(log.loss.finite) or (thrown and last > 0.5 * begun)
    if not (at_entropy or dead) or not (thrown or fast):
        return None
    high = max(log.loss.finite)
    return (
        f"the loss jumped from {begun:.3g} to {high:.3g} and lies flat at {last:.3g} since"
        if thrown
        else f"the loss lies flat at {last:.3g}",
        _SLOWER,
        Certainty.STRONG if fast and thrown else Certainty.MEDIUM,
    )


def _exploded(values: list[float]) -> bool:
    """Whether it rose a hundredfold once and has not moved since, neither up nor down."""
    begun, highest = values[0], max(values)
    if begun <= 0 or highest < _EXPLODED * begun:
        return False
    after = max(at for at, value in enumerate(values) if value >= highest / 2) + 1
    rest = values[after:]
    if len(rest) < len(values) / 2:
        return False
    early, late = median(rest[: len(rest) // 5 + 1]), median(rest[-len(rest) // 5 :])
    return late > begun / 4 and abs(late / early - 1) <= _UNMOVED


def _growing(log: LogFacts) -> tuple[str, str, Certainty] | None:
    """Still on its way up; what fell to nothing before is another cause (L07)."""
    first, last, trend = log.loss.first, log.loss.last, log.loss.trend
    if first is None or last is None or trend is None or dived(log.loss.finite):
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
        # So far above it lies what the decay of weights adds, whatever was learned.
        level=Level.INFO if last / reference > _ABOVE and outcome(case) != "useless" else None,
        path=log.where,
        evidence={**evidence_of(log), **references(case)},
        fix="draw a batch as the loader gives it, photo beside label; sort both lists, and turn "
        "and flip both together",
        missing=(SETTLES, "the script that loads photos and labels: --script FILE"),
    )


@further("T02")
def still_falling(case: CaseFacts) -> Iterator[Statement]:
    """The loss still falls at the end of the log."""
    log, reference = case.log, entropy(case)
    if log is None or not _falls(log, reference) or log.ends_broken or outcome(case) == "works":
        return
    first, last = log.loss.first, log.loss.last
    goal = reference or first
    if last is None or first is None or goal is None or last > first or nothing_left(case):
        return
    rest, enough = last / goal, _LEFT if reference else LEARNED
    # A loss this far below the labels' entropy is that of a network that tells objects: if it
    # answers one class all the same, other weights or other images were used, not too few steps.
    if tells_objects(case) or (outcome(case) == "unknown" and rest < enough):
        return
    clean = case.labels is not None and case.labels.clean
    certainty = Certainty.MEDIUM
    # Of a log alone nobody knows whether its network is of use.
    alone = outcome(case) == "unknown" and not reference and rest < _HARDLY_BEGUN
    if outcome(case) == "useless" and reference:
        # One that lies far below the entropy knows more than one class.
        certainty = Certainty.HINT if rest < _LEFT else certainty
        certainty = Certainty.STRONG if clean and rest >= _LEFT else certainty
    yield Statement(
        message="train longer: the loss still falls at the end, "
        + (f"by {percent(-log.loss.trend)} within a fifth of the log, " if log.loss.trend else "")
        + f"from {first:.3g} at first to {last:.3g}",
        certainty=certainty,
        level=Level.INFO if alone else None,
        path=log.where,
        evidence={**evidence_of(log), **references(case)},
        fix="train a new run with three times the steps",
        missing=() if clean else ("the labels: --labels DIR, to exclude that they are at fault",),
    )


def _falls(log: LogFacts, reference: float | None) -> bool:
    """Whether the loss falls at the end; of a few points each third has to be below the one before,
    and labels have to say that it is high."""
    values = log.loss.finite
    third = len(values) // 3
    if log.loss.trend is not None or third < 2 or reference is None:
        return log.loss.falls
    parts = [max(values[at : at + third]) for at in (0, third, 2 * third)]
    return all(low < _FELL * high for high, low in pairwise(parts))


def _rate(case: CaseFacts) -> float | None:
    """The largest rate of the log, else what the settings say."""
    if case.log is not None and case.log.learning_rate.finite:
        return max(case.log.learning_rate.finite)
    return next((one.learning_rate for one in trainings(case) if one.learning_rate), None)
