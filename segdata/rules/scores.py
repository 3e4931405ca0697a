"""Rules about how predictions are compared with labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.appearance import brightened, is_constant, is_useless, nearly_one_class, reason
from segdata.rules.predictions import evidence_of
from segdata.rules.wording import command, counted, several

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts
    from segdata.evidence.predictions import PredictionFacts

_Move = tuple[int, float, float]

# A class that is another one by the labels: half of both is the same, and hardly any is its own.
_RENAMED, _OWN, _PIXELS = 0.5, 0.2, 100
# Around nearly all labels lies the background (fault catalogue, L19).
_AROUND = 0.95
# A score in a log that is that of a constant picture.
_ALIKE = 0.02
# Names are wrong if most predictions fit other labels better, each another one, and fit them well.
_LEAST, _MOST, _DISTINCT, _WELL = 5, 0.7, 0.5, 0.5


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
    fit = facts.fit.divided(brightened(facts))
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
    if facts is None or found is None or found.pictures < _LEAST:
        return
    most = found.better >= _MOST * found.pictures and found.best >= _WELL
    if not most or found.others < _DISTINCT * found.better:
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


@rule("D10", level=Level.ERROR)
def other_order(case: CaseFacts) -> Iterator[Statement]:
    """Classes are numbered in another order in the predictions than in the labels.

    What: each of some classes is predicted as one other class throughout, and with the numbers
    changed the predictions are right.

    Why it hurts: shapes are right, names and colors are wrong, and scores are near 0.

    How to fix: the same class file in training, evaluation and drawing.
    """
    facts = case.predictions
    moved = _renamed(facts) if facts else {}
    if facts is None or facts.fit is None or not moved or _is_inverted(facts, moved):
        return
    table = ", ".join(f"{i} is predicted as {value}" for i, (value, _, _) in moved.items())
    yield Statement(
        message=f"classes have another order in the predictions: {table}; with the numbers changed "
        f"their mean IoU is {_mean(moved, 1):.2f} instead of {_mean(moved, 2):.2f}",
        certainty=Certainty.STRONG,
        path=facts.where,
        count=facts.fit.pictures,
        evidence={"predicted_as": {str(i): value for i, (value, _, _) in moved.items()}},
        fix="use one class file for training, predicting and evaluation; ids of predictions can be "
        "read as others, LABELS being the folder of the true ids:\n"
        + _read_as_others(facts, moved),
    )


def _read_as_others(facts: PredictionFacts, moved: Mapping[int, _Move]) -> str:
    count = str(facts.num_classes)
    given = ["--predictions", facts.where, "--labels", "LABELS", "--num-classes", count]
    pairs = [f"{value}:{i}" for i, (value, _, _) in moved.items()]
    return command("eval", *given, *(word for pair in pairs for word in ("--prediction-ids", pair)))


@further("L19")
def labels_are_the_negative(case: CaseFacts) -> Iterator[Statement]:
    """Of two classes each is predicted as the other, and the labels have 1 all around."""
    facts = case.predictions
    moved = _renamed(facts) if facts else {}
    if facts is None or facts.fit is None or not _is_inverted(facts, moved):
        return
    where = case.labels.where if case.labels else "DATASET"
    yield Statement(
        message=f"the labels are the negative of the predictions: with 0 and 1 swapped mean IoU is "
        f"{_mean(moved, 1):.2f} instead of {_mean(moved, 2):.2f}, and class 1 lies around "
        f"{facts.fit.around.get(1, 0)} of {counted(facts.fit.pictures, 'label')}",
        certainty=Certainty.STRONG,
        level=Level.ERROR,
        path=where,
        count=facts.fit.pictures,
        evidence=evidence_of(facts),
        fix=command("remap", where, f"{where}-ids", "0:1", "1:0"),
    )


def _renamed(facts: PredictionFacts) -> dict[int, _Move]:
    """Classes that are predicted as another one: its id, IoU with that, IoU with their own."""
    if facts.fit is None or facts.num_classes is None or not facts.fit.joint:
        return {}
    moved = {
        i: (value, fit, own)
        for i, (value, fit, own) in facts.fit.best_values(facts.num_classes).items()
        if value != i and value < facts.num_classes and own <= min(_OWN, fit / 2)
        and facts.fit.truth.get(i, 0) >= _PIXELS
    }  # fmt: skip
    circle = _closed(moved)
    if any(fit >= _RENAMED for _, fit, _ in circle.values()):
        return circle
    surely = {i: entry for i, entry in moved.items() if entry[1] >= _RENAMED}
    return surely if len(surely) > 1 and _distinct(surely) else {}


def _closed(moved: Mapping[int, _Move]) -> dict[int, _Move]:
    """The classes that have changed places among themselves; some may hardly be found at all."""
    found = dict(moved)
    while any(value not in found for value, _, _ in found.values()):
        found = {i: entry for i, entry in found.items() if entry[0] in found}
    return found if _distinct(found) else {}


def _distinct(moved: Mapping[int, _Move]) -> bool:
    return len({value for value, _, _ in moved.values()}) == len(moved)


def _is_inverted(facts: PredictionFacts, moved: Mapping[int, object]) -> bool:
    """Two classes are swapped, and it is the labels that have the object around the background."""
    if facts.fit is None or facts.num_classes != 2 or len(moved) != 2:
        return False
    return facts.fit.around.get(1, 0) >= _AROUND * facts.fit.pictures


def _mean(moved: Mapping[int, _Move], place: int) -> float:
    return sum(entry[place] for entry in moved.values()) / len(moved)


def _last_metrics(case: CaseFacts) -> dict[str, float]:
    """The last value of each score in the log."""
    metrics = case.log.metrics if case.log else {}
    return {name: series.points[-1][1] for name, series in metrics.items() if series.points}
