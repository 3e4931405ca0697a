"""Pictures to groups: by name, by likeness, and with the lists that they were in before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segdata.dataset import DESCRIPTOR_FILE, list_files, load_dataset
from segdata.errors import UserError
from segdata.listing import draw, read_list
from segdata.splitting.assigning import Groups
from segdata.splitting.grouping import Unions, group_by_name
from segdata.splitting.pictures import Alike, Pictures
from segdata.splitting.request import SplitRequest

# Of the lists that copies of one picture were in, what measures is believed first: what it
# measures with was not to be learned.
_BELIEVED = ("test", "val", "train")


@dataclass(frozen=True, eq=False)
class Bundle:
    """Pictures as groups.

    Args:
        pictures: those that are split.
        alike: which of them are the same.
        groups: what is assigned.
        member_of: the group of each picture.
        unmatched: names that the pattern does not match.
        kept: pictures that stay where they were.
        moved: names that leave their list, because a copy of the picture is in another.
    """

    pictures: Pictures
    alike: Alike
    groups: Groups
    member_of: tuple[int, ...]
    unmatched: tuple[str, ...]
    kept: int
    moved: tuple[str, ...]


def bundled(pictures: Pictures, alike: Alike, request: SplitRequest) -> Bundle:
    """Put together what belongs together.

    Raises:
        UserError: the pattern fits nothing, or the lists to keep are not there.
    """
    keys = pictures.keys
    by_name = group_by_name(keys, request.group_by)
    unions = Unions()
    unions.join_equal(by_name.names)
    for one, other in alike.pairs:
        unions.join(one, other)
    roots = [unions.root(i) for i in range(len(keys))]
    number = {root: n for n, root in enumerate(dict.fromkeys(roots))}
    member_of = np.array([number[root] for root in roots])
    sizes = np.bincount(member_of).astype(np.float64)
    pixels = np.zeros((len(number), pictures.pixels.shape[1]))
    np.add.at(pixels, member_of, pictures.pixels)
    fixed, kept, moved = _fixed(keys, member_of.tolist(), request)
    names = _names(by_name.names, member_of.tolist())
    groups = Groups(names, sizes, pixels, fixed)
    members = tuple(member_of.tolist())
    return Bundle(pictures, alike, groups, members, by_name.unmatched, kept, moved)


def _names(names: tuple[str, ...], member_of: list[int]) -> tuple[str, ...]:
    """Of the names in a group the one that is drawn lowest: a copy that is added later seldom
    changes it, and never where it is drawn higher."""
    best: dict[int, str] = {}
    for name, group in zip(names, member_of, strict=True):
        if group not in best or (draw(name), name) < (draw(best[group]), best[group]):
            best[group] = name
    return tuple(best[group] for group in range(len(best)))


def _fixed(
    keys: list[str], member_of: list[int], request: SplitRequest
) -> tuple[dict[int, int], int, tuple[str, ...]]:
    """Group -> list, of those that an earlier run placed; how many pictures, and which move."""
    if request.keep is None:
        return {}, 0, ()
    order = list(request.shares)
    before = {key: name for key, name in _lists(request.keep).items() if name in order}
    fixed: dict[int, str] = {}
    for name in _BELIEVED:
        for key, group in zip(keys, member_of, strict=True):
            if before.get(key) == name:
                fixed.setdefault(group, name)
    placed = [
        (key, before[key] == fixed[group])
        for key, group in zip(keys, member_of, strict=True)
        if key in before
    ]
    moved = tuple(key for key, stays in placed if not stays)
    numbers = {group: order.index(name) for group, name in fixed.items()}
    return numbers, len(placed) - len(moved), moved


def _lists(folder: Path) -> Mapping[str, str]:
    """Name -> list, of the lists in a data set or a folder.

    Raises:
        UserError: there are none.
    """
    found = {path.stem: path for path in sorted(folder.glob("[!.]*.txt"))}
    if (folder / DESCRIPTOR_FILE).is_file():
        found = list_files(folder, load_dataset(folder).descriptor.lists)
    if not set(found) & set(_BELIEVED):
        raise UserError(
            f"{folder} holds no lists to keep",
            "name a data set that has them, or a folder with train.txt and val.txt",
        )
    before: dict[str, str] = {}
    for name in _BELIEVED:
        if name in found:
            for key in read_list(found[name])[0]:
                before.setdefault(key, name)
    return before
