"""How a mended data set looks."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.console import findings
from segdata.findings import CheckReport, Level
from segdata.mending import JOURNAL_FILE, Mending

# Left-out pairs and labels as they were that are named; the journal has all of them.
_NAMED = 8


def to_json(result: Mending) -> dict[str, Any]:
    return result.to_json()


def render(result: Mending, console: Console) -> None:
    journal = result.journal
    for rule, (does, files, pixels) in journal.applied().items():
        line = Text(f"{rule} ", style="bold")
        line.append(does)
        if files:
            line.append(f": {_counted(files, 'file')}")
        if pixels:
            line.append(f", {pixels:,} pixels")
        console.print(line)
    _listed(
        [f"{lost.name}: {lost.why} ({lost.rule})" for lost in journal.left_out],
        "left out",
        console,
    )
    _listed(
        [f"{kept.path}: {kept.why} ({kept.rule})" for kept in journal.not_mended.values()],
        "not mended, copied as it was",
        console,
    )
    for rule, why in journal.refusals.items():
        console.print(Text(f"{rule} has no safe remedy here: {why}"))
    left = CheckReport(result.remaining.at_least(Level.WARNING))
    if len(left):
        console.print("left to you:")
        findings.render_groups(left, console)
    _last_line(result, console)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def _listed(lines: list[str], what: str, console: Console) -> None:
    lines = list(dict.fromkeys(lines))
    for line in lines[:_NAMED]:
        console.print(Text(f"{what}: {line}"))
    if len(lines) > _NAMED:
        console.print(f"... and {len(lines) - _NAMED} more {what}")


def _last_line(result: Mending, console: Console) -> None:
    journal, out = result.journal, result.request.out
    if result.request.dry_run:
        console.print(f"{journal.pairs} pairs looked at; nothing written")
        return
    if not result.changed:
        console.print(f"nothing had to be mended; a copy is in {out}")
        return
    left = len({lost.name for lost in journal.left_out if lost.split is None})
    without = f", {_counted(left, 'pair')} left out" if left else ""
    mended = _counted(len(journal.records), "file") if journal.records else "dataset.toml or lists"
    console.print(f"{mended} mended{without}: {out}")
    console.print(f"what was done to each: {out / JOURNAL_FILE}")
