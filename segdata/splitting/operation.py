"""Split: lists for training and measuring that share nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from segdata.dataset import Dataset
from segdata.errors import UserError
from segdata.executors import Executor, Serial
from segdata.progress import Track, silently
from segdata.splitting.assigning import Groups, at_random, by_classes
from segdata.splitting.bundling import Bundle, bundled
from segdata.splitting.grouping import group_by_name
from segdata.splitting.lists import Written, check_target, write
from segdata.splitting.pictures import Alike, find_alike, labelled_keys, look_at_pictures
from segdata.splitting.request import SplitRequest

# Names in a note.
_NAMED = 5


@dataclass(frozen=True)
class ClassShare:
    """How the pixels of one class are dealt out.

    Args:
        pixels: of all lists.
        groups: that hold it.
        shares: of each list.
    """

    id: int
    name: str
    pixels: int
    groups: int
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Splitting:
    """The lists, and what they share: nothing.

    Args:
        dataset: the folder.
        lists: the names in each.
        groups: how many sets of pictures were kept together, singles included.
        alike: duplicates that were found.
        crossing: sets of duplicates that are in more than one list.
        classes: how each class is dealt out.
        unusable: name -> why it is in no list.
        notes: what else there is to know.
        written: what was written; None after a dry run.
    """

    request: SplitRequest
    dataset: Path
    lists: Mapping[str, tuple[str, ...]]
    groups: int
    alike: Alike
    crossing: int
    classes: tuple[ClassShare, ...]
    unusable: Mapping[str, str]
    notes: tuple[str, ...] = ()
    written: Written | None = None

    @property
    def worst(self) -> tuple[ClassShare, str, float] | None:
        """The class and the list whose share is farthest from what was asked for, and by how
        much."""
        asked = self.request.shares
        off = [
            (entry, name, entry.shares[name] - asked[name])
            for entry in self.classes
            for name in asked
            if entry.pixels
        ]
        return max(off, key=lambda found: abs(found[2]), default=None)

    def to_json(self) -> dict[str, Any]:
        worst = self.worst
        request = self.request
        return {
            "dataset": str(self.dataset),
            "by": request.by,
            "group_by": request.group_by,
            "seed": request.seed,
            "asked": request.shares,
            "splits": {name: len(keys) for name, keys in self.lists.items()},
            "groups": self.groups,
            "duplicates": {
                "same_file": self.alike.exact,
                "same_picture": self.alike.near,
                "compared": self.alike.compared,
                "not_compared": self.alike.skipped,
                "crossing": self.crossing,
            },
            "classes": [
                {
                    "id": entry.id,
                    "name": entry.name,
                    "pixels": entry.pixels,
                    "groups": entry.groups,
                    "share": {name: round(share, 6) for name, share in entry.shares.items()},
                }
                for entry in self.classes
            ],
            "worst_deviation": {"class": worst[0].name, "split": worst[1], "by": round(worst[2], 6)}
            if worst
            else None,
            "left_out": [{"name": name, "why": why} for name, why in self.unusable.items()],
            "notes": list(self.notes),
            "written": self.written.to_json() if self.written else None,
        }


def split(
    dataset: Dataset,
    request: SplitRequest,
    *,
    executor: Executor | None = None,
    track: Track = silently,
) -> Splitting:
    """Make lists in which no duplicate and no group is torn apart.

    Every photo that has a readable label takes part, whatever lists there are. Nothing of the
    user's is changed: lists go into a new folder, or beside lists that are kept.

    Raises:
        UserError: there is nothing to split, a pattern fits nothing, or lists are in the way.
    """
    if not request.dry_run:
        check_target(dataset, request.out, overwrite=request.overwrite)
    group_by_name(labelled_keys(dataset), request.group_by)
    executor = executor or Serial()
    pictures = look_at_pictures(dataset, executor, track)
    bundle = bundled(pictures, find_alike(pictures, executor, track), request)
    if len(bundle.groups.names) < len(request.shares):
        raise UserError(
            f"{len(pictures.pairs)} pictures are {len(bundle.groups.names)} groups: too few for "
            f"{len(request.shares)} lists",
            "groups and duplicates are never torn apart: ask for fewer lists, or group otherwise",
        )
    deal = by_classes if request.by == "stratified" else at_random
    chosen = deal(bundle.groups, tuple(request.shares.values()), request.seed)
    result = _result(dataset, request, bundle, chosen)
    if request.dry_run:
        return result
    return replace(result, written=_written(dataset, result))


def _written(dataset: Dataset, result: Splitting) -> Written:
    request = result.request
    report = result.to_json()
    return write(dataset, request.out, result.lists, report, overwrite=request.overwrite)


def _result(
    dataset: Dataset,
    request: SplitRequest,
    bundle: Bundle,
    chosen: list[int],
) -> Splitting:
    pictures, alike = bundle.pictures, bundle.alike
    of_picture = [chosen[group] for group in bundle.member_of]
    lists = {
        name: tuple(k for k, s in zip(pictures.keys, of_picture, strict=True) if s == number)
        for number, name in enumerate(request.shares)
    }
    # Asked of the finished lists, not of the way they were made.
    crossing = sum(of_picture[one] != of_picture[other] for one, other in alike.pairs)
    return Splitting(
        request=request,
        dataset=dataset.root,
        lists=lists,
        groups=len(bundle.groups.names),
        alike=alike,
        crossing=crossing,
        classes=_class_shares(dataset, bundle.groups, chosen, tuple(request.shares)),
        unusable=pictures.unusable,
        notes=tuple(_notes(dataset, bundle)),
    )


def _class_shares(
    dataset: Dataset, groups: Groups, chosen: list[int], names: tuple[str, ...]
) -> tuple[ClassShare, ...]:
    splits = np.array(chosen)
    held = [groups.pixels[splits == number].sum(axis=0) for number in range(len(names))]
    total = groups.pixels.sum(axis=0)
    return tuple(
        ClassShare(
            entry.id,
            entry.name,
            int(total[entry.id]),
            int((groups.pixels[:, entry.id] > 0).sum()),
            {
                n: float(h[entry.id] / max(1.0, total[entry.id]))
                for n, h in zip(names, held, strict=True)
            },
        )
        for entry in dataset.class_map.trained
        if entry.id < groups.pixels.shape[1]
    )


def _notes(dataset: Dataset, bundle: Bundle) -> Iterator[str]:
    if bundle.unmatched:
        number, first = len(bundle.unmatched), bundle.unmatched[0]
        yield f"{number} names do not match the pattern and stay single, such as {first}"
    if bundle.kept:
        yield f"{bundle.kept} pictures stay in the list in which they were"
    if bundle.moved:
        names = ", ".join(bundle.moved[:_NAMED])
        yield f"{len(bundle.moved)} pictures left their list, because a copy is in another: {names}"
    if bundle.alike.skipped:
        yield f"{bundle.alike.skipped} pairs of pictures with near hashes are too many to compare"
    listed = {key for found in dataset.splits.values() if found.path for key in found.entries}
    more = len({*dataset.image_files} - listed) if listed else 0
    if more:
        yield f"{more} photos were in no list before"
