"""How a conversion looks."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from segdata.console import findings
from segdata.console.conversion_plan import described
from segdata.conversion import Conversion
from segdata.rules.wording import command


def to_json(result: Conversion) -> dict[str, Any]:
    class_map, source = result.plan.class_map, result.plan.source
    return {
        "dataset": str(result.plan.request.out),
        "name": result.plan.descriptor.name,
        "format": source.format,
        "decisions": dict(source.decisions),
        "pairs": len(source.items),
        "splits": {name: len(keys) for name, keys in result.plan.lists.items()},
        "classes": [
            {"id": c.id, "name": c.name, "pixels": result.pixels.get(c.id, 0)}
            for c in class_map.classes
        ],
        "ignored": _of_no_class(result),
        "turned": list(result.turned),
        "unknown_colors": {
            group.kind: {"colors": group.colors, "pixels": group.pixels, **group.fates}
            for group in result.colors.groups
        },
        "findings": [finding.to_json() for finding in result.report],
    }


def _of_no_class(result: Conversion) -> dict[int, int]:
    """Pixels by id, of the ignore label where no class is called so, like COCO's crowds."""
    classes = {entry.id for entry in result.plan.class_map.classes}
    return {number: n for number, n in result.pixels.items() if n and number not in classes}


def render(result: Conversion, console: Console) -> None:
    plan = result.plan
    findings.render_groups(result.report, console)
    total = max(1, sum(result.pixels.values()))
    table = Table("id", "class", "pixels", "share", box=None, pad_edge=False)
    for column in (0, 2, 3):
        table.columns[column].justify = "right"
    for entry in plan.class_map.classes:
        count = result.pixels.get(entry.id, 0)
        name = entry.name + (" (ignored)" if entry.id == plan.class_map.ignore else "")
        table.add_row(str(entry.id), name, f"{count:,}", f"{count / total:.2%}")
    for number, count in _of_no_class(result).items():
        table.add_row(str(number), "ignored", f"{count:,}", f"{count / total:.2%}")
    console.print(table)
    for line in described(plan):
        console.print(line)
    if result.turned:
        console.print(f"{len(result.turned)} photos were turned upright (EXIF orientation)")
    console.print(f"{len(plan.source.items)} pairs in {plan.request.out}")
    console.print(f"next:  {command('validate', str(plan.request.out))}")
