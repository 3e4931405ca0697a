"""Which classes of a picture are its subject."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from segdata.classes import ClassMap, SegClass
from segdata.drawing import background_of
from segdata.errors import UserError
from segdata.progress import Watch

# What data sets call people: PASCAL VOC, Cityscapes and COCO, CamVid, and portraits.
_PEOPLE = ("person", "pedestrian", "people", "human", "portrait")


def subject_of(class_map: ClassMap, names: Iterable[str], watch: Watch) -> tuple[SegClass, ...]:
    """The classes that are kept: those named, or the one that is most likely meant.

    Args:
        names: of classes, in any case, or their ids.

    Raises:
        UserError: a name is of no class, or none is named and none is likely.
    """
    wanted = [name.strip() for name in names if name.strip()]
    if wanted:
        return tuple(dict.fromkeys(_named(class_map, name) for name in wanted))
    likely = _likely(class_map)
    if likely is None:
        listed = ", ".join(entry.name for entry in class_map.trained)
        raise UserError("say which class is kept", f"--keep NAME[,NAME]; the classes are: {listed}")
    watch.note(f"{likely.name} is kept; --keep NAME keeps another class")
    return (likely,)


def _named(class_map: ClassMap, name: str) -> SegClass:
    for entry in class_map.trained:
        if name.lower() == entry.name.lower():
            return entry
    for entry in class_map.trained:
        if name == str(entry.id):
            return entry
    listed = ", ".join(nearest_first(name, [entry.name for entry in class_map.trained]))
    raise UserError(f"there is no class {name!r}", f"the classes, the likeliest first: {listed}")


def nearest_first(name: str, names: Iterable[str]) -> list[str]:
    """Names in order of their likeness to one."""
    return sorted(
        names, key=lambda other: -difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()
    )


def _likely(class_map: ClassMap) -> SegClass | None:
    """The one beside a background, or the one that is a person."""
    background = background_of(class_map)
    others = [entry for entry in class_map.trained if entry.id != background]
    if background is not None and len(others) == 1:
        return others[0]
    people = [entry for entry in others if entry.name.strip().lower() in _PEOPLE]
    return people[0] if len(people) == 1 else None
