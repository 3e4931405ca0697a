"""What becomes of ids, and the classes that come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from segdata.classes import ClassMap, SegClass
from segdata.dataset import Dataset
from segdata.errors import UserError

Photos = Literal["copy", "hardlink", "symlink"]

LARGEST = 65535


@dataclass(frozen=True, kw_only=True)
class RemapRequest:
    """What becomes of ids.

    Args:
        out: the data set to make.
        table: new ids by old ids; None stands for the ignore label. Ids that are not named stay.
        names: names of ids, for those that are new or shall be called otherwise.
        ignore: the ignore label of the new data set; None keeps the old one.
        photos: their bytes are copied or linked.
        palette: write label PNGs that look like their colors.
        overwrite: write into a folder that holds other things.
    """

    out: Path
    table: Mapping[int, int | None]
    names: Mapping[int, str] = field(default_factory=dict)
    ignore: int | None = None
    photos: Photos = "copy"
    palette: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class RemapPlan:
    """The new classes, and the new id of each old one that changes."""

    class_map: ClassMap
    ids: Mapping[int, int]


def plan_remap(dataset: Dataset, request: RemapRequest) -> RemapPlan:
    """The classes that come out. Nothing is read or written.

    Raises:
        UserError: an id becomes one that is no class and has no name, or that cannot be.
    """
    old = dataset.class_map
    ignore = old.ignore if request.ignore is None else request.ignore
    targets = {source: ignore if to is None else to for source, to in request.table.items()}
    if None in targets.values():
        raise UserError(
            f"{dataset.root} ignores nothing, so nothing can become the ignore label",
            "give the new data set one: --ignore 255",
        )
    ids = {source: to for source, to in targets.items() if to is not None}
    if old.ignore is not None and ignore != old.ignore:
        ids.setdefault(old.ignore, ignore if ignore is not None else old.ignore)
    for number in (*ids, *ids.values(), *request.names):
        if not 0 <= number <= LARGEST:
            raise UserError(f"{number} is no id", f"ids are 0 to {LARGEST}")
    return RemapPlan(_new_classes(old, ids, ignore, request.names), ids)


def _new_classes(
    old: ClassMap, ids: Mapping[int, int], ignore: int | None, names: Mapping[int, str]
) -> ClassMap:
    """Classes keep their names and colors; a name goes with the pixels where all of them move."""
    known = {entry.id: entry for entry in old.classes}
    sources: dict[int, list[int]] = {}
    for number in {*known, *ids}:
        sources.setdefault(ids.get(number, number), []).append(number)
    classes = []
    for target, members in sorted(sources.items()):
        entry = _entry(target, sorted(members), known, names, ignore)
        if entry is not None:
            classes.append(entry)
    unknown = sorted(set(names) - set(sources))
    if unknown:
        raise UserError(f"no id becomes {unknown[0]}, which is given a name", "check --name")
    return ClassMap(tuple(classes), ignore)


def _entry(
    target: int,
    members: list[int],
    known: Mapping[int, SegClass],
    names: Mapping[int, str],
    ignore: int | None,
) -> SegClass | None:
    """The class of a new id; None if it is the ignore label without a name."""
    kept = known.get(target) if target in members else None
    if kept is None and target in known and len(members) == 1:
        kept = known.get(members[0])
    if target == ignore:
        named = names.get(target) or (known[target].name if target in known else "")
        return SegClass(target, named, known[target].color if target in known else None) \
            if named else None  # fmt: skip
    if target in names:
        return SegClass(target, names[target], kept.color if kept is not None else None)
    if kept is None:
        what = "is no class" if target not in known else "gets several classes and loses its own"
        raise UserError(
            f"id {target} {what}, and {', '.join(map(str, members))} become it",
            f"give it a name: --name {target}:NAME",
        )
    return SegClass(target, kept.name, kept.color)
