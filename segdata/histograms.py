"""Exact joint histograms of labels, as fast as their runs or OpenCV count."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label

# OpenCV counts in float32, which is exact up to 2^24 per cell.
_EXACT_PIXELS = 1 << 24
# Labels are areas, so runs of equal pixels are counted at once. With more runs than one in so many
# pixels, as in noise, counting each pixel is faster (benchmarks/evaluation.py).
_PIXELS_PER_RUN = 12

_Flags = npt.NDArray[np.bool_]


def joint_histogram(
    labels: Sequence[Label], bins: Sequence[int], where: _Flags | None = None
) -> npt.NDArray[np.int64]:
    """How often each combination of values occurs; a combination with a larger value is left out.

    Args:
        labels: ``uint8 or uint16``, of one shape; the types may differ.
        bins: how many values of each label are counted, from 0 on.
        where: ``bool``, the same shape: only these pixels.

    Returns:
        ``int64``, of the shape ``bins``.
    """
    flat = [label.reshape(-1) for label in labels]
    chosen = None if where is None else where.reshape(-1)
    ends = _run_ends(flat if chosen is None else [*flat, chosen])
    if ends is not None:
        return _of_runs(flat, bins, chosen, ends)
    counts = np.zeros(bins, np.int64)
    dtype = np.result_type(*flat)
    for at in range(0, len(flat[0]), _EXACT_PIXELS):
        part = slice(at, at + _EXACT_PIXELS)
        values = [label[part].astype(dtype, copy=False) for label in flat]
        counts += _of_pixels(values, bins, None if chosen is None else chosen[part])
    return counts


def _run_ends(flat: Sequence[npt.NDArray[np.generic]]) -> npt.NDArray[np.intp] | None:
    """The last pixels of runs in which nothing changes; None where there are too many runs."""
    if not len(flat[0]):
        return None
    change: _Flags = flat[0][1:] != flat[0][:-1]
    for values in flat[1:]:
        change |= values[1:] != values[:-1]
    if np.count_nonzero(change) * _PIXELS_PER_RUN > len(flat[0]):
        return None
    return np.append(np.flatnonzero(change), len(flat[0]) - 1)


def _of_runs(
    flat: Sequence[Label], bins: Sequence[int], chosen: _Flags | None, ends: npt.NDArray[np.intp]
) -> npt.NDArray[np.int64]:
    # float64, in which bincount sums weights, holds every count of pixels.
    lengths = np.empty(len(ends))
    lengths[0] = ends[0] + 1
    np.subtract(ends[1:], ends[:-1], out=lengths[1:])
    if chosen is not None:
        lengths *= chosen[ends]
    cell = np.zeros(len(ends), np.intp)
    for values, most in zip(flat, bins, strict=True):
        # One more bin, for what is larger.
        cell = cell * (most + 1) + np.minimum(values[ends].astype(np.intp), most)
    size = [most + 1 for most in bins]
    counts = np.bincount(cell, weights=lengths, minlength=int(np.prod(size)))
    inside = tuple(slice(most) for most in bins)
    return np.ascontiguousarray(counts.reshape(size)[inside].astype(np.int64))


def _of_pixels(
    flat: Sequence[Label], bins: Sequence[int], chosen: _Flags | None
) -> npt.NDArray[np.int64]:
    """Of at most 2^24 pixels of one type."""
    found = cv2.calcHist(
        [values.reshape(-1, 1) for values in flat], list(range(len(flat))),
        None if chosen is None else chosen.view(np.uint8).reshape(-1, 1),
        list(bins), [limit for most in bins for limit in (0, most)],
    )  # fmt: skip
    return found.reshape(bins).astype(np.int64)
