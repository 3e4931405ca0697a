"""Predictors that never look at the photo: what a network has to beat."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from segdata.class_counts import ClassCounts, Counts
from segdata.classes import ClassMap, Label
from segdata.errors import UserError
from segdata.miou_rules import MiouRule
from segdata.resizing import Size, fitting, resize_label
from segdata.scores import Baseline

# Counts of a per-position majority map: 32 Mi of them in 32 bits are 128 MB.
_MAP_CELLS = 1 << 25


def best_constant(truth: Counts, class_map: ClassMap, rule: MiouRule) -> Baseline:
    """The best that one class for every pixel can score.

    Args:
        truth: ``int64 N×K``: pixels of each class in every image.
    """
    if rule.over != "images":
        truth = truth.sum(axis=0, keepdims=True)
    scored = {
        entry: _scored(
            ClassCounts(*_everywhere(entry.id, truth), ignore=class_map.ignore),
            rule,
            ("best constant class", f"“{entry.name}” everywhere"),
        )
        for entry in class_map.trained
    }
    best = max(scored, key=lambda c: (np.nan_to_num(scored[c].miou), -c.id))
    return scored[best]


def fixed_map(name: str, counts: ClassCounts, rule: MiouRule) -> Baseline:
    """What one map of classes scores that is predicted for every photo; ``counts`` is ``N×K``."""
    return _scored(counts, rule, (name, "by position"))


def _everywhere(class_id: int, truth: Counts) -> tuple[Counts, Counts, Counts]:
    hits, predicted = np.zeros_like(truth), np.zeros_like(truth)
    hits[:, class_id] = truth[:, class_id]
    predicted[:, class_id] = truth.sum(axis=1)
    return hits, truth, predicted


def _scored(counts: ClassCounts, rule: MiouRule, words: tuple[str, str]) -> Baseline:
    total = counts.total()
    return Baseline(
        *words,
        float(rule.mean(counts)[0]),
        *(
            float(np.nan_to_num(score))
            for score in (
                total.pixel_accuracy,
                total.mean_accuracy,
                total.frequency_weighted_iou,
            )
        ),
    )


def position_majority(labels: Iterable[Label], class_map: ClassMap) -> Label:
    """For every position the class that is there most often.

    Labels of other sizes are stretched to the first one's. Where nothing but ignored pixels is, the
    most frequent class of all stands; of equals the lowest id.

    Returns:
        ``uint8 or uint16 H×W, class ids``, of the first label's size or, where the counts would not
        fit 128 MB, smaller.

    Raises:
        UserError: there are no labels, or none of their pixels has a class.
    """
    size: Size = (0, 0)
    counts: npt.NDArray[np.uint32] | None = None
    for label in labels:
        if counts is None:
            size = _map_size(label, class_map.num_classes)
            counts = np.zeros((class_map.num_classes, size[0] * size[1]), dtype=np.uint32)
        flat = resize_label(label, size).ravel()
        valid = flat < class_map.num_classes
        if class_map.ignore is not None:
            valid &= flat != class_map.ignore
        places = np.flatnonzero(valid)
        counts[flat[places], places] += 1
    if counts is None or not counts.any():
        raise UserError("there are no labels to learn the most frequent classes from")
    best = counts.argmax(axis=0)
    best[~counts.any(axis=0)] = counts.sum(axis=1, dtype=np.int64).argmax()
    return np.asarray(best.reshape(size), dtype=class_map.dtype)


def _map_size(label: Label, num_classes: int) -> Size:
    height, width = label.shape
    scale = min(1.0, (_MAP_CELLS / (label.size * num_classes)) ** 0.5)
    return fitting(height, width, max(1, int(max(height, width) * scale)))
