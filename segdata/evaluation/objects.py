"""Objects of a label: connected regions of one class, by class and size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.facts.regions import numbered_regions
from segdata.scores.objects import SIZE_LIMITS

# No id.
_NOT_COUNTED = -1


def object_table(
    truth: Label, prediction: Label, num_classes: int, ignore: int | None
) -> npt.NDArray[np.int64]:
    """``int64 6×K×S``: the fields of ``scores.ObjectScores`` for one image.

    Four neighbors are connected. What is ignored in the truth belongs to no object, of the truth or
    of the prediction.
    """
    counted = np.ones(truth.shape, bool) if ignore is None else truth != ignore
    right = truth == prediction
    true = _by_size(truth, right, counted, num_classes)
    claimed = _by_size(prediction, right, counted, num_classes)
    return np.stack([*true, *claimed[:2]])


def _by_size(
    label: Label,
    right: npt.NDArray[np.bool_],
    counted: npt.NDArray[np.bool_],
    num_classes: int,
) -> npt.NDArray[np.int64]:
    """``int64 4×K×S``: regions, those at least half right, their pixels, and those that are right.

    A region that ignored pixels cut in two is two.
    """
    cut = np.where(counted, label, np.int32(_NOT_COUNTED))
    number, regions = numbered_regions(cut)
    flat = number.ravel()
    pixels = np.bincount(flat, minlength=regions)
    hits = np.bincount(flat[right.ravel()], minlength=regions)
    value = np.zeros(regions, np.int64)
    value[flat] = cut.ravel()
    objects = (pixels > 0) & (value != _NOT_COUNTED) & (value < num_classes)
    size = np.searchsorted(SIZE_LIMITS, pixels[objects], side="right")
    columns = (np.ones_like(pixels), 2 * hits >= pixels, pixels, hits)
    out = np.zeros((4, num_classes, len(SIZE_LIMITS) + 1), np.int64)
    for table, column in zip(out, columns, strict=True):
        np.add.at(table, (value[objects], size), column[objects])
    return out
