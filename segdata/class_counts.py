"""Pixels of classes that were right, true and predicted: all that IoU, precision, recall need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# int64 as counted, float64 where images count several times.
Counts = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Counts by class, of one set of pixels or of many: images, groups, resampled data.

    Args:
        hits: ``int64 or float64 ...×K``: pixels of each class that were predicted as such.
        truth: the same shape: pixels of each class in the truth.
        predicted: the same shape: counted pixels that were predicted as each class.
        ignore: this id is no class.
    """

    hits: Counts
    truth: Counts
    predicted: Counts
    ignore: int | None = None

    @property
    def union(self) -> Counts:
        """``...×K``: pixels that are a class or were predicted as it."""
        return self.truth + self.predicted - self.hits

    @property
    def iou(self) -> Floats:
        """``float64 ...×K``: intersection over union; NaN where a class is in neither map."""
        return ratio(self.hits, self.union)

    @property
    def dice(self) -> Floats:
        """``float64 ...×K``: twice the hits over both areas (F1); NaN as for :attr:`iou`."""
        return ratio(2 * self.hits, self.truth + self.predicted)

    @property
    def recall(self) -> Floats:
        """``float64 ...×K``: share of a class's pixels that were found; NaN without such pixels."""
        return ratio(self.hits, self.truth)

    @property
    def precision(self) -> Floats:
        """``float64 ...×K``: share of the predictions that are right; NaN if never predicted."""
        return ratio(self.hits, self.predicted)

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """``bool K``: which ids are classes."""
        out = np.ones(self.hits.shape[-1], dtype=bool)
        if self.ignore is not None and self.ignore < len(out):
            out[self.ignore] = False
        return out

    @property
    def pixel_accuracy(self) -> Floats:
        """``float64 ...``: share of counted pixels that are right; NaN if none was counted."""
        return ratio(self.hits.sum(axis=-1), self.truth.sum(axis=-1))

    @property
    def mean_accuracy(self) -> Floats:
        """``float64 ...``: mean recall of the classes that are in the truth; NaN without any."""
        return ratio(np.nan_to_num(self.recall).sum(axis=-1), (self.truth > 0).sum(axis=-1))

    @property
    def frequency_weighted_iou(self) -> Floats:
        """``float64 ...``: IoU weighted by each class's share of the truth; NaN without pixels."""
        return ratio((np.nan_to_num(self.iou) * self.truth).sum(axis=-1), self.truth.sum(axis=-1))

    def alone(self) -> ClassCounts:
        """The only set of many: ``1×K`` of ``K``."""
        return self._map(lambda counts: counts[None])

    def total(self) -> ClassCounts:
        """The sums over the first axis."""
        return self._map(lambda counts: np.asarray(counts.sum(axis=0)))

    def weighted(self, weights: Floats) -> ClassCounts:
        """Sums of N sets of pixels, each so often: ``float64 B×N`` makes ``B×K`` of ``N×K``."""
        return self._map(lambda counts: np.asarray(weights @ counts))

    def take(self, indices: Sequence[int] | Places) -> ClassCounts:
        """Some of the sets, by their place on the first axis."""
        return self._map(lambda counts: np.asarray(counts[indices]))

    def grouped(self, group: Places, groups: int) -> ClassCounts:
        """Sums by group: ``group`` is the number of each of N sets' group, below ``groups``."""

        def summed(counts: Counts) -> Counts:
            out = np.zeros((groups, *counts.shape[1:]), counts.dtype)
            np.add.at(out, group, counts)
            return out

        return self._map(summed)

    def _map(self, change: Callable[[Counts], Counts]) -> ClassCounts:
        return ClassCounts(
            change(self.hits), change(self.truth), change(self.predicted), self.ignore
        )


def ratio(part: Counts, whole: Counts) -> Floats:
    """Quotients as float64; NaN where the whole is 0."""
    part, whole = np.asarray(part), np.asarray(whole)
    out = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
