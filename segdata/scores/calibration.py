"""Whether a network is as sure as it is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.class_counts import Floats, ratio

# Bins of equal width (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4).
BINS = 15


@dataclass(frozen=True, eq=False)
class Calibration:
    """Confidence and accuracy of counted pixels, by predicted class and bin of confidence.

    Args:
        pixels: ``int64 K×B``.
        right: ``int64 K×B``: those that were predicted right.
        confidence: ``float64 K×B``: the sums of the probabilities of the predicted classes.
    """

    pixels: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    confidence: Floats

    @classmethod
    def of(cls, table: Floats) -> Calibration:
        """From ``float64 3×K×B``, the fields in their order."""
        return cls(table[0].astype(np.int64), table[1].astype(np.int64), table[2])

    @property
    def error(self) -> float:
        """The expected calibration error (ECE): the mean gap of accuracy and confidence."""
        gaps = np.abs(self.right.sum(axis=0) - self.confidence.sum(axis=0))
        return float(ratio(gaps.sum(), self.pixels.sum()))

    @property
    def class_errors(self) -> Floats:
        """``float64 K``: the same over the pixels that were predicted as each class."""
        return ratio(np.abs(self.right - self.confidence).sum(axis=1), self.pixels.sum(axis=1))

    @property
    def accuracy(self) -> float:
        return float(ratio(self.right.sum(), self.pixels.sum()))

    @property
    def mean_confidence(self) -> float:
        return float(ratio(self.confidence.sum(), self.pixels.sum()))

    @property
    def reliability(self) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """Of each bin the mean confidence, the accuracy and the number of pixels."""
        pixels = self.pixels.sum(axis=0)
        return (
            ratio(self.confidence.sum(axis=0), pixels),
            ratio(self.right.sum(axis=0), pixels),
            pixels,
        )
