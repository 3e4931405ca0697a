"""How a written card looks."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.console.findings import counted
from segdata.console.paragraphs import paragraph
from segdata.workflows.describing import Card


def to_json(card: Card) -> dict[str, Any]:
    return {"files": [str(path) for path in card.files], "findings": len(card.report)}


def render(card: Card, console: Console) -> None:
    for path in card.files:
        console.print(f"wrote {path}")
    paragraph(Text(f"known problems in it: {counted(card.report)}"), console, hang=4)
    paragraph(
        Text("license, origin and how it was labelled are left open: fill them in"), console, hang=4
    )
