"""Where the pixels of a resized picture lie in the first one, if their corners are the same.

The original resizes so (align_corners) wherever it resizes: photos, labels, logits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def positions(size: int, target: int) -> npt.NDArray[np.float32]:
    """Coordinate among ``size`` pixels of each of ``target``, in float32 as TensorFlow's."""
    step = np.float32((size - 1) / (target - 1)) if target > 1 else np.float32(0)
    return np.arange(target, dtype=np.float32) * step


def nearest_indices(size: int, target: int) -> npt.NDArray[np.int64]:
    """Index among ``size`` pixels of each of ``target``: floor(i·(size-1)/(target-1) + 0.5)."""
    rounded: npt.NDArray[np.int64] = (positions(size, target) + np.float32(0.5)).astype(np.int64)
    return rounded
