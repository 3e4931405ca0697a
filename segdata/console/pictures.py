"""How drawn pictures look in a terminal: how many, where, and their legend."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.drawing import Pictures


def to_json(pictures: Pictures) -> dict[str, Any]:
    return {
        "out": str(pictures.out),
        "images": pictures.images,
        "written": dict(pictures.written),
        "classes": [{"name": entry.name, "share": entry.share} for entry in pictures.legend],
    }


def render(pictures: Pictures, console: Console) -> None:
    for entry in pictures.legend:
        red, green, blue = entry.color
        share = "" if entry.share is None else f"{entry.share:7.2%}  "
        console.print(Text.assemble(("██ ", f"rgb({red},{green},{blue})"), share, entry.name))
    for kind, count in pictures.written.items():
        console.print(f"{count} in {pictures.out / kind}")
