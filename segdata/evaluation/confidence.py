"""How sure a prediction is, by predicted class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdata.class_counts import Floats
from segdata.classes import Label
from segdata.scores.calibration import BINS


def confidence_table(
    truth: Label,
    prediction: Label,
    confidence: npt.NDArray[np.floating],
    num_classes: int,
    ignore: int | None,
) -> Floats:
    """``float64 3×K×B``: pixels, right ones and summed confidence; see ``scores.Calibration``.

    Args:
        confidence: ``float H×W``: the probability of the predicted class, 0 to 1.
    """
    counted = prediction < num_classes
    if ignore is not None:
        counted &= truth != ignore
    guess, sure = prediction[counted].astype(np.int64), confidence[counted].astype(np.float64)
    cell = guess * BINS + np.clip((sure * BINS).astype(np.int64), 0, BINS - 1)
    right = (truth == prediction)[counted]
    size = num_classes * BINS
    table = [
        np.bincount(cell, minlength=size),
        np.bincount(cell[right], minlength=size),
        np.bincount(cell, weights=sure, minlength=size),
    ]
    return np.stack(table).astype(np.float64).reshape(3, num_classes, BINS)
