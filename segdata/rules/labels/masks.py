"""Rules about labels as wholes: how they number, and how they compare with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.labels.causes import IdSet, ids_of
from segdata.rules.wording import (
    counted,
    file_name,
    on_dataset,
    percent,
    place_of_settings,
    several,
    told_in,
    values_seen,
)

if TYPE_CHECKING:
    from segdata.facts import DatasetFacts
    from segdata.facts.masks import Repeat
    from segdata.facts.structure import StructureFacts

BACKGROUNDS = frozenset(
    {"background", "_background_", "bg", "back", "backgound", "none", "nothing"}
)
# A class that covers half of the pixels and of the outermost ones is the background, whatever it is
# called; what is called background and has less than a permille is not.
_MOST, _NEARLY_NONE = 0.5, 0.001
# In fewer labels a class may be missing by chance.
_SEVERAL = 10
# A class is all around the others if it is so in nearly all labels, of three at least.
_ALL_AROUND, _LEAST = 0.95, 3
# Of the outermost pixels an object has less than of all: 0.54 times as much for people in rendered
# portraits, 0.49 and 0.62 for cars in rendered streets and CamVid. The background has more.
_INSIDE = 0.7
# Most masks are empty (fault catalogue, L26: 90 % empty masks make predictions black).
_EMPTY = 0.8
# Colors tell objects from the rest, and photos without a label have about as much of them as those
# with one. Measured with one class at a time of CamVid and of rendered streets: photos that do not
# show it have a presence of 0.24 at most (down to -29); with 90 % of the masks emptied 0.5 to 1.5
# where objects are large. More than twice as much is chance.
_TELLING, _PRESENT, _AT_MOST = 0.75, 0.6, 2.0
_LABELLED, _UNLABELLED = 3, 10
# The same mask under so many of the photos: a few may show the same simple thing, such as the hood
# of the car that took them; half of them do not.
_COPIED, _OFTEN, _COPIES = 0.5, 0.1, 3


@rule("L17", level=Level.WARNING)
def background_elsewhere(facts: DatasetFacts) -> Iterator[Statement]:
    """The background is not where dataset.toml says.

    What: class 0 bears the name of an object, another class is called background, and the pixels
    say otherwise: 0 surrounds everything, and the class called background is nowhere; or no label
    has a 0, and the class called background is most of the pixels. The label map of the export
    (CVAT, Supervisely) began with an object.

    Why it hurts: the object in the first slot and the background are one: it vanishes from every
    mask, and everything that is nothing is learned as that object.

    How to fix: put background first in the label map and export again. If the masks are right and
    only names are wrong, correct the names in dataset.toml.
    """
    found, ids = facts.structure, ids_of(facts)
    if ids.shape or ids.outside or ids.ignore == 0 or not found.labels:
        return
    slots = [i for i, name in ids.names.items() if is_background(name) and i != ids.ignore]
    named = 0 in ids.names and not is_background(ids.names[0]) and not ids.is_void(0)
    ring = found.ring.get(0, 0) / max(1, sum(found.ring.values()))
    if 0 not in ids.values:
        if named and slots and ids.files >= _SEVERAL and ids.share(_held(ids, slots)) >= _MOST:
            yield _never_drawn(facts, ids, slots[0])
    elif named and slots and 0 not in slots:
        slot = slots[0]
        if ring < _MOST:
            return
        absent = slot not in ids.values or ids.share([slot]) < _NEARLY_NONE
        few = ids.share(_held(ids, [slot])) < ids.share([0]) / 2
        if absent or few or _is_inside(slot, ids, found):
            yield _misnamed(facts, ids, slot, absent=absent)
    elif 0 in slots and ids.num_classes > 2:
        yield from _surrounded(facts, ids)


@rule("L19", level=Level.WARNING)
def inverted(facts: DatasetFacts) -> Iterator[Statement]:
    """Masks may be inverted: the object is 0 and the background 1.

    What: of two classes, 1 lies all around every picture and 0 is inside, or keeps away from the
    edges as objects do; and dataset.toml calls 0 the background.

    Why it hurts: the network learns the negative: predictions look black where the object is.
    Scores are computed for the wrong class.

    How to fix: swap the two ids, or the two names, if the masks are meant this way.
    """
    found, ids = facts.structure, ids_of(facts)
    two = ids.num_classes == 2 and set(ids.trained) == {0, 1}
    called = ids.names.get(0)
    if not two or ids.shape or not (called is None or is_background(called)):
        return
    around, outside = found.around.get(1, 0), found.outside.get(1, 0)
    enclosed = found.zeros >= _LEAST and around >= _ALL_AROUND * found.zeros
    compact = (
        found.zeros >= _SEVERAL
        and outside >= _ALL_AROUND * found.zeros
        and _is_inside(0, ids, found)
    )
    if ids.share([0]) >= _MOST or not (enclosed or compact):
        return
    where = f"all around class 0 in {around}" if enclosed else f"at the edges of {outside}"
    yield Statement(
        message=f"class 1 lies {where} of {counted(found.zeros, 'label')}: "
        f"0, {f'the {called}' if called else 'as a rule the background'}, is inside "
        f"({percent(ids.share([0]))} of the pixels)",
        certainty=Certainty.MEDIUM if called else Certainty.HINT,
        level=None if called else Level.INFO,
        path=ids.values[0].places[0].path,
        count=around if enclosed else outside,
        evidence={"values": values_seen(ids.values), "labels": found.zeros, "around": around},
        fix=on_dataset(facts, "remap", f"{facts.root}-ids", "0:1", "1:0"),
        missing=("predictions of the network: whether they score better with 0 and 1 swapped",),
    )


@rule("L26", level=Level.WARNING)
def empty_masks(facts: DatasetFacts) -> Iterator[Statement]:
    """Many masks are empty.

    What: labels are 0 throughout. Photos without an object belong to many data sets. If most masks
    are empty, and the photos under them show the colors of objects as often as labelled photos do,
    nobody has labelled them yet.

    Why it hurts: the network is told that what it should find is background. With half of the masks
    missing IoU halves; with 90 % missing every prediction is black, though it ranks pixels well.

    How to fix: label the photos, or take those that nobody looked at off the lists.
    """
    masks, colors = facts.masks, facts.alignment.colors
    empty = masks.empty
    if not empty.files or empty.files == masks.labels:
        return
    share = empty.files / masks.labels
    unfinished = share > _EMPTY and are_unlabelled(facts)
    says = "; objects seem to be visible in them" if unfinished else ""
    yield Statement(
        message=f"{empty.files} of {counted(masks.labels, 'mask')} are empty ({percent(share)}): 0 "
        f"throughout{says}",
        certainty=Certainty.MEDIUM if unfinished else Certainty.HINT,
        level=None if unfinished else Level.INFO,
        path=empty.first[0],
        count=empty.files,
        evidence={
            "masks": masks.labels,
            "photos_compared": colors.labelled + colors.empty,
            "colors_tell_objects": round(colors.telling, 2),
            "object_colors_in_empty": round(colors.presence, 2),
            "first_files": list(empty.first),
        },
        fix="label these photos, or take them off the lists if nobody has looked at them",
    )


def are_unlabelled(facts: DatasetFacts) -> bool:
    """Whether photos under empty masks show the colors of objects as labelled ones do."""
    colors = facts.alignment.colors
    enough = colors.labelled >= _LABELLED and colors.empty >= _UNLABELLED
    return enough and colors.telling >= _TELLING and _PRESENT <= colors.presence <= _AT_MOST


@rule("L28", level=Level.ERROR)
def copied_masks(facts: DatasetFacts) -> Iterator[Statement]:
    """The same mask belongs to different photos.

    What: label files are equal to the last byte though their photos differ: one mask was saved
    under many names, or labels of some photos were copied over those of others. No two photos have
    one mask of many outlines; simple ones may be equal.

    Why it hurts: labels of another photo teach nothing, and in val they measure nothing. If all are
    the same, the network learns that one picture by heart and predicts it for everything.

    How to fix: export the labels again.
    """
    masks, told = facts.masks, False
    for repeat in masks.repeats:
        others = repeat.different + repeat.unseen
        often = repeat.files >= max(_COPIES, _OFTEN * masks.shown)
        if often and others >= max(_COPIES - 1, repeat.files / 2):
            told = True
            yield _copied(facts, repeat)
    copied = masks.copied
    if not told and copied.files >= _COPIES:
        yield Statement(
            message=f"{copied.files} of {counted(masks.shown, 'label')} that show something are, to"
            f" the last byte, those of other photos: {several(_names(copied.first), copied.files)}",
            certainty=Certainty.STRONG,
            level=Level.WARNING,
            path=copied.first[0],
            count=copied.files,
            evidence={"labels": masks.shown, "first_files": list(copied.first)},
            fix=f"export these labels in {facts.descriptor.labels} again, or those they equal",
        )


@rule("L33", level=Level.INFO)
def constant_masks(facts: DatasetFacts) -> Iterator[Statement]:
    """Some labels hold one class and nothing else.

    What: every pixel of the label has the same id, and it is not 0.

    Why it hurts: not at all where the photo shows nothing else. If it does, the wrong layer was
    saved, or a filling tool leaked.

    How to fix: look at the photos; export the labels again if they are wrong.
    """
    masks = facts.masks
    for value, some in masks.constant.items():
        if masks.shown:
            yield Statement(
                message=f"{some.files} of {counted(masks.labels, 'label')} are {value} throughout",
                certainty=Certainty.MEDIUM,
                path=some.first[0],
                count=some.files,
                evidence={"value": value, "first_files": list(some.first)},
                fix="export these labels again if their photos show more",
            )


@rule("L34", level=Level.INFO)
def mostly_ignored(facts: DatasetFacts) -> Iterator[Statement]:
    """Some labels are mostly ignored.

    What: 95 % or more of the pixels are the ignore label.

    Why it hurts: such pictures cost as much time as others and teach next to nothing. Crops of them
    without a single pixel to learn from make the loss jump.

    How to fix: leave them out of the lists, or label more of them. Scribbles are meant to be so.
    """
    masks = facts.masks
    if masks.ignored.files and masks.ignored.files < masks.labels:
        yield Statement(
            message=f"{masks.ignored.files} of {counted(masks.labels, 'label')} are ignored for "
            "95 % or more",
            certainty=Certainty.MEDIUM,
            path=masks.ignored.first[0],
            count=masks.ignored.files,
            evidence={"labels": masks.labels, "first_files": list(masks.ignored.first)},
            fix="take them off the lists, or label more of them",
        )


def _names(paths: Sequence[str]) -> list[str]:
    return [file_name(path) for path in paths]


def is_background(name: str) -> bool:
    return name.strip().lower() in BACKGROUNDS


def _is_inside(value: int, ids: IdSet, found: StructureFacts) -> bool:
    """Whether it keeps away from the edges of pictures, as objects do and backgrounds do not."""
    return found.ring.get(value, 0) <= _INSIDE * ids.share([value]) * sum(found.ring.values())


def _held(ids: IdSet, classes: Sequence[int]) -> list[int]:
    return [value for value in classes if value in ids.values]


def _never_drawn(facts: DatasetFacts, ids: IdSet, slot: int) -> Statement:
    """No label holds class 0, and the background has another id."""
    return Statement(
        message=f"class 0 is called {ids.names[0]!r} and is in none of {ids.files} labels, while "
        f"{ids.names[slot]!r} is class {slot} and has {percent(ids.share(_held(ids, [slot])))} of "
        "the pixels: the label map seems to have begun with an object",
        certainty=Certainty.MEDIUM,
        path=told_in(facts),
        count=ids.files,
        evidence={"values": values_seen(ids.values), "background": slot},
        fix=f"if {ids.names[0]!r} is to be seen in the photos, put background first in the label "
        f"map and export again; if not, leave it, or take the class out of "
        f"{place_of_settings(facts)}",
    )


def _misnamed(facts: DatasetFacts, ids: IdSet, slot: int, *, absent: bool) -> Statement:
    share = percent(ids.share([slot])) if slot in ids.values else "none"
    return Statement(
        message=f"class 0 is called {ids.names[0]!r} and has {percent(ids.share([0]))} of the "
        f"pixels, as a background has; {ids.names[slot]!r} is class {slot} and has {share}",
        certainty=Certainty.STRONG if absent else Certainty.HINT,
        level=None if absent else Level.INFO,
        path=ids.values[0].places[0].path,
        count=ids.values[0].pixels,
        evidence={"values": values_seen(ids.values), "background": slot},
        fix=f"put background first in the label map and export again, or correct the names in "
        f"{place_of_settings(facts)}",
    )


def _surrounded(facts: DatasetFacts, ids: IdSet) -> Iterator[Statement]:
    """0 is called background, and another class lies all around it."""
    found = facts.structure
    value = max(found.around, key=lambda value: found.around[value], default=0)
    enough = found.zeros >= max(_LEAST, _ALL_AROUND * found.labels)
    around = found.around.get(value, 0) >= _ALL_AROUND * found.zeros
    if value and enough and around and ids.share([value]) >= _MOST:
        name = f" ({ids.names[value]})" if value in ids.names else ""
        yield Statement(
            message=f"class {value}{name} lies all around in {found.around[value]} of "
            f"{counted(found.zeros, 'label')}, as a background does; class 0 is called "
            f"{ids.names[0]!r} and has {percent(ids.share([0]))} of the pixels",
            certainty=Certainty.MEDIUM,
            path=ids.values[value].places[0].path,
            count=ids.values[value].pixels,
            evidence={"values": values_seen(ids.values), "around": value},
            fix=f"correct the ids, or the names in {place_of_settings(facts)}",
        )


def _copied(facts: DatasetFacts, repeat: Repeat) -> Statement:
    shown = facts.masks.shown
    everywhere = repeat.files >= _ALL_AROUND * shown and repeat.different >= repeat.unseen
    level = Level.WARNING if repeat.files >= _COPIED * shown else Level.INFO
    return Statement(
        message=f"{repeat.files} of {counted(shown, 'label')} that show something are the same "
        "mask, under different photos",
        certainty=Certainty.PROOF if everywhere else Certainty.MEDIUM,
        level=None if everywhere else level,
        path=repeat.first[0],
        count=repeat.files,
        evidence={
            "labels": shown,
            "photos_that_look_different": repeat.different,
            "first_files": list(repeat.first),
        },
        fix=f"export the labels in {facts.descriptor.labels} again",
    )
