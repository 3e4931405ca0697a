"""What was predicted, in a terminal: classes with their shares, how many, and what failed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.console.paragraphs import instruction, paragraph
from segdata.workflows.predicting import Predicted

# Names of damaged files that are shown; JSON has all.
_SHOWN = 10


def to_json(predicted: Predicted) -> dict[str, Any]:
    return {
        "out": str(predicted.out),
        "written": predicted.written,
        "skipped": predicted.skipped,
        "damaged": [{"path": d.name, "message": d.reason} for d in predicted.damaged],
        "classes": [
            {"id": i, "name": predicted.class_map.name(i), "share": share}
            for i, share in _shares(predicted)
        ],
        "exit_code": predicted.exit_code,
    }


def render(predicted: Predicted, console: Console) -> None:
    for i, share in _shares(predicted):
        red, green, blue = predicted.class_map.color(i)
        block = ("██ ", f"rgb({red},{green},{blue})")
        console.print(Text.assemble(block, f"{share:7.2%}  ", predicted.class_map.name(i)))
    there = f"; {predicted.skipped} were there already" if predicted.skipped else ""
    console.print(f"{predicted.written} predicted in {predicted.out}{there}")
    if predicted.written and not predicted.palette:
        note = "PNGs of class ids look black in a viewer; --palette colors them and keeps the ids"
        paragraph(Text(note, "dim"), console)
    if predicted.damaged:
        console.print(f"{len(predicted.damaged)} could not be read:", style="bold red")
    for damaged in predicted.damaged[:_SHOWN]:
        paragraph(Text(damaged.reason), console, indent=2, hang=2)
    if len(predicted.damaged) > _SHOWN:
        instruction("all of them: --format json", console, indent=2)


def _shares(predicted: Predicted) -> list[tuple[int, float]]:
    """Class ids and their share of the pixels, the largest first."""
    total = sum(predicted.pixels.values())
    shares = [(i, count / total) for i, count in predicted.pixels.items()]
    return sorted(shares, key=lambda pair: -pair[1])
