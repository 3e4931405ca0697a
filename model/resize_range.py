"""The size that the original's resize_to_range gives an image (core/preprocess_utils.py)."""

from __future__ import annotations

import numpy as np

from model.config import DataSettings

Size = tuple[int, int]


def range_size(size: Size, settings: DataSettings) -> Size:
    """Height and width after ``min_resize_value``, ``max_resize_value`` and ``resize_factor``.

    The shorter side becomes the minimum, unless the longer one would then exceed the maximum, which
    it becomes instead; sizes are cut to whole pixels in float32, as there, and then rounded up to
    k·factor+1. At least one pixel remains.
    """
    least, most, factor = (
        settings.min_resize_value,
        settings.max_resize_value,
        settings.resize_factor,
    )
    if least is None:
        return size
    if most is not None and factor is not None:
        most -= (most - 1) % factor
    resized = _scaled(size, least, min(size))
    if most is not None and max(resized) > most:
        resized = _scaled(size, most, max(size))
    if factor is None:
        return resized
    height, width = (n + (1 - n) % factor for n in resized)
    return height, width


def _scaled(size: Size, wanted: int, side: int) -> Size:
    factor = np.float32(wanted) / np.float32(side)
    height, width = (max(1, int(np.float32(n) * factor)) for n in size)
    return height, width
