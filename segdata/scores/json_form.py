"""An evaluation as JSON: undefined scores are null, ids and names stand together."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from segdata.class_counts import ClassCounts, Floats
from segdata.scores.boundary import CONTOUR_SHARE
from segdata.scores.calibration import Calibration
from segdata.scores.images import ImageScore
from segdata.scores.intervals import Intervals
from segdata.scores.objects import SIZE_LIMITS, SIZE_NAMES, ObjectScores
from segdata.scores.percentiles import Interval

if TYPE_CHECKING:
    from segdata.scores.report import EvalReport


def report_json(report: EvalReport, cells: bool) -> dict[str, Any]:
    """Everything but the pictures."""
    m, counts = report.matrix, report.matrix.by_class
    return {
        "miou": _number(report.miou),
        "miou_rule": report.rule,
        "miou_under_every_rule": {name: _number(v) for name, v in report.rules.items()},
        "pixel_accuracy": _number(float(counts.pixel_accuracy)),
        "mean_accuracy": _number(float(counts.mean_accuracy)),
        "frequency_weighted_iou": _number(float(counts.frequency_weighted_iou)),
        "intervals": _intervals(report.intervals),
        "pixels": report.pixels,
        "ignore_label": m.ignore,
        "per_class": [_plain(asdict(c)) for c in report.per_class],
        "confusion": m.counts.tolist(),
        "confusion_columns": [report.name(i) for i in range(m.num_classes + 1)],
        "confusions": [
            _plain(asdict(c))
            | {"truth": report.name(c.truth), "predicted": report.name(c.predicted)}
            for c in report.confusions()
        ],
        "baselines": [_plain(asdict(b)) for b in report.baselines],
        "boundary": _boundary(report),
        "objects": _objects(report.objects, [c.id for c in report.per_class]),
        "calibration": _calibration(report.calibration),
        "groups": [_plain(asdict(g)) for g in report.groups],
        "images": [_image(s, cells) for s in report.images],
        "classes": report.class_map.to_json(),
        "pairing": None if report.pairing is None else _plain(asdict(report.pairing)),
        "provenance": dict(report.provenance),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as JSON has them: null for what is undefined, lists for tuples."""
    return {key: _value(value) for key, value in values.items()}


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return _number(value)
    return list(value) if isinstance(value, tuple) else value


def _list(values: Floats) -> list[Any]:
    if values.ndim > 1:
        return [_list(row) for row in values]
    return [_number(float(v)) for v in values]


def _interval(interval: Interval) -> list[float | None]:
    return [_number(interval.low), _number(interval.high)]


def _intervals(found: Intervals | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "over": found.unit,
        "units": found.units,
        "level": found.level,
        "miou": _interval(found.miou),
        "pixel_accuracy": _interval(found.pixel_accuracy),
        "mean_accuracy": _interval(found.mean_accuracy),
        "frequency_weighted_iou": _interval(found.frequency_weighted_iou),
        "iou": [_interval(one) for one in found.iou],
    }


def _boundary(report: EvalReport) -> dict[str, Any] | None:
    found = report.boundary
    if found is None:
        return None
    means = found.means(report.rule)
    return {
        "share_of_diagonal": CONTOUR_SHARE,
        "miou": _number(report.boundary_miou),
        "iou": _list(found.contours.iou),
        "trimap": [
            _band(width, mean, found.band(i).by_class)
            for i, (width, mean) in enumerate(zip(found.widths, means, strict=True))
        ],
    }


def _band(width: int, mean: float, counts: ClassCounts) -> dict[str, Any]:
    return {
        "width": width,
        "miou": _number(mean),
        "pixel_accuracy": _number(float(counts.pixel_accuracy)),
        "iou": _list(counts.iou),
    }


def _objects(found: ObjectScores | None, ids: list[int]) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "sizes": list(SIZE_NAMES),
        "limits": list(SIZE_LIMITS),
        "per_class": [
            {
                "id": i,
                "objects": found.objects[i].tolist(),
                "found": found.found[i].tolist(),
                "recall": _list(found.recall[i]),
                "claimed": found.claimed[i].tolist(),
                "real": found.real[i].tolist(),
            }
            for i in ids
        ],
    }


def _calibration(found: Calibration | None) -> dict[str, Any] | None:
    if found is None:
        return None
    confidence, accuracy, pixels = found.reliability
    return {
        "expected_calibration_error": _number(found.error),
        "class_errors": _list(found.class_errors),
        "accuracy": _number(found.accuracy),
        "mean_confidence": _number(found.mean_confidence),
        "bins": {
            "confidence": _list(confidence),
            "accuracy": _list(accuracy),
            "pixels": pixels.tolist(),
        },
    }


def _image(score: ImageScore, cells: bool) -> dict[str, Any]:
    out = {
        "key": score.key,
        "miou": _number(score.miou),
        "pixel_accuracy": _number(score.pixel_accuracy),
        "pixels": score.pixels,
    }
    if score.group:
        out["group"] = score.group
    if cells:
        out["cells"] = score.cells.tolist()
        out["contours"] = None if score.contours is None else score.contours.tolist()
    return out
