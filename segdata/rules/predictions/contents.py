"""Rules about predictions: what the files hold, and what a viewer makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import one_class_scores
from segdata.rules.predictions.appearance import (
    are_grades,
    is_constant,
    is_useless,
    nearly_one_class,
    reason,
)
from segdata.rules.predictions.fitting import are_own, fit_of, fits_poorly, has_learned
from segdata.rules.wording import command

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts
    from segdata.evidence.predictions import PredictionFacts

# Ids and their shares that are named.
_NAMED = 6
_FIX = (
    "predict a few photos that the network was trained with: if those are wrong as well, look at "
    "how ids are made of its scores and at what it is fed; if they are right, train longer"
)
_LEARNED = (
    "the loss says that the network learned, so look at how it predicts: give the doctor the "
    "command that predicts (--script FILE) and its weights (--checkpoint FILE)"
)
_MISSING = {
    "labels": "the labels: whether they hold anything else: add the data set or --labels DIR",
    "logits": "scores of some photos, before ids are made of them: --logits DIR",
    "scripts": "the code that predicts: --script FILE",
    "log": "the training log: --log FILE",
}


@rule("V01", level=Level.INFO)
def ids_drawn_as_dark_gray(case: CaseFacts) -> Iterator[Statement]:
    """The predictions only look black: a viewer draws small class ids as dark grey.

    What: the files hold several class ids, 0, 1, 2, ..., and a viewer shows 1 of 255 as black.

    Why it matters: nothing is wrong. Many people retrain for days because of it.

    How to fix: draw the ids with colors. The files themselves are what evaluation needs.
    """
    facts = case.predictions
    if facts is not None and reason(case) == "V01" and _is_fine(case, facts):
        yield Statement(
            message=f"the predictions are not black: they hold ids {listed(facts.pixels)}, which "
            f"a viewer draws no brighter than {facts.brightest} of 255{_fitting(case)}",
            path=facts.where,
            count=facts.read,
            evidence=evidence_of(facts),
            fix=drawn(facts),
        )


@rule("V02", level=Level.INFO)
def zero_and_one(case: CaseFacts) -> Iterator[Statement]:
    """The predictions only look black: they hold 0 and 1.

    What: a two-class mask was saved as 0 and 1. On a screen 1 of 255 is black.

    Why it matters: nothing is wrong with the network. Multiplying by 255 makes a picture for
    people, but then it is no label image any more.

    How to fix: draw the ids with colors; keep the 0/1 files for evaluation.
    """
    facts = case.predictions
    if facts is not None and reason(case) == "V02" and _is_fine(case, facts):
        share = facts.pixels[1] / sum(facts.pixels.values())
        yield Statement(
            message=f"the predictions are not black: {share:.1%} of their pixels are class 1, "
            f"which a viewer draws as black (1 of 255){_fitting(case)}",
            path=facts.where,
            count=facts.read,
            evidence=evidence_of(facts),
            fix=drawn(facts),
        )


@rule("I10", level=Level.INFO)
def truth_is_constant_too(case: CaseFacts) -> Iterator[Statement]:
    """One class everywhere is right here: the labels of these pictures hold nothing else.

    What: the predictions are constant, and so are the labels of the same names.

    Why it matters: these pictures contain no object, so a black answer is the right one, and no
    score on them says how good the network is.

    How to fix: look at, and measure on, a split that holds objects.
    """
    facts = case.predictions
    if facts is None:
        return
    if is_constant(facts) and facts.truth is not None and set(facts.truth) == set(facts.pixels):
        yield Statement(
            message=f"predictions and labels of these {facts.read} pictures are all class "
            f"{next(iter(facts.pixels))}: there is no object to find",
            path=facts.where,
            count=facts.read,
            evidence=evidence_of(facts),
            fix="look at pictures whose labels hold objects",
        )


@rule("I11", level=Level.ERROR)
def collapsed_to_one_class(case: CaseFacts) -> Iterator[Statement]:
    """The predictions are one class everywhere, or one picture for every photo.

    What: every pixel of every prediction has the same id. It need not be black: the same mistake in
    the labels ends all background or all object, by luck. Or the files hold several ids and are
    equal to the last pixel, though their photos are not.

    Why it hurts: this is a symptom. Either the network says so, and the cause lies earlier: in
    labels, pairs, settings, weights, or too few steps. Or what it says was lost when files were
    made of it: a threshold, argmax over a single channel, probabilities cut to whole numbers, the
    first of a batch in every file.

    How to fix: give the doctor labels, log, scores and the code that predicts, too, so that it can
    find the cause.
    """
    facts = case.predictions
    if facts is None or reason(case) in ("V03", "V08"):
        return
    nearly = nearly_one_class(facts)
    if nearly is not None:
        yield _nearly_collapsed(facts, nearly)
    if not is_constant(facts) or (facts.truth and set(facts.truth) == set(facts.pixels)):
        return
    value = next(iter(facts.pixels))
    what = "color" if facts.colored else "class"
    yield Statement(
        message=f"all {facts.read} predictions are {what} {value} everywhere: {_how(case)}",
        certainty=Certainty.STRONG if _says_one_class(case) else Certainty.MEDIUM,
        path=facts.where,
        count=facts.read,
        evidence=evidence_of(facts),
        fix=_LEARNED if has_learned(case) else _FIX,
        missing=tuple(line for name, line in _MISSING.items() if not getattr(case, name)),
    )


def _how(case: CaseFacts) -> str:
    if _says_one_class(case):
        return "the network collapsed to one class"
    return (
        "the network says one class, or what it says was lost when the files were made (a "
        "threshold, argmax of a single channel, probabilities cut to whole numbers)"
    )


def _says_one_class(case: CaseFacts) -> bool:
    """Whether the scores, or those of the last validation, are of one class as well."""
    if case.logits is not None:
        return case.logits.collapsed is not None
    return case.log is not None and one_class_scores(case.log) is not None


def _nearly_collapsed(facts: PredictionFacts, class_id: int) -> Statement:
    assert facts.truth is not None
    truth = facts.truth.get(class_id, 0) / sum(facts.truth.values())
    share = max(facts.pixels.values()) / facts.total
    return Statement(
        message=f"{share:.2%} of the pixels of all {facts.read} predictions are "
        f"class {class_id}, and {truth:.2%} of their labels: one class but for a few pixels",
        certainty=Certainty.MEDIUM,
        path=facts.where,
        count=facts.read,
        evidence=evidence_of(facts),
        fix=_FIX,
    )


@further("I04")
def pictures_of_probabilities(case: CaseFacts) -> Iterator[Statement]:
    """Grey levels instead of two ids: nobody has chosen a threshold yet."""
    facts = case.predictions
    if facts is None or not are_grades(facts) or reason(case) is not None:
        return
    yield Statement(
        message=f"the predictions are grey levels up to {max(facts.pixels)}, as probabilities are "
        f"drawn, not ids{_fitting(case)}, with 128 and more for class 1",
        certainty=Certainty.MEDIUM,
        level=Level.INFO,
        path=facts.where,
        count=facts.read,
        evidence=evidence_of(facts),
        fix="save (probability > 0.5) as ids 0 and 1 for evaluation",
    )


def _is_fine(case: CaseFacts, facts: PredictionFacts) -> bool:
    """Nothing but the drawing is known to be wrong; what a run says of itself is its own."""
    return not is_useless(facts) if are_own(case) else not fits_poorly(case)


def _fitting(case: CaseFacts) -> str:
    fit = fit_of(case)
    return f"; against their labels mean IoU is {fit.miou:.2f}" if fit is not None else ""


def drawn(facts: PredictionFacts) -> str:
    """The command that draws ids with colors; arrays have to be pictures first."""
    classes = str(facts.num_classes or max(facts.pixels) + 1)
    where = "IDS" if facts.arrays else facts.where
    drawing = command("vis", where, "--num-classes", classes, "--out", "pictures")
    saving = (
        'save the arrays as PNG into a folder IDS: cv2.imwrite(name, ids.astype("uint8")); then'
    )
    return f"{saving}\n{drawing}" if facts.arrays else drawing


def listed(pixels: Mapping[int, int]) -> str:
    """Ids with their shares."""
    total = sum(pixels.values())
    named = [f"{i} ({n / total:.1%})" for i, n in sorted(pixels.items())[:_NAMED]]
    return ", ".join(named) + (", ..." if len(pixels) > _NAMED else "")


def evidence_of(facts: PredictionFacts) -> dict[str, object]:
    """The numbers behind most of what is said about predictions."""
    total = sum(facts.pixels.values())
    shares = {str(i): round(n / total, 4) for i, n in list(facts.pixels.items())[:_NAMED]}
    return {
        "files": facts.files,
        "read": facts.read,
        "constant_files": facts.constant,
        "share_of_each_id": shares,
        "brightest_shown": facts.brightest,
    }
