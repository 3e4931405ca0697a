"""What was packaged for an evaluation server, in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.console.paragraphs import paragraph
from segdata.submissions import Submission


def to_json(submission: Submission) -> dict[str, Any]:
    return {
        "path": str(submission.path),
        "for": submission.server.name,
        "images": submission.images,
        "bytes": submission.bytes,
        "names_compared": submission.complete,
        "classes": [
            {"id": number, "name": submission.class_map.name(number), "server_id": target}
            for number, target in sorted(submission.ids.items())
        ],
    }


def render(submission: Submission, console: Console) -> None:
    changed = {a: b for a, b in sorted(submission.ids.items()) if a != b}
    if changed:
        table = Table("id", f"id for {submission.server.title}", "class", box=None, pad_edge=False)
        for number, target in changed.items():
            table.add_row(str(number), str(target), submission.class_map.name(number))
        console.print(table)
    kilo = submission.bytes / 1e3
    size = f"{kilo / 1e3:.1f} MB" if kilo >= 1e3 else f"{max(1, round(kilo))} kB"
    console.print(f"{submission.images} predictions in {submission.path} ({size}), read back")
    if not submission.complete:
        note = "whether these are all images that the server has was not checked: add --names LIST"
        paragraph(Text(note, "dim"), console)
