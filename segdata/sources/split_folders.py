"""Splits that are folders: ``train/a.png``, ``validation/b.png``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# What people call a split, and what it is called everywhere else in segdata.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def lists_by_folder(keys: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Lists by the first folder of each key that is a split's; none unless every key has one."""
    found: dict[str, list[str]] = {}
    for key in keys:
        split = next((SPLIT_NAMES[p] for p in key.split("/")[:-1] if p in SPLIT_NAMES), None)
        if split is None:
            return {}
        found.setdefault(split, []).append(key)
    return {split: tuple(names) for split, names in sorted(found.items())}


def renamed_splits(keys: Iterable[str]) -> dict[str, str]:
    """The decision about splits that get a usual name: ``{"splits": "valid -> val"}``."""
    folders = {part for key in keys for part in key.split("/")[:-1] if part in SPLIT_NAMES}
    changed = [f"{f} -> {SPLIT_NAMES[f]}" for f in sorted(folders) if SPLIT_NAMES[f] != f]
    return {"splits": ", ".join(changed)} if changed else {}
