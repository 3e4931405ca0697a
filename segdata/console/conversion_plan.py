"""How a conversion looks that was only planned."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from segdata.conversion import ConversionPlan


def to_json(plan: ConversionPlan) -> dict[str, Any]:
    return {
        "images": str(plan.source.images),
        "labels": str(plan.source.labels),
        "pairs": len(plan.source.items),
        "classes": plan.class_map.to_json(),
        "splits": {name: len(keys) for name, keys in plan.lists.items()},
        "dataset": str(plan.request.out),
    }


def render(plan: ConversionPlan, console: Console) -> None:
    console.print(f"photos:  {plan.source.images}")
    console.print(f"masks:   {plan.source.labels}")
    ignored = "nothing" if plan.class_map.ignore is None else f"id {plan.class_map.ignore}"
    console.print(f"classes: {plan.class_map.num_classes}, ignored: {ignored}")
    console.print(f"pairs:   {len(plan.source.items)} -> {plan.request.out} (nothing written)")
