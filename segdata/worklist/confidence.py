"""How sure a network is of each class where people say that it is there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.worklist.looks import Look

# The threshold of a class that no label has held so far: more than all others together.
UNSEEN = 0.5


class SelfConfidence:
    """For each class the mean probability of that class over the pixels labelled so.

    It is the threshold from which a pixel counts as confidently of the class (confident learning,
    Northcutt, Jiang and Chuang 2021, section 3.1). It is a running mean: two numbers for a class,
    however many images there are.
    """

    def __init__(self, class_map: ClassMap) -> None:
        self._ignore = class_map.ignore
        classes = class_map.num_classes
        self._sums = np.zeros(classes)
        self._pixels = np.zeros(classes, np.int64)
        # Ids below the largest that are no class, or the ignored one, are never suggested.
        self._never = np.ones(classes, np.bool_)
        self._never[[entry.id for entry in class_map.trained]] = False

    def add(self, look: Look) -> None:
        """Add one image; ignored pixels do not count."""
        counted = look.label != self._ignore if self._ignore is not None else np.s_[:]
        ids = look.label[counted].ravel()
        own = own_probability(look)[counted].ravel()
        self._sums += np.bincount(ids, own, minlength=len(self._sums))
        self._pixels += np.bincount(ids, minlength=len(self._sums))

    @property
    def pixels(self) -> npt.NDArray[np.int64]:
        """``int64 K``: how many were labelled so."""
        return self._pixels

    @property
    def thresholds(self) -> npt.NDArray[np.float64]:
        """``float64 K``: the mean of each class so far; infinite for ids that are no class."""
        means = np.where(self._pixels > 0, self._sums / np.maximum(self._pixels, 1), UNSEEN)
        return np.where(self._never, np.inf, means)


def own_probability(look: Look) -> npt.NDArray[np.floating]:
    """``float H×W``: the probability of each pixel's label; that of any class where ignored."""
    ids = np.minimum(look.label, len(look.probabilities) - 1).astype(np.intp)
    own: npt.NDArray[np.floating] = np.take_along_axis(look.probabilities, ids[None], axis=0)[0]
    return own
