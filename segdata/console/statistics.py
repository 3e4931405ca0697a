"""How statistics look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.console.checked import outlook
from segdata.console.paragraphs import TABLE, kept, paragraph
from segdata.reports.wording import fine_percent
from segdata.rules.wording import command
from segdata.statistics import FORMULAS, ClassStatistics, Statistics

# Sizes of photos that are written out.
_SIZES = 3


def to_json(statistics: Statistics) -> dict[str, Any]:
    return statistics.to_json()


def render(statistics: Statistics, console: Console) -> None:
    for split in statistics.splits:
        total = max(1, split.pixels + split.ignored + split.strays)
        line = f"{split.name}: {split.labels:,} labels, {split.photos:,} photos"
        line += f", {fine_percent(split.ignored / total)} ignored"
        if split.strays:
            line += f", {fine_percent(split.strays / total)} of no class"
        paragraph(Text(line), console, hang=4)
    learned = statistics.learned
    console.print()
    paragraph(Text(f"classes of {learned.name}", style="bold"), console)
    _classes(learned.classes, console)
    console.print()
    paragraph(Text(f"class weights from {learned.name}", style="bold"), console)
    _weights(learned.classes, console)
    for formula in FORMULAS.values():
        paragraph(Text(f"{formula.name}: {formula.meaning}; {formula.source}"), console, 2, 2)
    console.print()
    paragraph(Text(_sizes(statistics)), console, hang=4)
    for line in outlook(statistics):
        paragraph(Text(line), console, hang=4)
    pages = command("stats", statistics.root, "--report", "statistics.html")
    paragraph(Text(f"plots, and which classes meet: {kept(pages)}"), console, hang=4)


def _classes(classes: Sequence[ClassStatistics], console: Console) -> None:
    head = ("share", "labels", "objects", "median", "smallest")
    rows = [
        (
            fine_percent(entry.share), f"{entry.images:,}", _count(entry.objects),
            _count(entry.median_object), _count(entry.smallest_object),
        )
        for entry in classes
    ]  # fmt: skip
    _table(classes, head, rows, console)


def _weights(classes: Sequence[ClassStatistics], console: Console) -> None:
    rows = [tuple(_weight(entry.weights[name]) for name in FORMULAS) for entry in classes]
    _table(classes, tuple(FORMULAS), rows, console)


def _table(
    classes: Sequence[ClassStatistics],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    console: Console,
) -> None:
    """A row per class; in a narrow window a paragraph."""
    if console.width < TABLE:
        for entry, row in zip(classes, rows, strict=True):
            said = ", ".join(f"{name} {kept(cell)}" for name, cell in zip(head, row, strict=True))
            paragraph(Text(f"{entry.id} {kept(entry.name)}: {said}"), console, hang=4)
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("class", overflow="fold")
    for name in head:
        table.add_column(name, justify="right", no_wrap=True)
    for entry, row in zip(classes, rows, strict=True):
        table.add_row(str(entry.id), entry.name, *row)
    console.print(table, soft_wrap=False)


def _weight(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _sizes(statistics: Statistics) -> str:
    sizes = statistics.whole.sizes
    shown = ", ".join(f"{width}×{height} ({count:,})" for width, height, count in sizes[:_SIZES])
    more = len(sizes) - _SIZES
    return f"sizes of photos: {shown or 'none'}" + (f" and {more:,} more" if more > 0 else "")
