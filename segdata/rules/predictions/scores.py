"""Rules about how predictions are compared with labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.predictions.appearance import (
    as_ids,
    is_constant,
    is_useless,
    nearly_one_class,
    reason,
)
from segdata.rules.predictions.contents import evidence_of
from segdata.rules.wording import counted, several

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts
    from segdata.evidence.name_fit import NameFit

# A score in a log that is that of a constant picture.
_ALIKE = 0.02
# Names are wrong if most predictions fit other labels better, each another one, and fit them well.
_LEAST, _MOST, _DISTINCT, _WELL = 5, 0.7, 0.5, 0.5
# Of sound predictions up to a sixth fit another label better, by 0.05 on average; with red and blue
# swapped a third, of which few are different.
_SOME, _GAIN, _EACH = 0.35, 0.12, 0.75
# Mirrored pictures fit their labels far better if they are mirrored back.
_TURNED = 0.1


@rule("I07", level=Level.WARNING)
def constant_scores_as_much(case: CaseFacts) -> Iterator[Statement]:
    """A picture of one class everywhere would score as much as the predictions.

    What: most pixels are of one class. Who says it everywhere is right in most pixels, and gets a
    mean IoU that looks like something; pictures without an object may even count as perfect.

    Why it hurts: "accuracy 93 %" stands beside black pictures, and nobody sees why.

    How to fix: compare with the constant picture, and look at the IoU of each class:
    segdata eval tells both.
    """
    facts = case.predictions
    if facts is None or facts.fit is None or facts.num_classes is None or not is_useless(facts):
        return
    if reason(case) in ("V03", "V04", "V05"):
        # What was saved does not tell what was predicted.
        return
    fit = as_ids(facts.fit, facts)
    best, accuracy, miou = fit.constant(facts.num_classes)
    scores = fit.matrix(facts.num_classes)
    misread = {
        name: value for name, value in _last_metrics(case).items() if abs(value - accuracy) < _ALIKE
    }
    said = f"; the log says {several(list(misread))} {max(misread.values()):.2f}" if misread else ""
    collapsed = is_constant(facts) or nearly_one_class(facts) is not None
    yield Statement(
        message=f"a picture of class {best} everywhere already scores pixel accuracy "
        f"{accuracy:.1%} and mean IoU {miou:.1%} on these labels; the predictions score "
        f"{scores.pixel_accuracy:.1%} and {scores.mean_iou():.1%}{said}",
        level=Level.WARNING if collapsed else Level.ERROR,
        path=facts.where,
        count=fit.pictures,
        evidence={
            "constant_accuracy": round(accuracy, 4),
            "constant_mean_iou": round(miou, 4),
            "accuracy": round(scores.pixel_accuracy, 4),
            "mean_iou": round(scores.mean_iou(), 4),
        },
        fix="judge by the IoU of each class beside that of a constant picture: segdata eval",
    )


@rule("I08", level=Level.ERROR)
def names_of_others(case: CaseFacts) -> Iterator[Statement]:
    """Predictions are compared with the labels of other pictures.

    What: most predictions fit a label of another name far better than that of their own. Files were
    numbered, sorted or renamed between predicting and saving.

    Why it hurts: pictures look right and scores are near 0.

    How to fix: name each prediction after its photo. Lists of files have to be sorted alike.
    """
    facts = case.predictions
    found = facts.names if facts else None
    if facts is None or found is None or not is_of_others(found) or is_turned(found):
        return
    pairs = [f"{name} that of {other}" for name, other in found.examples]
    yield Statement(
        message=f"{found.better} of {counted(found.pictures, 'prediction')} fit the label of "
        f"another picture better (mean IoU {found.best:.2f}) than their own ({found.own:.2f}): "
        f"{several(pairs)}",
        certainty=Certainty.STRONG,
        path=facts.where,
        count=found.better,
        evidence={
            "fit_of_own": round(found.own, 3),
            "fit_of_best": round(found.best, 3),
            "first": dict(found.examples),
        },
        fix="name each prediction after its photo, and sort lists of files before using them; "
        "segdata predict does",
    )


def is_of_others(found: NameFit | None) -> bool:
    """Most predictions fit what belongs to another picture, each another one, and fit it well."""
    if found is None or found.pictures < _LEAST or found.best < _WELL:
        return False
    if found.better >= _MOST * found.pictures:
        return found.others >= _DISTINCT * found.better
    # From some picture on, as when one is left out: far better, each with another one.
    some = found.better >= max(_LEAST, _SOME * found.pictures)
    return some and found.best - found.own >= _GAIN and found.others >= _EACH * found.better


@further("L25")
def predictions_mirrored(case: CaseFacts) -> Iterator[Statement]:
    """Predictions lie the other way round than labels."""
    facts = case.predictions
    found = facts.names if facts else None
    way = _turn_of(found)
    if facts is None or found is None or way is None:
        return
    yield Statement(
        message=f"predictions are {way} against their labels: turned back, "
        f"{counted(found.pictures, 'prediction')} fit them with a mean IoU of "
        f"{found.turned[way]:.2f} instead of {found.own:.2f}",
        certainty=Certainty.STRONG,
        level=Level.ERROR,
        path=facts.where,
        count=found.pictures,
        evidence={"fit_of_own": round(found.own, 3), "turned": dict(found.turned)},
        fix="look which of both lies as the photo does, and turn the other one: undo flips of "
        "test-time augmentation, and read photos and labels with the same EXIF orientation",
    )


def is_turned(found: NameFit | None) -> bool:
    """Predictions fit their own labels far better if they are mirrored or turned."""
    return _turn_of(found) is not None


def _turn_of(found: NameFit | None) -> str | None:
    if found is None or found.pictures < _LEAST or not found.turned:
        return None
    way = max(found.turned, key=lambda name: found.turned[name])
    return way if found.turned[way] >= max(_WELL, found.own + _TURNED) else None


@rule("I09", level=Level.ERROR)
def nothing_to_find(case: CaseFacts) -> Iterator[Statement]:
    """The labels of these pictures hold nothing to compare with.

    What: all labels of the predictions' names are of one class or ignored everywhere: pictures
    without labels (a test set that is not public), or the wrong split.

    Why it hurts: scores are 0 or not a number, whatever the network does.

    How to fix: measure on a split that is labelled: segdata eval RUN --split val.
    """
    facts = case.predictions
    fit = facts.fit if facts else None
    if facts is None or fit is None or fit.one_class + fit.blank < fit.pictures:
        return
    if len(fit.truth) > 1 or is_constant(facts):
        return
    what = f"class {next(iter(fit.truth))}" if fit.truth else "the ignore label"
    others = fit.pictures if not fit.truth else fit.seen
    yield Statement(
        message=f"the labels of all {fit.pictures} predictions are {what} everywhere; on {others} "
        "of them the network sees more",
        level=Level.ERROR if others > fit.pictures / 2 else Level.WARNING,
        path=facts.where,
        count=fit.pictures,
        evidence=evidence_of(facts),
        fix="measure on a split whose labels hold objects, such as val",
    )


def _last_metrics(case: CaseFacts) -> dict[str, float]:
    """The last value of each score in the log."""
    metrics = case.log.metrics if case.log else {}
    return {name: series.points[-1][1] for name, series in metrics.items() if series.points}
