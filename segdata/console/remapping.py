"""How a remapping looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from segdata.remapping import Remapping
from segdata.rules.wording import command


def to_json(result: Remapping) -> dict[str, Any]:
    return {
        "dataset": str(result.request.out),
        "of": str(result.dataset.root),
        "labels": result.labels,
        "classes": result.class_map.to_json(),
        "moved": {str(target): list(sources) for target, sources in result.moved.items()},
        "pixels_before": {split: _counts(counts) for split, counts in result.before.items()},
        "pixels_after": {split: _counts(counts) for split, counts in result.after.items()},
        "emptied": list(result.emptied),
        "unused": list(result.unused),
    }


def render(result: Remapping, console: Console) -> None:
    console.print(_table(result))
    for line in _told(result):
        console.print(line)
    console.print(f"{result.labels} labels in {result.request.out}")
    console.print(f"next:  {command('validate', str(result.request.out))}")


def _table(result: Remapping) -> Table:
    """The new ids, what they were, and their pixels in each split, before and after."""
    old = result.dataset.class_map
    table = Table("id", "class", "was", *result.after, box=None, pad_edge=False)
    for column in table.columns[3:]:
        column.justify = "right"
    ids = {entry.id for entry in result.class_map.classes}
    for counts in result.after.values():
        ids |= set(counts)
    for number in sorted(ids):
        sources = result.moved.get(number, ())
        stays = number not in {s for them in result.moved.values() for s in them}
        was = [*([number] if stays and number in old.names and sources else []), *sources]
        changed = [_changed(result, split, number) for split in result.after]
        name = result.class_map.name(number)
        ignored = " (ignored)" if number == result.class_map.ignore else ""
        named = ", ".join(f"{source} {old.name(source)}" for source in was)
        table.add_row(str(number), f"{name}{ignored}", named, *changed)
    return table


def _changed(result: Remapping, split: str, number: int) -> str:
    before = result.before[split].get(number, 0)
    after = result.after[split].get(number, 0)
    return f"{after:,}" if before == after else f"{before:,} -> {after:,}"


def _told(result: Remapping) -> Iterator[str]:
    ignore = result.class_map.ignore
    for split in result.after:
        total = sum(result.before[split].values())
        lost = result.after[split].get(ignore, 0) if ignore is not None else 0
        old = result.dataset.class_map.ignore
        lost -= result.before[split].get(old, 0) if old is not None else 0
        if lost > 0:
            yield f"{split}: {lost:,} pixels are newly ignored, {lost / max(1, total):.2%}"
    if result.unused:
        yield f"no label holds {', '.join(map(str, result.unused))}, which the table names"
    if result.emptied:
        yield (
            f"no class has id {', '.join(map(str, result.emptied))} now; a network still gets a "
            "channel for each id below the largest"
        )


def _counts(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(number): pixels for number, pixels in sorted(counts.items())}
