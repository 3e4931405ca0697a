"""A comparison as JSON: undefined scores are null, ids and names stand together."""

from __future__ import annotations

import math
from typing import Any

from segdata.scores import comparison_words as words
from segdata.scores.comparison import Change, ClassDifference, Compared, Comparison
from segdata.scores.paired import Difference


def comparison_json(found: Comparison) -> dict[str, Any]:
    """Everything but the pictures."""
    return {
        "outcome": found.outcome,
        "verdict": words.verdict(found),
        "classes_verdict": words.class_verdict(found),
        "miou_rule": found.rule,
        "compared_images": len(found.images),
        "drawn": {
            "over": found.unit,
            "units": found.miou.units,
            "replicates": found.bootstrap.replicates,
            "seed": found.bootstrap.seed,
        },
        "means": {name: _difference(one) for name, one in found.means.items()},
        "per_class": [_class(row) for row in found.per_class],
        "groups": [_change(one) | {"images": one.images} for one in found.groups],
        "images": [_change(one) for one in found.images],
        "deciding": [{"key": one.key, "without": _number(one.without)} for one in found.deciding],
        "a": _side(found.a),
        "b": _side(found.b),
        "classes": found.class_map.to_json(),
        "notes": list(words.warnings(found)),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _difference(one: Difference) -> dict[str, Any]:
    ends = one.interval and [one.interval.low, one.interval.high]
    return {
        "a": _number(one.a),
        "b": _number(one.b),
        "difference": _number(one.value),
        "interval": ends,
        "level": one.level,
        "units": one.units,
        "outcome": one.outcome,
    }


def _class(row: ClassDifference) -> dict[str, Any]:
    boundary = None if all(map(math.isnan, row.boundary)) else list(map(_number, row.boundary))
    return {
        "id": row.id,
        "name": row.name,
        "iou": _difference(row.iou),
        "boundary_iou": boundary,
        "pixels": row.pixels,
    }


def _change(one: Change) -> dict[str, Any]:
    return {
        "key": one.key,
        "a": _number(one.a),
        "b": _number(one.b),
        "difference": _number(one.value),
    }


def _side(side: Compared) -> dict[str, Any]:
    return {"path": side.path, "facts": dict(side.facts), "images_alone": list(side.alone)}
