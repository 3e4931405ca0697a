"""Rules about lists beside each other: what they share, and what one of them lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import IdSet, ids_of, value_causes
from segdata.rules.wording import counted, file_name, on_dataset, percent, several

if TYPE_CHECKING:
    from segdata.facts import Crossing, DatasetFacts, Twin

# Fewer labels to learn from lack classes by chance: who has so few is trying something out.
_ENOUGH = 10


@rule("P08", level=Level.ERROR)
def leak(facts: DatasetFacts) -> Iterator[Statement]:
    """What is measured with was learned from.

    What: the train list and the val (or test) list share names; or different names in them hold
    the same photo, the same picture in other bytes (saved again, resized, brightened), or tiles
    that overlap. Lists that are unions, such as trainval, are meant to share.

    Why it hurts: the network is asked what it has seen. The score is high, and falls when the first
    new picture comes.

    How to fix: make the lists again with `segdata split`, which keeps copies together; with
    `--group-by` a pattern also the tiles of a scene and the frames of a video.
    """
    for crossing in facts.likeness.crossings:
        yield from _shared(facts, crossing)
        yield from _twins(facts, crossing)


@rule("P09", level=Level.WARNING)
def class_missing(facts: DatasetFacts) -> Iterator[Statement]:
    """A list lacks a class that the other one has.

    What: a class occurs in val and never in train; or it occurs in train and never in val. With a
    handful of labels in train that is to be expected, and only noted.

    Why it hurts: what is not in train is never learned: its IoU in val is 0, and pulls the mean
    down. What is not in val is not measured: nobody notices when it is not recognized.

    How to fix: make the lists again with `segdata split`, which gives every list its share of the
    rare classes; or label more pictures of that class.
    """
    for train, val in ((crossing.train, crossing.val) for crossing in facts.likeness.crossings):
        learned, measured = ids_of(facts, train), ids_of(facts, val)
        if _judged_elsewhere(learned) or _judged_elsewhere(measured):
            continue
        unknown = [i for i in _classes(measured) if i not in learned.values]
        if unknown:
            yield _unknown(facts, (train, val), unknown, measured, learned.files)
        unmeasured = [i for i in _classes(learned) if i not in measured.values]
        if unmeasured:
            names = [_named(learned, i) for i in unmeasured]
            yield Statement(
                message=f"{val} has no pixel of {several(names)}: how well "
                f"{'it is' if len(names) == 1 else 'they are'} recognized cannot be measured",
                level=Level.INFO,
                path=_list_path(facts, val),
                count=len(unmeasured),
                evidence={"classes": names, "lists": [train, val]},
                fix=_split(facts),
            )


def _shared(facts: DatasetFacts, crossing: Crossing) -> Iterator[Statement]:
    if not crossing.shared:
        return
    # Nobody lists the same names twice by accident: it is how people try a first training.
    same = crossing.shared == crossing.sizes[0] == crossing.sizes[1]
    of = "all" if same else f"{crossing.shared} of {crossing.sizes[1]}"
    yield Statement(
        message=f"{of} names of the {crossing.val} list are in the {crossing.train} list too: "
        f"{several(crossing.first_shared, crossing.shared)}",
        level=Level.WARNING if same else None,
        path=_list_path(facts, crossing.val),
        count=crossing.shared,
        evidence={
            crossing.train: crossing.sizes[0],
            crossing.val: crossing.sizes[1],
            "shared": crossing.shared,
            "first_names": list(crossing.first_shared),
        },
        fix=_split(facts),
    )


def _twins(facts: DatasetFacts, crossing: Crossing) -> Iterator[Statement]:
    twins = crossing.twins
    for number, first, what, certainty in (
        (twins.files, twins.first_files, "the very file of", Certainty.PROOF),
        (twins.pictures, twins.first_pictures, "the same picture as", Certainty.STRONG),
        (twins.overlaps, twins.first_overlaps, "a tile that overlaps", Certainty.STRONG),
    ):
        if number:
            one = first[0]
            yield Statement(
                message=f"{counted(number, 'photo')} of {crossing.val} "
                f"{'is' if number == 1 else 'are'} {what} a photo of {crossing.train}: "
                f"{file_name(one.val)} and {file_name(one.train)}",
                certainty=certainty,
                level=Level.WARNING,
                path=one.val,
                count=number,
                evidence={"pairs": [_evidence(twin, crossing) for twin in first]},
                fix=_split(facts, grouped=bool(twins.overlaps)),
            )


def _evidence(twin: Twin, crossing: Crossing) -> dict[str, object]:
    return {
        crossing.train: twin.train,
        crossing.val: twin.val,
        "bits_of_512": twin.distance,
        "correlation": round(twin.match, 3),
    }


def _unknown(
    facts: DatasetFacts, lists: tuple[str, str], unknown: list[int], measured: IdSet, learned: int
) -> Statement:
    train, val = lists
    names = [_named(measured, i) for i in unknown]
    pixels = sum(measured.values[i].pixels for i in unknown)
    place = measured.values[unknown[0]].places[0]
    return Statement(
        message=f"{train} has no pixel of {several(names)}, which {val} asks for "
        f"({percent(measured.share(unknown))} of its pixels): "
        f"{'its' if len(names) == 1 else 'their'} IoU will be 0",
        level=None if learned >= _ENOUGH else Level.INFO,
        path=place.path,
        count=pixels,
        evidence={"classes": names, "lists": list(lists), "pixels": pixels},
        fix=_split(facts),
    )


def _judged_elsewhere(ids: IdSet) -> bool:
    """Another rule has said already why these values are not what they should be."""
    return not ids.files or bool(value_causes(ids))


def _classes(ids: IdSet) -> list[int]:
    return [value for value in ids.trained if value < ids.num_classes and not ids.is_void(value)]


def _named(ids: IdSet, value: int) -> str:
    return f"{ids.names[value]} ({value})" if value in ids.names else f"class {value}"


def _list_path(facts: DatasetFacts, name: str) -> str:
    return next((s.path for s in facts.splits if s.name == name and s.path), facts.root)


def _split(facts: DatasetFacts, *, grouped: bool = False) -> str:
    group = ("--group-by", "(.+?)[_-]") if grouped else ()
    return on_dataset(facts, "split", f"{facts.root}-split", "--val", "0.2", *group)
