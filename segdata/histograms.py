"""Exact joint histograms of labels, as fast as OpenCV counts."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label

# OpenCV counts in float32, which is exact up to 2^24 per cell.
_EXACT_PIXELS = 1 << 24


def joint_histogram(
    labels: Sequence[Label], bins: Sequence[int], where: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.int64]:
    """How often each combination of values occurs; a combination with a larger value is left out.

    Args:
        labels: ``uint8 or uint16``, of one shape; the types may differ.
        bins: how many values of each label are counted, from 0 on.
        where: ``bool``, the same shape: only these pixels.

    Returns:
        ``int64``, of the shape ``bins``.
    """
    dtype = np.result_type(*labels)
    flat = [label.astype(dtype, copy=False).reshape(-1, 1) for label in labels]
    mask = None if where is None else where.view(np.uint8).reshape(-1, 1)
    ranges = [limit for most in bins for limit in (0, most)]
    counts = np.zeros(bins, np.int64)
    for at in range(0, len(flat[0]), _EXACT_PIXELS):
        part = slice(at, at + _EXACT_PIXELS)
        found = cv2.calcHist(
            [values[part] for values in flat], list(range(len(flat))),
            None if mask is None else mask[part], list(bins), ranges,
        )  # fmt: skip
        counts += found.reshape(bins).astype(np.int64)
    return counts
