"""How a sharding looks."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from segdata.console import findings
from segdata.sharding import Sharding


def to_json(result: Sharding) -> dict[str, Any]:
    return result.to_json()


def render(result: Sharding, console: Console) -> None:
    findings.render_groups(result.report, console)
    for note in result.plan.notes:
        console.print(note)
    if result.manifest is None:
        for shard in result.plan.shards:
            console.print(f"{shard.file}: {len(shard.pairs)} samples (nothing written)")
        return
    table = Table("split", "samples", "shards", "MB", "largest photo", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, split in result.manifest.splits.items():
        shards = result.manifest.of_split(name)
        megabytes = sum(shard.bytes for shard in shards) / 1e6
        size = f"{split.max_width}x{split.max_height}"
        table.add_row(name, str(split.samples), str(len(shards)), f"{megabytes:.1f}", size)
    console.print(table)
    if result.kept:
        console.print(f"{result.kept} shards of the interrupted run were whole and are kept")
