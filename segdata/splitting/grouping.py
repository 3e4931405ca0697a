"""Which pictures belong together and must not be torn apart by lists."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from segdata.errors import UserError

# Cityscapes ends the names of its photos and labels so.
_ENDING = r"(?:_leftImg8bit|_gtFine\w*|_gtCoarse\w*)?$"
# A frame of a video: what stands before the last number (0016E5_07959, Seq05VD_f00030,
# aachen_000000_000019). A scene: what stands before all numbers at the end (tile_0_256).
PRESETS: Mapping[str, str] = {
    "video": rf"^(.+?)[-_. ]*(?:frame|image|img|f)?[-_. ]*\d+{_ENDING}",
    # No two ways to read one name: names that do not match would take forever.
    "scene": rf"^(.+?)(?:[-_. ]+(?:(?:frame|image|img|f|x|y)[-_. ]?)?\d+)+{_ENDING}",
}


@dataclass(frozen=True)
class Grouping:
    """Groups by name.

    Args:
        names: the group of each key; a key that is in no group is one of its own.
        unmatched: keys that the pattern does not match.
    """

    names: tuple[str, ...]
    unmatched: tuple[str, ...] = ()


def group_by_name(keys: Sequence[str], pattern: str | None) -> Grouping:
    """Group keys by what a pattern captures.

    Args:
        pattern: a preset's name, or a regular expression; its groups together name the group of a
            key, or all that it matches if it has none. None makes each key its own group.

    Raises:
        UserError: it is no regular expression, matches no key, or puts all keys into one group.
    """
    if pattern is None:
        return Grouping(tuple(keys))
    try:
        expression = re.compile(PRESETS.get(pattern, pattern))
    except re.error as error:
        raise UserError(
            f"--group-by {pattern!r} is no regular expression: {error}",
            f"for example '^([^_]+)_'; or one of: {', '.join(PRESETS)}",
        ) from error
    if not keys:
        return Grouping(())
    found = [expression.search(key) for key in keys]
    names = tuple(
        key if match is None else "/".join(part or "" for part in match.groups() or (match[0],))
        for key, match in zip(keys, found, strict=True)
    )
    unmatched = tuple(key for key, match in zip(keys, found, strict=True) if match is None)
    if len(unmatched) == len(keys):
        raise UserError(
            f"--group-by {pattern!r} matches none of {len(keys)} names, such as {keys[0]}",
            "a regular expression whose group is the same for pictures that belong together",
        )
    if len(keys) > 1 and len(set(names)) == 1:
        raise UserError(
            f"--group-by {pattern!r} puts all {len(keys)} pictures into one group ({names[0]})",
            "a group is never torn apart: choose a pattern that tells more groups apart",
        )
    return Grouping(names, unmatched)


@dataclass
class Unions:
    """Sets of items that grow together (union-find)."""

    _parents: dict[int, int] = field(default_factory=dict)

    def root(self, item: int) -> int:
        """The item that stands for the set of this one."""
        parent = self._parents.get(item, item)
        while parent != self._parents.get(parent, parent):
            parent = self._parents[parent]
        self._parents[item] = parent
        return parent

    def join(self, one: int, other: int) -> bool:
        """Put two sets together; returns whether they were two."""
        a, b = self.root(one), self.root(other)
        self._parents[max(a, b)] = min(a, b)
        return a != b

    def join_equal(self, marks: Iterable[Hashable]) -> int:
        """Put items of equal mark together; returns how many marks are on several items."""
        first: dict[Hashable, int] = {}
        several = set()
        for item, mark in enumerate(marks):
            if mark in first:
                several.add(mark)
            self.join(first.setdefault(mark, item), item)
        return len(several)
