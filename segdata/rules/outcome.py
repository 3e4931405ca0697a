"""Whether a training came to anything, as far as the evidence tells.

Settings and logs are judged by it: the same batch of one picture is a fault where the network
answers one class everywhere, a doubt where nobody knows, and nothing at all where it works.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from segdata.findings import Level
from segdata.rules.predictions.appearance import is_useless
from segdata.rules.told import trainings, weighed

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LogFacts
    from segdata.evidence.predictions import PredictionFacts

Outcome = Literal["useless", "works", "unknown"]
# Catalogue, appendix 2: useless networks ended at 82 % of the labels' entropy and more, a healthy
# one at 2 %; the first numbers of ``LEARNED`` and below are left to networks that work.
LEARNED = 0.3
# A loss below this share of the entropy is that of a network that tells objects, whatever its
# predictions look like.
TELLS = 0.15
# Appendix 2: a network that answered one class scored 0.44 to 0.50 of two classes, so only a score
# above that says that it works.
_GOOD_SCORE = 0.55
# A class with less is as good as never answered.
_TOLD_APART = 0.1
# One class in nearly all pixels, where the labels have more of the others.
_NEARLY_ALL, _FEWER = 0.995, 0.2


def outcome(case: CaseFacts) -> Outcome:
    """What predictions, else the log's scores, else its loss say."""
    seen = case.predictions
    rightly = seen is not None and _rightly(seen)
    if seen is not None and seen.pixels and not rightly:
        return "useless" if collapsed(case) or is_useless(seen) else "works"
    if case.logits is not None and case.logits.classes and not rightly:
        return "useless" if max(one.won for one in case.logits.classes) == 1 else "works"
    if case.log is None:
        return "unknown"
    if case.log.ends_broken or one_class_scores(case.log) is not None:
        return "useless"
    best = max((score for score in _scores(case.log)), default=0.0)
    reference = entropy(case) or _even(case)
    last = case.log.loss.last
    learned = reference is not None and last is not None and last < LEARNED * reference
    began = case.log.loss.first
    fell = learned and began is not None and last is not None and last > 0.01 * (reference or 0)
    return "works" if best > _GOOD_SCORE or fell else "unknown"


def _rightly(seen: PredictionFacts) -> bool:
    """Whether labels are of the one class that is predicted: that shows nothing of the network."""
    return len(seen.pixels) == 1 and seen.truth is not None and set(seen.truth) == set(seen.pixels)


def collapsed(case: CaseFacts) -> bool:
    """Whether the predictions are one class everywhere, or nearly so and the labels are not."""
    if case.predictions is None or not case.predictions.pixels:
        return False
    pixels = case.predictions.pixels
    total, truth = sum(pixels.values()), case.predictions.truth or {}
    top = max(pixels, key=lambda value: pixels[value])
    if len(pixels) == 1:
        return True
    other = 1 - truth.get(top, 0) / sum(truth.values()) if truth else 0.0
    return pixels[top] / total > _NEARLY_ALL and 1 - pixels[top] / total < _FEWER * other


def graded(case: CaseFacts, *, unknown: Level = Level.WARNING) -> Level | None:
    """How bad a doubtful setting is: None where the training works."""
    return {"useless": Level.ERROR, "unknown": unknown, "works": None}[outcome(case)]


def entropy(case: CaseFacts) -> float | None:
    """What a network's loss is that only knows how frequent the classes are; None where nobody
    knows, or where weights or mining make the loss another one."""
    if case.labels is None or not case.labels.pixels:
        return None
    value = case.labels.entropy
    return None if weighed(case) or value <= 0 else value


def tells_objects(case: CaseFacts) -> bool:
    """Whether the loss ends far below that of a network that knows no more than frequencies."""
    last = case.log.loss.last if case.log is not None else None
    reference = entropy(case)
    return last is not None and reference is not None and last < TELLS * reference


def classes(case: CaseFacts) -> int | None:
    """How many classes the network tells apart."""
    told = next((one.num_classes for one in trainings(case) if one.num_classes), None)
    return told or (case.labels.num_classes if case.labels else None)


def _even(case: CaseFacts) -> float | None:
    """The loss of a network that knows nothing: all classes alike."""
    count = classes(case)
    return math.log(count) if count and count > 1 else None


def samples(case: CaseFacts) -> int:
    """Pictures to learn from; 0 where nobody knows."""
    counted = case.labels.samples if case.labels else {}
    return sum(n for name, n in counted.items() if name.startswith("train"))


def passes(case: CaseFacts) -> float | None:
    """How often each picture was shown: by what the log reached, else by the settings."""
    batch = next((one.batch_size for one in trainings(case) if one.batch_size), None)
    planned = next((one.steps for one in trainings(case) if one.steps), None)
    log = case.log
    if log is not None and log.counts == "epochs" and log.loss.last_step is not None:
        return float(log.loss.last_step)
    reached = log.loss.last_step if log is not None and log.loss.points else None
    steps, total = reached or planned, samples(case)
    return steps * batch / total if steps and batch and total else None


def _scores(log: LogFacts) -> Iterator[float]:
    """The last validation scores, 0 to 1.

    A mean over classes of which one alone has a score says nothing; nor does a perfect score, which
    is that of labels with one class.
    """
    last = [series.points[-1][1] for series in log.class_scores.values() if series.points]
    if last:
        second = sorted((0.0 if math.isnan(score) else score for score in last), reverse=True)[1:2]
        if not second or second[0] < _TOLD_APART:
            return
        yield from second
    for name, series in log.metrics.items():
        if "loss" not in name.lower() and series.finite and series.finite[-1] != 1:
            score = series.finite[-1]
            yield score / 100 if score > 1 else score


def one_class_scores(log: LogFacts) -> tuple[str, float] | None:
    """The class that has all of the last validation, and its IoU; None where several have some.

    At least one of the others was there and has an IoU of 0; what is NaN was not there.
    """
    last = {name: one.points[-1][1] for name, one in log.class_scores.items() if one.points}
    some = {name: score for name, score in last.items() if score > 0}
    none = [name for name, score in last.items() if score == 0]
    return next(iter(some.items())) if len(some) == 1 and none else None
