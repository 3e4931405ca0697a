"""How a given name looks."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from segdata.dataset import DESCRIPTOR_FILE
from segdata.registry import Registered


def to_json(result: Registered) -> dict[str, Any]:
    return {
        "name": result.name,
        "folder": str(result.dataset.root),
        "made_descriptor": result.made_descriptor,
        "replaced": str(result.replaced) if result.replaced else None,
    }


def render(result: Registered, console: Console) -> None:
    if result.made_descriptor:
        console.print(f"wrote {result.dataset.root / DESCRIPTOR_FILE}")
    if result.replaced:
        console.print(f"the name stood for {result.replaced} before")
    console.print(f"{result.name} is {result.dataset.root}")
    console.print(f"next:  segdata shard {result.name} SHARDS")
