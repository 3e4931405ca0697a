"""How a conversion looks that was only planned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from segdata.conversion import ConversionPlan
from segdata.sources.id_tables import runs_of


def to_json(plan: ConversionPlan) -> dict[str, Any]:
    return {
        "format": plan.source.format,
        "rejections": dict(plan.detection.rejections),
        "decisions": dict(plan.source.decisions),
        "images": str(plan.source.images),
        "labels": str(plan.source.labels),
        "pairs": len(plan.source.items),
        "images_only": len(plan.source.images_only),
        "labels_only": len(plan.source.labels_only),
        "classes": plan.class_map.to_json(),
        "splits": {name: len(keys) for name, keys in plan.lists.items()},
        "splits_made": plan.lists_made,
        "dataset": str(plan.request.out),
    }


def render(plan: ConversionPlan, console: Console) -> None:
    for line in described(plan):
        console.print(line)
    alone = [
        f"{len(keys)} {what}"
        for what, keys in (
            ("photos have no label", plan.source.images_only),
            ("labels have no photo", plan.source.labels_only),
        )
        if keys
    ]
    if alone:
        console.print(f"alone:   {', '.join(alone)}; they would be left out")
    console.print(f"pairs:   {len(plan.source.items)} -> {plan.request.out} (nothing written)")


def described(plan: ConversionPlan) -> Iterator[str]:
    """What was found in the source, and what was decided."""
    source = plan.source
    how = "as you say" if plan.request.format is not None else "found"
    yield f"format:  {source.format} ({plan.detection.chosen.title}; {how})"
    yield f"photos:  {source.images}"
    yield f"labels:  {source.labels}"
    ignored = "nothing" if plan.class_map.ignore is None else f"id {plan.class_map.ignore}"
    ids = sorted(c.id for c in plan.class_map.classes if c.id != plan.class_map.ignore)
    yield f"classes: {len(ids)}, ids {runs_of(ids)}; ignored: {ignored}"
    for what, decision in source.decisions.items():
        yield f"{what}: {decision}"
    splits = ", ".join(f"{name} {len(keys)}" for name, keys in plan.lists.items())
    made = " (made by a hash of the names: there were no lists)" if plan.lists_made else ""
    yield f"splits:  {splits}{made}"
