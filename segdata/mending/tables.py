"""The lists and the table of pairs of the new data set."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segdata.dataset import ALL
from segdata.files import write_file
from segdata.listing import read_pairs
from segdata.mending.planning import Plan, placed
from segdata.mending.treating import Outcome, copy


@dataclass
class Kept:
    """Which pairs are in the new tree.

    Args:
        pairs: how many have a photo.
        gone: keys of pairs that were left out.
        gone_photos: their photos.
        moved: file -> the new one, where its name changed.
    """

    pairs: int = 0
    gone: set[str] = field(default_factory=set)
    gone_photos: set[Path | None] = field(default_factory=set)
    moved: dict[Path, Path] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Note one pair."""
        if outcome.left_out is not None:
            self.gone.add(outcome.job.key)
            self.gone_photos.add(outcome.job.photo)
            return
        self.pairs += outcome.job.photo is not None
        self.moved |= {change.source: change.target for change in outcome.changes}


def new_entries(plan: Plan, kept: Kept) -> dict[str, tuple[str, ...]]:
    """The entries of every list that is not the same as before, by split."""
    rewritten = {name for t in plan.treatments.values() for name in t.rewrite}
    changed = {}
    for split in plan.dataset.splits.values():
        if split.path is None or plan.dataset.descriptor.pairs is not None:
            continue
        drop = [t.drop.get(split.name, {}) for t in plan.treatments.values()]
        named = [(name, plan.names.get(name, name)) for name in split.entries]
        entries = tuple(
            new
            for name, new in named
            if new not in kept.gone and not any(name in names for names in drop)
        )
        if split.name in rewritten and not split.name.startswith("train"):
            entries = tuple(dict.fromkeys(entries))
        if entries != split.entries or split.name in rewritten:
            changed[split.name] = entries
    return changed


def write_lists(plan: Plan, out: Path, kept: Kept) -> bool:
    """Write the lists of the new data set; returns whether any differs from the old one."""
    changed = new_entries(plan, kept)
    dataset = plan.dataset
    if dataset.descriptor.pairs is not None:
        return _write_pairs(plan, out, kept)
    for split in dataset.splits.values():
        if split.path is None:
            continue
        target = placed(split.path, dataset, out)
        if split.name in changed:
            write_file(target, "".join(f"{name}\n" for name in changed[split.name]).encode())
        else:
            copy(split.path, target)
    return bool(changed)


def _write_pairs(plan: Plan, out: Path, kept: Kept) -> bool:
    """The table without the rows that were left out, and with new names of files."""
    dataset = plan.dataset
    assert dataset.descriptor.pairs is not None
    table = dataset.root / dataset.descriptor.pairs
    rows = read_pairs(table, dataset.root, allow_outside=dataset.descriptor.allow_outside)
    off = {
        (name, split)
        for treatment in plan.treatments.values()
        for split, names in treatment.drop.items()
        for name in names
    }
    left = [
        row
        for row in rows
        if row.image not in kept.gone_photos and (row.key, row.split or ALL) not in off
    ]
    if len(left) == len(rows) and not _renamed(kept.moved):
        copy(table, placed(table, dataset, out))
        return False

    def name(path: Path) -> str:
        new = kept.moved.get(path) or placed(path, dataset, out)
        return new.relative_to(out).as_posix()

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "label", "split"])
    for row in left:
        label = name(row.label) if row.label.is_file() else ""
        writer.writerow([name(row.image), label, row.split or ""])
    write_file(placed(table, dataset, out), text.getvalue().encode())
    return True


def _renamed(moved: Mapping[Path, Path]) -> bool:
    return any(old.name != new.name for old, new in moved.items())
