"""Predictors that never look at the photo: what a network has to beat."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.confusion import ConfusionMatrix
from segdata.errors import UserError
from segdata.resizing import Size, fitting, resize_label
from segdata.scores import Baseline

# Counts of a per-position majority map: 32 Mi of them in 32 bits are 128 MB.
_MAP_CELLS = 1 << 25


def best_constant(matrix: ConfusionMatrix, class_map: ClassMap, rule: str) -> Baseline:
    """The best that one class for every pixel can score on this truth."""
    truth = matrix.truth_pixels
    scores = {}
    for entry in class_map.trained:
        counts = np.zeros_like(matrix.counts)
        counts[:, entry.id] = truth
        scores[entry] = ConfusionMatrix(counts, matrix.ignore).mean_iou(rule)
    best = max(scores, key=lambda c: (np.nan_to_num(scores[c]), -c.id))
    return Baseline("best constant class", scores[best], f"“{best.name}” everywhere")


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
