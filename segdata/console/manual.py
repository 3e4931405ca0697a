"""How the manual of the rules looks."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.chain import link_of
from segdata.console.findings import STYLE
from segdata.console.paragraphs import TABLE, paragraph
from segdata.rules import Manual


def to_json(manual: Manual) -> list[dict[str, str]]:
    return manual.to_json()


def render(manual: Manual, console: Console) -> None:
    if len(manual.rules) == 1:
        (rule,) = manual.rules
        console.print(
            Text(f"{rule.id}  ({link_of(rule.id).label}, {rule.level.label})", style="bold")
        )
        _render_page(rule.page, console)
        return
    if console.width < TABLE:
        for rule in manual.rules:
            line = Text(f"{rule.id} ", style="bold")
            line.append(rule.level.label, style=STYLE[rule.level])
            paragraph(line.append(f" {rule.title}", style="not bold"), console, hang=4)
        return
    table = Table("rule", "level", "link", "what", box=None, pad_edge=False)
    for rule in manual.rules:
        level = Text(rule.level.label, style=STYLE[rule.level])
        table.add_row(rule.id, level, link_of(rule.id).label, rule.title)
    console.print(table)
    console.print("one page:  segdata rules L01")


def _render_page(page: str, console: Console) -> None:
    """Paragraphs as wide as the window; what is indented stays as it is."""
    for number, block in enumerate(page.split("\n\n")):
        if number:
            console.print()
        lines = block.splitlines()
        if any(line.startswith(" ") for line in lines):
            console.print(block)
        else:
            paragraph(Text(" ".join(lines)), console)
