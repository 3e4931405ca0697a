"""How the list of data sets looks."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from segdata.registry import KnownDatasets


def to_json(known: KnownDatasets) -> list[dict[str, Any]]:
    return [entry.to_json() for entry in known]


def render(known: KnownDatasets, console: Console) -> None:
    table = Table("name", "from", "folder", box=None, pad_edge=False)
    for entry in known:
        folder = str(entry.folder) if entry.folder else "descriptor only"
        gone = entry.folder is not None and not entry.exists
        table.add_row(entry.name, entry.origin, folder + (" (not there any more)" if gone else ""))
    console.print(table)
    console.print("give a folder a name:  segdata register FOLDER --name NAME")
