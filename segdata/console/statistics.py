"""How statistics look."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.console.checked import outlook
from segdata.console.paragraphs import kept, paragraph
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
    console.print(_classes(learned.classes), soft_wrap=False)
    console.print()
    paragraph(Text(f"class weights from {learned.name}", style="bold"), console)
    console.print(_weights(learned.classes), soft_wrap=False)
    for formula in FORMULAS.values():
        paragraph(Text(f"{formula.name}: {formula.meaning}; {formula.source}"), console, 2, 2)
    console.print()
    paragraph(Text(_sizes(statistics)), console, hang=4)
    for line in outlook(statistics):
        paragraph(Text(line), console, hang=4)
    pages = command("stats", statistics.root, "--report", "statistics.html")
    paragraph(Text(f"plots, and which classes meet: {kept(pages)}"), console, hang=4)


def _classes(classes: tuple[ClassStatistics, ...]) -> Table:
    table = Table("id", "class", "share", "labels", "objects", "median", "smallest", box=None,
                  pad_edge=False)  # fmt: skip
    for column in (0, 2, 3, 4, 5, 6):
        table.columns[column].justify = "right"
    for entry in classes:
        table.add_row(
            str(entry.id), entry.name, fine_percent(entry.share), f"{entry.images:,}",
            _count(entry.objects), _count(entry.median_object), _count(entry.smallest_object),
        )  # fmt: skip
    return table


def _weights(classes: tuple[ClassStatistics, ...]) -> Table:
    table = Table("id", "class", *FORMULAS, box=None, pad_edge=False)
    for column in (0, *range(2, 2 + len(FORMULAS))):
        table.columns[column].justify = "right"
    for entry in classes:
        weights = [entry.weights[name] for name in FORMULAS]
        table.add_row(
            str(entry.id), entry.name, *("-" if w is None else f"{w:.3g}" for w in weights)
        )
    return table


def _weight(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _sizes(statistics: Statistics) -> str:
    sizes = statistics.whole.sizes
    shown = ", ".join(f"{width}×{height} ({count:,})" for width, height, count in sizes[:_SIZES])
    more = len(sizes) - _SIZES
    return f"sizes of photos: {shown or 'none'}" + (f" and {more:,} more" if more > 0 else "")
