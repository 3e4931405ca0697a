"""How the demo ends: the table of scores, and where everything lies."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.console import scores
from segdata.workflows.demo import Demo


def to_json(demo: Demo) -> dict[str, Any]:
    return {
        "out": str(demo.out),
        "seconds": round(demo.seconds, 1),
        "verdict": str(demo.diagnosis.verdict),
        "scores": scores.to_json(demo.report),
    }


def render(demo: Demo, console: Console) -> None:
    console.print()
    scores.render(demo.report, console)
    console.print()
    console.print(Text(f"the doctor's verdict: {demo.diagnosis.verdict}", style="bold"))
    console.print(f"everything took {demo.seconds:.0f} s and lies in {demo.out}:")
    for name, what in (
        ("report.html", "open it in a browser: scores, confusions, worst and best pictures"),
        ("vis", "overlays, side by sides, palette PNGs"),
        ("run", "weights, settings, metrics"),
        ("streets", "the data set that convert made"),
        ("shards", "the same as TFRecords"),
    ):
        console.print(f"  {demo.out / name}  {what}")
