"""What may be wrong where predictions do not fit their labels, and nothing proves more.

Photos that are fed otherwise than in training, other weights, and too little training leave the
same files. Each is named as a hint, with what would settle it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further
from segdata.rules.predictions.appearance import (
    is_constant,
    is_dark,
    is_one_answer,
    nearly_one_class,
    reason,
)
from segdata.rules.predictions.class_order import moved_in_files
from segdata.rules.predictions.contents import evidence_of
from segdata.rules.predictions.fitting import (
    are_own,
    fit_of,
    fits_by_chance,
    fits_poorly,
    has_learned,
    has_not_learned,
)
from segdata.rules.predictions.predicting import is_cut_within, wrong_axis
from segdata.rules.predictions.scores import is_of_others, is_turned
from segdata.rules.told import trainings
from segdata.rules.wording import counted

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts

# Other scenes below one picture that leave no doubt.
_UNLIKE = 2
_ONE_ANSWER = (
    "feed the network two photos that differ and compare its scores: if they are equal, look at "
    "what it is fed (the same array each time?) and at its norms (model.eval(), frozen in training "
    "with small batches); if not, at how files are written"
)
_OF_A_BATCH = (
    "look at the loop that writes the files: each needs its own part of the batch, ids[i] instead "
    "of ids[0], and its own photo"
)


@further("I11")
def one_answer_to_all_photos(case: CaseFacts) -> Iterator[Statement]:
    """Predictions of several classes that are the same picture whatever the photo shows."""
    facts = case.predictions
    if facts is None or not is_one_answer(facts) or reason(case) in ("V03", "V08"):
        return
    twins = facts.twins
    whole = twins.files == facts.read and twins.groups == 1
    what = (
        f"all {facts.read} predictions are the same picture"
        if whole
        else f"{twins.files} of {counted(facts.read, 'prediction')} are the same picture as another"
    )
    fit = fit_of(case)
    fits = f" (mean IoU {fit.miou:.2f})" if fit is not None else ""
    yield Statement(
        message=f"{what}, to the last pixel, though they are of different photos{fits}: the answer "
        "does not depend on the photo",
        certainty=Certainty.STRONG if whole and twins.others > _UNLIKE else Certainty.MEDIUM,
        path=facts.where,
        count=twins.files,
        evidence={
            "equal_files": twins.files,
            "different_pictures": twins.groups,
            "such_as": list(twins.examples),
        },
        fix=_ONE_ANSWER if twins.groups == 1 else _OF_A_BATCH,
        missing=tuple(_missing(case)),
    )


@further("I01")
def perhaps_another_scale(case: CaseFacts) -> Iterator[Statement]:
    """Predictions are as good as chance, or of one class though the loss fell."""
    yield from _hint(
        case,
        "I01",
        "photos may be scaled otherwise than in training: 0 to 1, 0 to 255, normalized twice or "
        "never",
        "feed photos when predicting exactly as in training, and compare on a photo that the "
        "network was trained with",
    )


@further("I02")
def perhaps_swapped_colors(case: CaseFacts) -> Iterator[Statement]:
    """Shapes may be found and classes confused: red and blue. What is no answer to the photo is
    none to its colors."""
    if case.predictions is None or is_one_answer(case.predictions):
        return
    yield from _hint(
        case,
        "I02",
        "red and blue may be swapped: cv2.imread gives blue first, Pillow red",
        "cv2.cvtColor(image, cv2.COLOR_BGR2RGB) behind cv2.imread, in training and predicting "
        "alike",
    )


@further("C01")
def perhaps_other_weights(case: CaseFacts) -> Iterator[Statement]:
    """Weights that are older, of another training, or were not loaded."""
    yield from _hint(
        case,
        "C01",
        "the weights may not be those of the training: older ones, or some that were not loaded "
        "(strict=False), or a network left in training mode",
        "load the weights with strict=True, switch to model.eval(), and score a few photos that "
        "the network was trained with",
    )


@further("T02")
def perhaps_too_few_steps(case: CaseFacts) -> Iterator[Statement]:
    """A network that has just begun to learn."""
    if has_learned(case) or not _speaks(case) or _is_one_class(case):
        return
    yield from _hint(
        case,
        "T02",
        "the network may have been trained for too few steps",
        "look whether the loss still falls; if it does, train longer",
        asked=True,
    )


@further("T03")
def perhaps_another_rate(case: CaseFacts) -> Iterator[Statement]:
    """Neither predictions nor the loss are better than without photos."""
    facts, fit = case.predictions, fit_of(case)
    if facts is None or fit is None or case.log is None or not has_not_learned(case):
        return
    if _is_one_class(case) or not fits_poorly(case):
        return
    yield Statement(
        message=f"the network has not learned: the loss ends at {case.log.loss.last:.3g}, about "
        "what it is for one that only knows how frequent classes are; against the labels "
        f"{fit.told}",
        certainty=Certainty.HINT,
        level=Level.ERROR if fits_by_chance(case) else Level.INFO,
        path=case.log.where,
        evidence=evidence_of(facts),
        fix="try a learning rate ten times higher and one ten times lower for some hundred steps, "
        "and look whether the loss falls; if not, whether the optimizer gets the network's weights",
    )


def _hint(
    case: CaseFacts, rule: str, why: str, fix: str, *, asked: bool = False
) -> Iterator[Statement]:
    facts = case.predictions
    if facts is None or not _speaks(case) or (are_own(case) and not asked):
        return
    wrong = _is_wrong(case)
    # The numbers stand where people read first.
    first = rule == ("I01" if wrong else "C01")
    doubt = Level.WARNING if wrong else Level.INFO
    fit = fit_of(case)
    short = f"at a mean IoU of {fit.miou:.2f}" if fit is not None else "with such predictions"
    yield Statement(
        message=f"{_told(case)}: {why}" if first else f"{short} {why}",
        certainty=Certainty.HINT,
        level=Level.ERROR if first and wrong else doubt,
        path=facts.where,
        count=facts.read,
        evidence=evidence_of(facts),
        fix=fix,
        missing=tuple(_missing(case)),
    )


def _speaks(case: CaseFacts) -> bool:
    """Whether predictions are wrong, the network may be right, and no rule knows more."""
    facts = case.predictions
    if facts is None or facts.fit is None or has_not_learned(case) or is_known_why(case):
        return False
    if _is_one_class(case):
        # Without a log the network may well have said it: I11 alone speaks.
        return has_learned(case) and len(facts.truth or {}) > 1
    return fits_poorly(case) and wrong_axis(facts) is None


def is_known_why(case: CaseFacts) -> bool:
    """Whether files fit poorly for how they were made of what the network said."""
    facts = case.predictions
    if facts is None:
        return False
    named = is_of_others(facts.names) or is_turned(facts.names)
    return bool(moved_in_files(case) or named or is_cut_within(facts))


def _is_one_class(case: CaseFacts) -> bool:
    facts = case.predictions
    return facts is not None and (is_constant(facts) or nearly_one_class(facts) is not None)


def _is_wrong(case: CaseFacts) -> bool:
    """Whether so bad a fit is no matter of how long the network was trained."""
    if any(one.class_weights or one.balanced for one in trainings(case)):
        # Weights for rare classes make a beginner say them everywhere.
        return False
    return _is_one_class(case) or fits_by_chance(case)


def _told(case: CaseFacts) -> str:
    facts, fit = case.predictions, fit_of(case)
    assert facts is not None
    numbers = f" ({fit.told})" if fit is not None else ""
    dark = "are not black, only dark, but " if is_dark(facts) and not _is_one_class(case) else ""
    loss = case.log.loss.last if case.log is not None else None
    learned = f", though the loss fell to {loss:.3g}" if loss and has_learned(case) else ""
    return f"the predictions {dark}do not fit their labels{numbers}{learned}"


def _missing(case: CaseFacts) -> Iterator[str]:
    """What would settle it."""
    if not case.scripts:
        yield "the code that trains and predicts: --script FILE"
    if case.weights is None:
        yield "the weights: --checkpoint FILE"
    if case.log is None:
        yield "the training log: --log FILE"
    if case.logits is None:
        yield "scores of some photos: --logits DIR"
