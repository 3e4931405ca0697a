"""How new lists look."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.rules.wording import command
from segdata.splitting import Splitting

# Pictures in no list that are named.
_NAMED = 5


def to_json(result: Splitting) -> dict[str, Any]:
    return {**result.to_json(), "lists": {n: list(keys) for n, keys in result.lists.items()}}


def render(result: Splitting, console: Console) -> None:
    console.print(_shares(result))
    worst = result.worst
    if worst:
        entry, name, off = worst
        asked = result.request.shares[name]
        console.print(
            f"farthest from what was asked: {name} has {entry.shares[name]:.1%} of {entry.name}, "
            f"not {asked:.0%} ({off * 100:+.1f} points; {entry.groups} groups hold it)"
        )
    alike = result.alike
    console.print(
        f"{alike.exact} photos have copies that are the same file, {alike.near} pairs are the same "
        f"picture in other bytes; {result.crossing} are in two lists"
    )
    for note in result.notes:
        console.print(Text(note))
    for name, why in list(result.unusable.items())[:_NAMED]:
        console.print(Text(f"in no list: {name}: {why}"))
    if len(result.unusable) > _NAMED:
        console.print(f"... and {len(result.unusable) - _NAMED} more in no list")
    _last_lines(result, console)


def _shares(result: Splitting) -> Table:
    asked = result.request.shares
    table = Table("", *asked, "in all", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    total = sum(len(keys) for keys in result.lists.values())
    table.add_row("pictures", *(str(len(keys)) for keys in result.lists.values()), str(total))
    table.add_row("share", *(f"{len(k) / total:.1%}" for k in result.lists.values()), "100 %")
    for entry in result.classes:
        if entry.pixels:
            shares = (f"{entry.shares[name]:.1%}" for name in asked)
            table.add_row(Text(entry.name), *shares, f"{entry.pixels:,} px")
    return table


def _last_lines(result: Splitting, console: Console) -> None:
    if result.written is None:
        console.print(f"{result.groups} groups; nothing written")
        return
    console.print(f"{result.groups} groups; lists in {result.written.lists}")
    if result.written.backup:
        console.print(f"the lists that were there are in {result.written.backup}")
    console.print(f"next:  {command('validate', str(result.written.dataset))}")
