"""From the ids that files hold to the ids of classes, by a table that is kept for the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from segdata.classes import ClassMap, Label, SegClass
from segdata.facts import count_values
from segdata.images import NoIds, Unreadable, read_label
from segdata.sources import Hints, Item, Reading
from segdata.sources.class_files import read_class_file

# Rows of a decision's table that are spelled out; the rest is counted.
_SHOWN = 40


@dataclass(frozen=True)
class IdTable:
    """What the ids in label files mean.

    Args:
        class_map: the classes of the result.
        ids: class ids by stored id, for those that are not the same; -1 takes the ignore label.
        hint: what to think of an id that no class has, for the report.
    """

    class_map: ClassMap
    ids: Mapping[int, int] = field(default_factory=dict)
    hint: str = ""

    @cached_property
    def known(self) -> Mapping[int, int]:
        """Class ids by every stored id that means something."""
        same = {number for number in self.class_map.names if number not in self.ids}
        if self.class_map.ignore is not None and self.class_map.ignore not in self.ids:
            same.add(self.class_map.ignore)
        given = {
            stored: self.class_map.no_class if number < 0 else number
            for stored, number in self.ids.items()
        }
        return {**{number: number for number in same}, **given}

    def read(self, stored: Label) -> Reading:
        """``uint8 or uint16 H×W`` of stored ids to class ids; ids of no class are counted."""
        known, no_class = self.known, self.class_map.no_class
        table = np.full(1 << (8 * stored.dtype.itemsize), no_class, dtype=np.uint16)
        for number, class_id in known.items():
            if number < len(table):
                table[number] = class_id
        strange = {n: count for n, count in count_values(stored).items() if n not in known}
        fits = not strange or no_class <= np.iinfo(self.class_map.dtype).max
        label = np.take(table.astype(self.class_map.dtype if fits else np.uint16), stored)
        about = f" ({self.hint})" if self.hint else ""
        return Reading(label, unlisted={f"id {n}{about}": count for n, count in strange.items()})

    @property
    def said(self) -> str:
        """The table as one line, for the record: ``7 -> 0, 8 -> 1; ignored: 0 to 6, 9``."""
        moved = [(a, b) for a, b in sorted(self.ids.items()) if a != b and b >= 0]
        parts = [f"{a} -> {b}" for a, b in moved[:_SHOWN]]
        more = f", and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
        said = [", ".join(parts) + more] if parts else []
        ignored = sorted(stored for stored, number in self.ids.items() if number < 0)
        if ignored:
            said.append(f"ignored: {runs_of(ignored)}")
        return "; ".join(said) or "as stored"


def runs_of(numbers: list[int]) -> str:
    """``0 to 6, 9, 14 to 16``, of numbers in order."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join(" to ".join(map(str, run)) for run in runs)


def read_with_table(item: Item, table: IdTable) -> Reading:
    """The reader of formats whose labels are id PNGs.

    Raises:
        Unreadable: it is no whole image.
        NoIds: its pixels cannot be ids.
    """
    return table.read(read_label(item.label))


def renamed(class_map: ClassMap, hints: Hints) -> ClassMap:
    """The classes of a format with the names and colors of the user's class file, by id.

    Raises:
        UserError: the class file is wrong.
    """
    if hints.classes is None:
        return class_map
    return _overlaid(class_map, read_class_file(hints.classes))


def _overlaid(class_map: ClassMap, given: ClassMap) -> ClassMap:
    entries = {c.id: c for c in class_map.classes}
    taken = {c.color for c in given.classes}
    for number, entry in entries.items():
        if entry.color in taken:
            entries[number] = replace(entry, color=None)
    entries |= {c.id: c for c in given.classes}
    ignore = class_map.ignore if given.ignore is None else given.ignore
    return ClassMap(tuple(entries.values()), ignore)


def with_distinct_colors(classes: Iterable[SegClass]) -> tuple[SegClass, ...]:
    """Classes whose ids are read: of two with the same color the later one loses it."""
    seen: set[tuple[int, int, int]] = set()
    found = []
    for entry in classes:
        if entry.color is not None and entry.color in seen:
            entry = replace(entry, color=None)
        elif entry.color is not None:
            seen.add(entry.color)
        found.append(entry)
    return tuple(found)


def stand_in(ids: Iterable[int], ignore: int | None) -> ClassMap:
    """Classes for ids of which nobody says what they are: ``class 0``, ``class 1``, ..."""
    return ClassMap(
        tuple(SegClass(number, f"class {number}") for number in ids if number != ignore), ignore
    )


def ids_in(paths: Iterable[Path]) -> set[int]:
    """Every id that label files hold; files that hold none are passed over, reading tells them."""
    found: set[int] = set()
    for path in paths:
        try:
            label = read_label(path)
        except (Unreadable, NoIds):
            continue
        found.update(count_values(label))
    return found
