"""Rules about how ids were made of scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.network.logits import evidence_of
from segdata.rules.predictions.appearance import brightened, cut_certainty, reason
from segdata.rules.predictions.fitting import tells_apart
from segdata.rules.predictions.predicting import is_cut_within
from segdata.rules.predictions.scores import is_of_others
from segdata.rules.wording import counted, several

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LogitFacts

# Files that are made of these very scores hold the same id in all but rounded pixels.
_SAME, _OTHER = 0.999, 0.002
# Ways to make ids by the rule that they break, and what they are to a person.
_THRESHOLDS = {
    "0.5 as threshold on raw scores": "a mask where the raw score is above 0.5",
    "a threshold of 0.9 on probabilities": "a mask where the probability is above 0.9",
    "softmax over one channel": "the softmax of a single channel, which is 1 everywhere",
    "sigmoid of what already is one": "a sigmoid of probabilities, which is never below 0.5",
}
_RIGHT, _ONE_ARGMAX = "best class", "best class of one channel"
_AXES = {
    "the classes swapped": "the wrong channel, or the classes swapped",
    "best class but for the first": "the best of all channels but the first, counted from 0",
}
# Files agree with their scores but for what smoothing changes.
_DIFFER = 0.8
# So many files are the same as others by no accident.
_SHIFTED = 3
# How far the threshold of a mask may lie from one half: a few percent of probability.
_OFF, _OFF_PROBABILITY = 0.2, 0.05


@rule("I04", level=Level.ERROR)
def wrong_threshold(case: CaseFacts) -> Iterator[Statement]:
    """The threshold does not fit the scores.

    What: a mask is where the score is above a number, and the number is of another scale: 0.5 on
    raw scores (their half is 0), a sigmoid of what already is one (never below 0.5), the softmax
    of a single channel (always 1), or a threshold far above one half.

    Why it hurts: masks are all black, all white, or too small, whatever the network has learned.

    How to fix: raw scores: compare with 0, or take the sigmoid first and compare with 0.5. Several
    channels: take the class with the largest score.
    """
    yield from _made_by(case, _THRESHOLDS)
    logits = case.logits
    if logits is None or case.predictions is None or not _is_far_off(logits):
        return
    cut = cut_certainty(case) if reason(case) == "V03" else None
    if cut is not None and cut >= Certainty.STRONG:
        return
    yield Statement(
        message=f"the {logits.predicted} predicted files hold 1 where the score is above "
        f"{logits.threshold:.4g}, and the scores' own half is {_half(logits):g}: the right way "
        f"gives other ids in {1 - logits.decodings[_RIGHT]:.1%} of the pixels",
        certainty=Certainty.MEDIUM if cut else Certainty.STRONG,
        path=case.predictions.where,
        count=logits.predicted,
        evidence={"threshold": logits.threshold, **evidence_of(logits)},
        fix="one channel: compare raw scores with 0, probabilities with 0.5; two: take argmax",
    )


@rule("I05", level=Level.ERROR)
def wrong_axis_or_channel(case: CaseFacts) -> Iterator[Statement]:
    """The predicted files are not what the scores say.

    What: the largest score of each pixel gives other ids than the files hold. The best class was
    taken over rows, columns or images instead of the channels, over one channel only, or from the
    wrong channel.

    Why it hurts: files are black, striped or inverted, and the network is blamed for it.

    How to fix: take argmax over the axis of the classes: axis 1 of N×K×H×W, axis -1 of N×H×W×K.
    """
    logits, predictions = case.logits, case.predictions
    if logits is None or predictions is None:
        return
    axis = "take the largest score over the classes: argmax(axis=1) of N×K×H×W, -1 of N×H×W×K"
    if logits.beyond:
        yield Statement(
            message=f"{logits.beyond} of {logits.predicted} predicted files hold more ids than the "
            f"{logits.channels} scores of a pixel: the best was taken over rows or columns",
            certainty=Certainty.STRONG,
            path=predictions.where,
            count=logits.beyond,
            evidence=evidence_of(logits),
            fix=axis,
        )
    elif _name_of(logits) in _AXES:
        yield from _made_by(case, _AXES)
    elif _name_of(logits) is None and _files_alone_constant(case):
        score = f" and reaches a mean IoU of {logits.miou:.2f}" if logits.miou is not None else ""
        yield Statement(
            message=f"all predicted files are class {next(iter(predictions.pixels))}, but the "
            f"largest score of each pixel gives {_shares(logits)}{score}: ids were not made of "
            "these scores in the right way",
            certainty=Certainty.STRONG if logits.predicted else Certainty.MEDIUM,
            path=predictions.where,
            count=predictions.read,
            evidence=evidence_of(logits),
            fix=axis,
            missing=()
            if logits.predicted
            else ("logits of the same images: files named as the predicted ones",),
        )
    elif _differ(case):
        yield Statement(
            message=f"the predicted files agree with the largest score in "
            f"{logits.decodings[_RIGHT]:.1%} of the pixels only: they were not made of these "
            "scores, or not in the right way",
            certainty=Certainty.MEDIUM,
            path=predictions.where,
            count=logits.predicted,
            evidence=evidence_of(logits),
            fix=axis,
        )


@further("I08")
def scores_of_others(case: CaseFacts) -> Iterator[Statement]:
    """Files are what the scores of other images say."""
    logits, predictions = case.logits, case.predictions
    if logits is None or predictions is None or not _are_shifted(logits):
        return
    found = logits.names
    assert found is not None
    named = [f"{name} that of {other}" for name, other in found.examples]
    pairs = f": {several(named)}" if named else ""
    yield Statement(
        message=f"{max(found.same, found.better)} of {counted(found.pictures, 'prediction')} are "
        f"what the scores of another image say{pairs}",
        certainty=Certainty.STRONG,
        path=predictions.where,
        count=max(found.same, found.better),
        evidence={"first": dict(found.examples)},
        fix="name each prediction after its photo, and sort lists of files before using them; "
        "segdata predict does",
    )


@further("D09")
def best_of_one_channel(case: CaseFacts) -> Iterator[Statement]:
    """The best class of a single channel was taken."""
    logits, predictions = case.logits, case.predictions
    if logits is None or predictions is None or logits.channels != 1 or logits.asked:
        return
    black = set(predictions.pixels) == {0}
    seen = max((one.won for one in logits.classes if one.id == 1), default=0.0)
    if not black or seen < 1 - _SAME or (logits.predicted and _name_of(logits) != _ONE_ARGMAX):
        return
    others = [
        way
        for way in logits.decodings
        if way not in (_RIGHT, _ONE_ARGMAX) and logits.decodings[way] >= _SAME
    ]
    yield Statement(
        message=f"the scores have one channel, of which the best class is always 0, and all "
        f"{predictions.read} files are 0; compared with one half {seen:.1%} of the pixels would be "
        "class 1",
        certainty=Certainty.STRONG if logits.predicted and not others else Certainty.MEDIUM,
        path=predictions.where,
        count=predictions.read,
        evidence=evidence_of(logits),
        fix="compare the raw score with 0, or its sigmoid with 0.5, instead of argmax",
    )


def of_other_channels(logits: LogitFacts | None) -> bool:
    """Whether files were made of these scores, and of the wrong channels."""
    return logits is not None and _name_of(logits) in _AXES


def _name_of(logits: LogitFacts) -> str | None:
    """The way that made the files of the scores, where it is another than the right one."""
    ways = dict(logits.decodings)
    right = ways.pop("best class", None)
    if right is None or not ways:
        return None
    name = max(ways, key=lambda way: ways[way])
    return name if ways[name] >= _SAME and right <= ways[name] - _OTHER else None


def _made_by(case: CaseFacts, ways: dict[str, str]) -> Iterator[Statement]:
    logits = case.logits
    name = _name_of(logits) if logits is not None else None
    if logits is None or name not in ways:
        return
    found = logits.decodings
    others = [way for way in found if way not in (name, "best class") and found[way] >= _SAME]
    lost = 1 - found["best class"]
    yield Statement(
        message=f"the {logits.predicted} predicted files are {ways[name]}: that gives what they "
        f"hold, and the right way gives other ids in {lost:.1%} of the pixels",
        certainty=Certainty.MEDIUM if others else Certainty.STRONG,
        path=case.predictions.where if case.predictions else logits.where,
        count=logits.predicted,
        evidence=evidence_of(logits),
        fix="one channel: compare raw scores with 0, probabilities with 0.5; several: take argmax "
        "over the classes",
    )


def _files_alone_constant(case: CaseFacts) -> bool:
    """Files hold one id, scores would give several, and nothing says that this is worse."""
    logits, predictions = case.logits, case.predictions
    if logits is None or predictions is None or len(predictions.pixels) != 1:
        return False
    if logits.asked:
        return False
    several = max(one.won for one in logits.classes) < _SAME
    truth = predictions.truth
    right = truth is not None and set(truth) == set(predictions.pixels)
    return several and tells_apart(logits) and not right and logits.finite == 1.0


def _differ(case: CaseFacts) -> bool:
    """Scores fit the labels, files are of the same images and other ids, and nobody knows why."""
    logits, predictions = case.logits, case.predictions
    if logits is None or predictions is None or not logits.predicted or logits.labelled == 0:
        return False
    if logits.asked or _name_of(logits) is not None or _is_far_off(logits):
        return False
    if reason(case) in ("V03", "V04", "V05") or is_cut_within(predictions):
        return False
    known = _are_shifted(logits) or brightened(predictions) > 1
    return logits.decodings[_RIGHT] < _DIFFER and tells_apart(logits) and not known


def _are_shifted(logits: LogitFacts) -> bool:
    """Files are what scores of other names say: far better than their own, or exactly."""
    found = logits.names
    if found is None:
        return False
    return is_of_others(found) or found.same >= max(_SHIFTED, found.pictures / 2)


def _is_far_off(logits: LogitFacts) -> bool:
    """A number separates the files' two classes, and it is not the scores' half."""
    if logits.threshold is None or logits.asked or _name_of(logits) is not None:
        return False
    off = abs(logits.threshold - _half(logits))
    many = logits.decodings[_RIGHT] <= _SAME - _OTHER
    return many and off >= (_OFF_PROBABILITY if logits.sigmoid or logits.probabilities else _OFF)


def _half(logits: LogitFacts) -> float:
    """What one channel is compared with; of two the second has to be ahead."""
    return 0.5 if logits.channels == 1 and logits.sigmoid else 0.0


def _shares(logits: LogitFacts) -> str:
    most = sorted(logits.classes, key=lambda one: -one.won)[:3]
    return ", ".join(f"class {one.id} in {one.won:.1%}" for one in most if one.won)
