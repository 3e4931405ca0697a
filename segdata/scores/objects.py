"""Scores by the size of objects: connected regions of one class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.class_counts import Floats, ratio

# Areas in pixels between small, medium and large (COCO, cocoeval.py: areaRng).
SIZE_LIMITS = (32**2, 96**2)
SIZE_NAMES = ("small", "medium", "large")


@dataclass(frozen=True, eq=False)
class ObjectScores:
    """Objects of the truth and of the prediction by class and size; all ``int64 K×S``.

    Args:
        objects: regions of the truth.
        found: those of which at least half the pixels were predicted right.
        pixels: of the truth's regions.
        hits: those that were predicted right.
        claimed: regions of the prediction, by their own size.
        real: those of which at least half the pixels are right.
    """

    objects: npt.NDArray[np.int64]
    found: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.int64]
    hits: npt.NDArray[np.int64]
    claimed: npt.NDArray[np.int64]
    real: npt.NDArray[np.int64]

    @classmethod
    def of(cls, table: npt.NDArray[np.int64]) -> ObjectScores:
        """From ``int64 6×K×S``, the fields in their order."""
        return cls(*table)

    @property
    def recall(self) -> Floats:
        """``float64 K×S``: share of the pixels of objects of a size that were found."""
        return ratio(self.hits, self.pixels)

    @property
    def found_share(self) -> Floats:
        """``float64 K×S``: share of the objects that were found."""
        return ratio(self.found, self.objects)

    @property
    def real_share(self) -> Floats:
        """``float64 K×S``: share of the predicted objects that are real."""
        return ratio(self.real, self.claimed)

    def of_classes(self, ids: Sequence[int]) -> ObjectScores:
        """The sums over some classes: ``int64 1×S``."""
        table = [self.objects, self.found, self.pixels, self.hits, self.claimed, self.real]
        return ObjectScores(*(part[list(ids)].sum(axis=0, keepdims=True) for part in table))
