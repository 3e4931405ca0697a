"""Rules about dataset.toml: does it say what the labels hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import VOID, VOID_NAMES, IdSet, ids_of, value_causes
from segdata.rules.wording import numbers, percent, place_of_settings, several, told_in, values_seen

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts


# Classes are rarer than this, and slips of the brush are as a rule (fault catalogue, L07).
_SURE, _MOST_FILES = 0.01, 0.5
_EIGHT_BITS = 255


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
    # Ids that nobody named and that are rare may be slips after all; not so in most labels.
    often = max((ids.values[i].files for i in beyond), default=0) >= _MOST_FILES * ids.files
    named = bool(listed) or any(i in ids.names for i in beyond)
    sure = named or often or ids.share(beyond) >= _SURE
    yield Statement(
        message=f"num_classes is {ids.num_classes}, so ids end at {ids.num_classes - 1}; "
        + " and ".join(what),
        certainty=Certainty.PROOF if sure else Certainty.MEDIUM,
        path=place.path if place else told_in(facts),
        x=place.x if place else None,
        y=place.y if place else None,
        count=sum(ids.values[value].pixels for value in beyond) or None,
        evidence={
            "num_classes": ids.num_classes,
            "needed": needed,
            "classes_beyond": {str(i): ids.names[i] for i in (*beyond, *listed) if i in ids.names},
            "pixels_beyond": {str(value): ids.values[value].pixels for value in beyond},
        },
        fix=f"set num_classes = {needed} in {place_of_settings(facts)}",
    )


@rule("D02", level=Level.INFO)
def more_classes_than_seen(facts: DatasetFacts) -> Iterator[Statement]:
    """num_classes is larger than the labels need.

    What: the descriptor counts classes that no label has. Some add one for the ignore label, which
    does not count.

    Why it hurts: it hardly does: an output is never used, and predictions stay as they are. It is
    not why they are black. In a small part of a data set classes are missing rightly.

    How to fix: nothing has to be done. If a class does not exist, count it out of num_classes
    before training.
    """
    ids = ids_of(facts)
    seen = [value for value in ids.trained if value < ids.num_classes]
    unseen = ids.num_classes - len(seen) - int(_ignored_inside(ids))
    if not ids.files or not seen or unseen <= 0 or value_causes(ids):
        return
    missing = [i for i in range(ids.num_classes) if i not in ids.values and i != ids.ignore]
    names = [ids.names.get(i, str(i)) for i in missing]
    yield Statement(
        message=f"num_classes is {ids.num_classes}, and no label holds {several(names, unseen)} "
        f"({unseen} of them); this does no harm",
        path=told_in(facts),
        count=unseen,
        evidence={"num_classes": ids.num_classes, "seen": len(seen), "unseen": missing[:20]},
        fix=f"count them out of num_classes in {place_of_settings(facts)} if they do not exist",
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
            fix=f"set ignore_label = {_free_value(ids)} in {place_of_settings(facts)}",
        )


@rule("D04", level=Level.ERROR)
def class_ignored(facts: DatasetFacts) -> Iterator[Statement]:
    """The ignore label is the id of a class.

    What: ignore_label is an id that dataset.toml names as a class to learn, or, where it names
    none, one that lies among those of classes; and labels hold it.

    Why it hurts: pixels of that class take no part in the loss. The network never learns it, and
    with two classes it predicts the other one everywhere: all black.

    How to fix: ignore a value that no class has (255), or nothing (`ignore_label = false`). If the
    id really means "unlabelled", name it void in dataset.toml.
    """
    ids = ids_of(facts)
    for value in value_causes(ids).get("D04", ()):
        place = ids.values[value].places[0]
        named = value in ids.names
        what = f"is the class {ids.names[value]!r}" if named else "lies among the ids of classes"
        yield Statement(
            message=f"ignore_label is {value}, which {what} "
            f"({percent(ids.share([value]))} of all pixels): training never sees it",
            certainty=Certainty.PROOF if named else Certainty.MEDIUM,
            path=place.path,
            x=place.x,
            y=place.y,
            count=ids.values[value].pixels,
            evidence={"ignore_label": value, "pixels": values_seen(ids.values)},
            fix=f"set ignore_label = {_free_value(ids)} in {place_of_settings(facts)}",
        )


@rule("D11", level=Level.ERROR)
def one_class(facts: DatasetFacts) -> Iterator[Statement]:
    """There is one class only to learn.

    What: num_classes leaves a single class when the ignore label is taken off: as a rule the
    background was not counted, or was made the ignore label.

    Why it hurts: with one answer there is nothing to decide: the loss is 0 at once, and everything
    is predicted to be that class.

    How to fix: count the background: it is class 0, and the object class 1.
    """
    ids = ids_of(facts)
    ignored = _ignored_inside(ids)
    if ids.num_classes - int(ignored) != 1 or not ids.files or value_causes(ids):
        return
    only = next(i for i in range(ids.num_classes) if i != ids.ignore)
    yield Statement(
        message=f"{ids.names.get(only, f'class {only}')!r} is the only class to learn: num_classes "
        f"is {ids.num_classes}" + (f" and {ids.ignore} of these is ignored" if ignored else ""),
        path=told_in(facts),
        evidence={"num_classes": ids.num_classes, "ignore_label": ids.ignore},
        fix="give the background a class of its own: set ignore_label = "
        f"{_free_value(ids)} in {place_of_settings(facts)}",
    )


@rule("D12", level=Level.WARNING)
def ignore_out_of_reach(facts: DatasetFacts) -> Iterator[Statement]:
    """No label can hold the ignore label.

    What: ignore_label is 256 or more, and labels are stored in 8 bits, which end at 255.

    Why it hurts: nothing is ever ignored. Pixels that were meant have another value, which training
    takes for a class, or for one that does not exist.

    How to fix: ignore the value that the labels hold (255 as a rule), or nothing (`ignore_label =
    false`).
    """
    ignore = facts.descriptor.ignore_label
    forms = {group.form for group in facts.groups if not group.form.unreadable}
    if ignore is None or ignore <= _EIGHT_BITS or not forms:
        return
    if all(form.bit_depth <= 8 for form in forms) and facts.descriptor.num_classes <= ignore:
        yield Statement(
            message=f"ignore_label is {ignore}, and labels of 8 bits end at {_EIGHT_BITS}: nothing "
            "is ignored",
            path=told_in(facts),
            evidence={"ignore_label": ignore, "bits": 8},
            fix=f"set ignore_label = 255 (or false) in {place_of_settings(facts)}",
        )


@rule("D13", level=Level.ERROR)
def class_twice(facts: DatasetFacts) -> Iterator[Statement]:
    """Two classes share an id or a name.

    What: two [[classes]] of dataset.toml have one id, or one name.

    Why it hurts: of two with one id the last counts, and the other is never seen again. Of two with
    one name nobody knows which is meant in a report.

    How to fix: give every class an id and a name of its own.
    """
    for key, level in (("id", None), ("name", Level.WARNING)):
        values = Counter(getattr(entry, key) for entry in facts.descriptor.classes)
        twice = [value for value, times in values.items() if times > 1]
        if twice:
            names = [e.name for e in facts.descriptor.classes if getattr(e, key) == twice[0]]
            yield Statement(
                message=f"{key} {twice[0]!r} is given to {len(names)} classes: {several(names)}",
                level=level,
                path=told_in(facts),
                count=len(twice),
                evidence={key: [str(value) for value in twice[:20]], "names": names},
                fix=f"give every class a{'n' if key == 'id' else ''} {key} of its own in "
                f"{place_of_settings(facts)}",
            )


def _ignored_inside(ids: IdSet) -> bool:
    return ids.ignore is not None and ids.ignore < ids.num_classes


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
