"""What became of photos whose subject was kept, in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.console.paragraphs import instruction, paragraph
from segdata.workflows.portraits import Portraits

# Names of damaged files that are shown; JSON has all.
_SHOWN = 10
_DONE = {"blur": "blurred", "cutout": "transparent", "replace": "replaced"}


def to_json(portraits: Portraits) -> dict[str, Any]:
    return {
        "out": str(portraits.out),
        "effect": portraits.effect,
        "kept": [{"id": entry.id, "name": entry.name} for entry in portraits.kept],
        "images": portraits.images,
        "without": portraits.without,
        "damaged": [{"path": d.name, "message": d.reason} for d in portraits.damaged],
        "exit_code": portraits.exit_code,
    }


def render(portraits: Portraits, console: Console) -> None:
    names = ", ".join(entry.name for entry in portraits.kept)
    done = _DONE[portraits.effect]
    console.print(f"{portraits.images} in {portraits.out}; kept: {names}")
    if portraits.without:
        every = portraits.without == portraits.images
        which = "none of them shows" if every else f"{portraits.without} of them do not show"
        either = " or ".join(entry.name for entry in portraits.kept)
        paragraph(Text(f"{which} {either}: there all is {done}", "yellow"), console)
    if portraits.damaged:
        console.print(f"{len(portraits.damaged)} could not be read:", style="bold red")
    for damaged in portraits.damaged[:_SHOWN]:
        paragraph(Text(damaged.reason), console, indent=2, hang=2)
    if len(portraits.damaged) > _SHOWN:
        instruction("all of them: --format json", console, indent=2)
