"""Rules about how many classes a network tells apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import outcome
from segdata.rules.told import PREDICTIONS, is_initial, trainings
from segdata.rules.weights.values import all_weights

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, WeightFacts

_VOC = 21
# Fault catalogue, fact 15: one or two classes more than the labels have does no harm.
_SPARE = 2
# Ids that are named.
_NAMED = 3


@rule("D09", level=Level.ERROR)
def one_channel(case: CaseFacts) -> Iterator[Statement]:
    """The network has one channel, and argmax of one channel is always class 0.

    What: the last layer has a single output.

    Why it hurts: softmax of one number is always 1, and argmax of it always 0: every pixel becomes
    background, whatever was learned. With a sigmoid and a threshold one channel is right.

    How to fix: train with two channels (background and object), or predict with a sigmoid and a
    threshold of 0.5 instead of argmax.
    """
    for weights in all_weights(case):
        if weights.classes != 1 or (case.predictions and len(case.predictions.pixels) > 1):
            continue
        black = case.predictions is not None and set(case.predictions.pixels) == {0}
        softmax = weights.activation == "softmax"
        sure = weights.is_deeplab or softmax
        yield Statement(
            message="the last layer has one channel and a softmax, which is 1 in every pixel: a "
            "threshold makes all of it the object, argmax all of it background"
            if softmax
            else "the last layer has one channel: argmax of it is 0 in every pixel"
            + ("" if sure else "; a sigmoid with a threshold would be right"),
            certainty=Certainty.PROOF if sure else Certainty.STRONG if black else Certainty.HINT,
            level=None if sure or black else Level.INFO,
            path=weights.where,
            evidence={"channels": 1},
            fix="train with two classes, background and object"
            if sure
            else "predict with a sigmoid and a threshold of 0.5, or train with two channels",
            missing=() if sure else ("how the scores become ids: --logits DIR",),
        )


@further("D09")
def scores_of_one_channel(case: CaseFacts) -> Iterator[Statement]:
    """The logits have one channel, and nobody has shown what is made of them."""
    labels, logits = case.labels, case.logits
    if logits is None or logits.channels != 1 or logits.asked or case.predictions is not None:
        return
    half = "them with 0.5" if logits.sigmoid else "them with 0 (their sigmoid with 0.5)"
    yield Statement(
        message="the scores have one channel"
        + (f", and the labels {labels.num_classes} classes" if labels is not None else "")
        + f": argmax of one channel is 0 in every pixel; comparing {half} tells two classes apart",
        certainty=Certainty.HINT,
        level=Level.INFO,
        path=logits.where,
        evidence={"channels": 1, "mean_iou": logits.miou and round(logits.miou, 3)},
        fix=f"compare {half} instead of argmax, or train with two channels",
        missing=(PREDICTIONS,),
    )


@rule("D06", level=Level.ERROR)
def classes_of_the_default(case: CaseFacts) -> Iterator[Statement]:
    """The network has PASCAL VOC's 21 classes, which is the default, and the labels have others.

    What: the last layer tells 21 classes apart, and the labels have far fewer.

    Why it hurts: the command was given without --dataset, so the network is of pascal_voc_seg:
    its descriptor says which ids count, and the answers are in VOC's numbers and colors.

    How to fix: name the data set in every command: --dataset=NAME, and train into a new folder.
    """
    labels = case.labels
    for weights in _trained(case):
        if labels is None or not _is_default(weights, labels.num_classes):
            continue
        yield Statement(
            message=f"the network tells 21 classes apart, PASCAL VOC's, and the labels have "
            f"{labels.num_classes}",
            certainty=Certainty.STRONG,
            level=_level(case, labels.num_classes),
            path=weights.where,
            evidence={"classes": 21, "classes_of_labels": labels.num_classes},
            fix="give --dataset=NAME of your own data set to train, eval, vis and export, and "
            "train into a new folder",
            missing=("the training command: --script FILE",),
        )


@further("C10")
def scores_of_other_classes(case: CaseFacts) -> Iterator[Statement]:
    """The logits have more or fewer channels than the labels have classes, and are of no use."""
    labels, logits = case.labels, case.logits
    if labels is None or logits is None or logits.channels < 2 or outcome(case) == "works":
        return
    if labels.num_classes <= logits.channels <= labels.num_classes + _SPARE:
        return
    lost = [i for i in labels.pixels if logits.channels <= i < labels.num_classes]
    default = ", as many as PASCAL VOC, the default, has" if logits.channels == _VOC else ""
    yield Statement(
        message=f"each pixel has {logits.channels} scores{default}, and the labels have "
        f"{labels.num_classes} classes",
        certainty=Certainty.PROOF if lost else Certainty.STRONG,
        path=logits.where,
        evidence={"classes": logits.channels, "classes_of_labels": labels.num_classes},
        fix="name the checkpoint that was trained on these labels, and their data set in every "
        "command (--dataset=NAME)",
        missing=("the training command: --script FILE",),
    )


def _level(case: CaseFacts, classes: int) -> Level | None:
    """No fault where predictions hold several classes, and only such as the labels have."""
    foreign = case.predictions is not None and max(case.predictions.pixels, default=0) >= classes
    return Level.INFO if outcome(case) == "works" and not foreign else None


def _is_default(weights: WeightFacts, labels: int) -> bool:
    return weights.is_deeplab and weights.classes == _VOC and labels < _VOC - _SPARE


@rule("C10", level=Level.ERROR)
def other_classes(case: CaseFacts) -> Iterator[Statement]:
    """The checkpoint is of a network with other classes than the labels.

    What: the last layer tells more or fewer classes apart than the labels have.

    Why it hurts: its numbers mean other things: what it answers looks plausible and is wrong, and
    ids that it does not have can never be predicted.

    How to fix: use the checkpoint that was trained on these classes, or train the last layer anew.
    """
    labels = case.labels
    for weights in _trained(case):
        count = weights.classes
        if labels is None or count is None or count < 2 or _is_default(weights, labels.num_classes):
            continue
        if count == labels.num_classes or (
            labels.counted and count == max(labels.pixels, default=0)
        ):
            # Ids from 1 to N, which nobody counted: L06's.
            continue
        if labels.num_classes < count <= labels.num_classes + _SPARE:
            yield from _spare(weights, count, labels.num_classes)
            continue
        ignored = {told.ignore for told in trainings(case)}
        own = [i for i in labels.pixels if i < labels.num_classes and i not in ignored]
        if own and max(own) < count < labels.num_classes and ignored & set(labels.pixels):
            # The labels' further id is the one that this very training ignored.
            continue
        lost = [i for i in own if count <= i]
        yield Statement(
            message=f"the network tells {count} classes apart, and the labels have "
            f"{labels.num_classes}",
            certainty=Certainty.PROOF if lost else Certainty.STRONG,
            level=None if lost else _level(case, labels.num_classes),
            path=weights.where,
            evidence={"classes": count, "classes_of_labels": labels.num_classes,
                      "ids_it_cannot_answer": lost[:_NAMED]},
            fix="name the checkpoint that was trained on these labels, or train anew: "
            "segdata train DATA --out RUN",
        )  # fmt: skip


def _spare(weights: WeightFacts, count: int, labels: int) -> Iterator[Statement]:
    yield Statement(
        message=f"the network tells {count} classes apart, and the labels have {labels}: no harm "
        "if it was trained on these labels, another's checkpoint if not",
        certainty=Certainty.HINT,
        level=Level.INFO,
        path=weights.where,
        evidence={"classes": count, "classes_of_labels": labels},
        fix="see that it is the checkpoint that was trained on these labels",
    )


def _trained(case: CaseFacts) -> Iterator[WeightFacts]:
    """All but a checkpoint that training only begins from, whose last layer is trained anew."""
    yield from (weights for weights in all_weights(case) if not is_initial(weights, case))
