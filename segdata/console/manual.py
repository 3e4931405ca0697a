"""How the manual of the rules looks."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.console.findings import STYLE
from segdata.rules import Manual


def to_json(manual: Manual) -> list[dict[str, str]]:
    return manual.to_json()


def render(manual: Manual, console: Console) -> None:
    if len(manual.rules) == 1:
        (rule,) = manual.rules
        console.print(Text(f"{rule.id}  ({rule.scope}, {rule.level.label})", style="bold"))
        console.print(rule.page)
        return
    table = Table("rule", "level", "about", "what", box=None, pad_edge=False)
    for rule in manual.rules:
        level = Text(rule.level.label, style=STYLE[rule.level])
        table.add_row(rule.id, level, rule.scope, rule.title)
    console.print(table)
    console.print("one page:  segdata rules L01")
