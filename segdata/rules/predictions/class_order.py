"""Rules about how classes are numbered in predictions and in labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.labels.idset import VOID
from segdata.rules.network.decoding import of_other_channels
from segdata.rules.predictions.appearance import are_grades, brightened, reason
from segdata.rules.predictions.contents import evidence_of
from segdata.rules.predictions.predicting import wrong_axis
from segdata.rules.wording import command, counted, numbers, percent

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts
    from segdata.evidence.label_fit import LabelFit
    from segdata.evidence.predictions import PredictionFacts

Move = tuple[int, float, float]

# A class that is another one by the labels: half of both is the same, and hardly any is its own.
_RENAMED, _OWN, _PIXELS = 0.5, 0.2, 100
# Around nearly all labels lies the background (fault catalogue, L19).
_AROUND = 0.95
# Predictions hold so many pixels of what is no class.
_OTHERS = 0.05


@rule("D10", level=Level.ERROR)
def other_order(case: CaseFacts) -> Iterator[Statement]:
    """Classes are numbered in another order in the predictions than in the labels.

    What: each of some classes is predicted as one other class throughout, and with the numbers
    changed the predictions are right.

    Why it hurts: shapes are right, names and colors are wrong, and scores are near 0.

    How to fix: the same class file in training, evaluation and drawing.
    """
    facts, moved = case.predictions, moved_in_files(case)
    if facts is None or facts.fit is None or not moved or _is_inverted(facts.fit, moved):
        return
    if facts.num_classes is None or of_other_channels(case.logits):
        return
    yield Statement(
        message=f"classes are numbered otherwise in the predictions: {_table(moved)}",
        certainty=Certainty.STRONG,
        path=facts.where,
        count=facts.fit.pictures,
        evidence={"predicted_as": {str(i): value for i, (value, _, _) in moved.items()}},
        fix="use one class file for training, predicting and evaluation; ids of predictions can be "
        "read as others, LABELS being the folder of the true ids:\n"
        + _read_as_others(facts.where, facts.num_classes, moved),
    )


@further("D10")
def channels_in_other_order(case: CaseFacts) -> Iterator[Statement]:
    """The channels of logits are in another order than the labels' ids."""
    logits = case.logits
    if logits is None or logits.fit is None or case.predictions is not None or logits.asked:
        return
    moved = moved_classes(logits.fit, max(2, logits.channels))
    if not moved:
        return
    yield Statement(
        message=f"the channels of the scores are in another order than the labels' classes: "
        f"{_table(moved)}",
        certainty=Certainty.STRONG,
        path=logits.where,
        count=logits.labelled,
        evidence={"predicted_as": {str(i): value for i, (value, _, _) in moved.items()}},
        fix="use the class file that the network was trained with for the labels as well, or take "
        "the channels in the labels' order before the largest is taken",
    )


@further("C10")
def values_of_other_classes(case: CaseFacts) -> Iterator[Statement]:
    """The files hold ids that no class has, and nothing tells how they came about."""
    facts = case.predictions
    beyond = _beyond(facts) if facts is not None else []
    if facts is None or not beyond or reason(case) in ("V03", "V04", "V05"):
        return
    if moved_in_files(case) or wrong_axis(facts) is not None:
        return
    yield Statement(
        message=f"{percent(sum(map(facts.share, beyond)))} of the predicted pixels hold "
        f"{numbers(beyond)}, and there are {facts.num_classes} classes: the weights are of another "
        "data set, the ids of another class list, or the files are no ids but a picture",
        certainty=Certainty.MEDIUM,
        # Where nothing is compared, ids of another list may be what somebody asked for.
        level=Level.ERROR if facts.fit else Level.INFO,
        path=facts.where,
        count=facts.read,
        evidence=evidence_of(facts),
        fix="save the ids themselves, and predict with weights that were trained on these classes",
        missing=("the weights: --checkpoint FILE: how many classes they tell apart",),
    )


def _beyond(facts: PredictionFacts) -> list[int]:
    """Values that are no class, where they are more than stray pixels."""
    if facts.num_classes is None or facts.colored or brightened(facts) > 1 or are_grades(facts):
        return []
    if facts.sizes.differing > facts.sizes.known / 2:
        # Figures and other pictures, not ids (V09).
        return []
    void = (facts.ignore, VOID)
    found = [v for v in facts.pixels if v >= facts.num_classes and v not in void]
    return found if sum(map(facts.share, found)) >= _OTHERS else []


@further("L19")
def labels_are_the_negative(case: CaseFacts) -> Iterator[Statement]:
    """Of two classes each is predicted as the other, and the labels have 1 all around."""
    facts, moved = case.predictions, moved_in_files(case)
    if facts is None or facts.fit is None or not _is_inverted(facts.fit, moved):
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


def moved_in_files(case: CaseFacts) -> dict[int, Move]:
    """Of predicted files the classes that are another one; none where the files' form is spoiled.

    Values beyond the classes are numbers of another class list, such as Cityscapes' labelIds beside
    trainIds, unless ids were multiplied to be seen.
    """
    facts = case.predictions
    if facts is None or facts.fit is None or facts.num_classes is None:
        return {}
    if brightened(facts) > 1 or reason(case) in ("V03", "V04", "V05"):
        return {}
    return moved_classes(facts.fit, facts.num_classes)


def moved_classes(fit: LabelFit, num_classes: int) -> dict[int, Move]:
    """Classes that are predicted as another one: its id, IoU with that, IoU with their own."""
    moved = {
        i: (value, both, own)
        for i, (value, both, own) in fit.best_values(num_classes).items()
        if value != i and own <= min(_OWN, both / 2) and fit.truth.get(i, 0) >= _PIXELS
    }
    circle = _closed(moved)
    if any(both >= _RENAMED for _, both, _ in circle.values()):
        return circle
    surely = {i: entry for i, entry in moved.items() if entry[1] >= _RENAMED}
    return surely if len(surely) > 1 and _distinct(surely) else {}


def _closed(moved: Mapping[int, Move]) -> dict[int, Move]:
    """The classes that have changed places among themselves; some may hardly be found at all."""
    found = dict(moved)
    while any(value not in found for value, _, _ in found.values()):
        found = {i: entry for i, entry in found.items() if entry[0] in found}
    return found if _distinct(found) else {}


def _distinct(moved: Mapping[int, Move]) -> bool:
    return len({value for value, _, _ in moved.values()}) == len(moved)


def _is_inverted(fit: LabelFit, moved: Mapping[int, object]) -> bool:
    """Two classes are swapped, and it is the labels that have the object around the background."""
    if set(fit.truth) != {0, 1} or set(moved) != {0, 1}:
        return False
    return fit.around.get(1, 0) >= _AROUND * fit.pictures


def _table(moved: Mapping[int, Move]) -> str:
    listed = ", ".join(f"{i} is predicted as {value}" for i, (value, _, _) in moved.items())
    gain = f"{_mean(moved, 1):.2f} instead of {_mean(moved, 2):.2f}"
    return f"{listed}; with the numbers changed their mean IoU is {gain}"


def _mean(moved: Mapping[int, Move], place: int) -> float:
    return sum(entry[place] for entry in moved.values()) / len(moved)


def _read_as_others(where: str, num_classes: int, moved: Mapping[int, Move]) -> str:
    given = ["--predictions", where, "--labels", "LABELS", "--num-classes", str(num_classes)]
    pairs = [f"{value}:{i}" for i, (value, _, _) in moved.items()]
    return command("eval", *given, *(word for pair in pairs for word in ("--prediction-ids", pair)))
