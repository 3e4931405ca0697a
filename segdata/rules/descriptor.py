"""Rules about dataset.toml: does it say what the labels hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.causes import VOID, VOID_NAMES, IdSet, ids_of, value_causes
from segdata.rules.wording import descriptor_file, numbers, percent, values_seen

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts


# Classes are rarer than this, and slips of the brush are as a rule (fault catalogue, L07).
_SURE = 0.01


@rule("D01", level=Level.ERROR)
def too_few_classes(facts: DatasetFacts) -> Iterator[Statement]:
    """num_classes is smaller than the labels need.

    What: the network has one output for each class from 0 to num_classes - 1. Labels hold larger
    ids, or the descriptor itself lists more classes than it counts.

    Why it hurts: in TensorFlow a pixel of such a class has loss 0 and a gradient that pushes every
    output down without end: the loss falls to nothing, then diverges. PyTorch stops with "t >= 0 &&
    t < n_classes" failed. The classes beyond are never learned.

    How to fix: num_classes is the largest id plus one. The ignore label does not count.
    """
    ids = ids_of(facts)
    beyond = value_causes(ids).get("D01", ())
    listed = _listed(facts)
    needed = max([*beyond, *listed]) + 1 if beyond or listed else 0
    if needed <= ids.num_classes:
        return
    what = []
    if beyond:
        what.append(f"labels hold {numbers(beyond)} ({percent(ids.share(beyond))} of the pixels)")
    if listed:
        what.append(f"dataset.toml lists classes up to {max(listed)}")
    place = ids.values[beyond[0]].places[0] if beyond else None
    # Ids that nobody named and that are rare may be slips after all.
    sure = bool(listed) or any(i in ids.names for i in beyond) or ids.share(beyond) >= _SURE
    yield Statement(
        message=f"num_classes is {ids.num_classes}, so ids end at {ids.num_classes - 1}; "
        + " and ".join(what),
        certainty=Certainty.PROOF if sure else Certainty.MEDIUM,
        path=place.path if place else descriptor_file(facts.root),
        x=place.x if place else None,
        y=place.y if place else None,
        count=sum(ids.values[value].pixels for value in beyond) or None,
        evidence={
            "num_classes": ids.num_classes,
            "needed": needed,
            "classes_beyond": {str(i): ids.names[i] for i in (*beyond, *listed) if i in ids.names},
            "pixels_beyond": {str(value): ids.values[value].pixels for value in beyond},
        },
        fix=f"set num_classes = {needed} in {descriptor_file(facts.root)}",
    )


@rule("D03", level=Level.ERROR)
def background_ignored(facts: DatasetFacts) -> Iterator[Statement]:
    """The ignore label is the most frequent class.

    What: ignore_label is the id of a class, usually 0, the background, and most pixels have it.
    Ignored pixels take no part in the loss.

    Why it hurts: the network is never told where the background is, so it calls everything
    foreground. With one foreground class the loss is exactly 0 from the first step.

    How to fix: ignore a value that no class has (255), or nothing (`ignore_label = false`). A data
    set whose id 0 really means "unlabelled" says so by naming it void in dataset.toml.
    """
    ids = ids_of(facts)
    for value in value_causes(ids).get("D03", ()):
        named = value in ids.names
        name = f" ({ids.names[value]})" if named else ""
        place = ids.values[value].places[0]
        yield Statement(
            message=f"ignore_label is {value}{name}, which is "
            f"{percent(ids.share([value]))} of all pixels: training never sees it",
            certainty=Certainty.PROOF if named or value == 0 else Certainty.STRONG,
            path=place.path,
            x=place.x,
            y=place.y,
            count=ids.values[value].pixels,
            evidence={"ignore_label": value, "pixels": values_seen(ids.values)},
            fix=f"set ignore_label = {_free_value(ids)} in {descriptor_file(facts.root)}",
        )


@rule("D04", level=Level.ERROR)
def class_ignored(facts: DatasetFacts) -> Iterator[Statement]:
    """The ignore label is the id of a class.

    What: ignore_label is an id that dataset.toml names as a class to learn, and labels hold it.

    Why it hurts: pixels of that class take no part in the loss. The network never learns it, and
    with two classes it predicts the other one everywhere: all black.

    How to fix: ignore a value that no class has (255), or nothing (`ignore_label = false`). If the
    id really means "unlabelled", name it void in dataset.toml.
    """
    ids = ids_of(facts)
    for value in value_causes(ids).get("D04", ()):
        place = ids.values[value].places[0]
        yield Statement(
            message=f"ignore_label is {value}, which is the class {ids.names[value]!r} "
            f"({percent(ids.share([value]))} of all pixels): training never sees it",
            path=place.path,
            x=place.x,
            y=place.y,
            count=ids.values[value].pixels,
            evidence={"ignore_label": value, "pixels": values_seen(ids.values)},
            fix=f"set ignore_label = {_free_value(ids)} in {descriptor_file(facts.root)}",
        )


def _listed(facts: DatasetFacts) -> list[int]:
    """Ids of classes in the descriptor that a network would have to learn and has no output for."""
    descriptor = facts.descriptor
    return [
        entry.id
        for entry in descriptor.classes
        if entry.id >= descriptor.num_classes
        and entry.id != descriptor.ignore_label
        and entry.name.lower() not in VOID_NAMES
    ]


def _free_value(ids: IdSet) -> str:
    return str(VOID) if ids.num_classes <= VOID else "false"
