"""Sizes of predictions against those of their labels or photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from segdata.classes import Label
from segdata.evidence.predicted_edges import added

Size = tuple[int, int]
# Shapes are the same if their ratios of height to width differ by less: rounding to whole pixels.
_SHAPE = 0.03
# How a prediction of another size may lie on its label.
TOP_LEFT, CENTER, RESIZED = "cut at the top left", "cut in the middle", "resized"


@dataclass(frozen=True, slots=True)
class PredictedSizes:
    """Counts over predictions whose label or photo is known; those of several are added.

    Args:
        known: how many.
        differing: how many have another size.
        smaller: of these, those that are longer on no side.
        shaped: of these, those whose ratio of height to width is that of the picture.
        framed: of these, those whose outermost pixels are all white.
        sizes: how many of those that differ have a height and width.
        first: name, size, and wanted size of the first that differs.
        fits: how many of those that differ lie best on their label as what.
    """

    known: int = 0
    differing: int = 0
    smaller: int = 0
    shaped: int = 0
    framed: int = 0
    sizes: Mapping[Size, int] = field(default_factory=dict)
    first: tuple[str, Size, Size] | None = None
    fits: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: PredictedSizes) -> PredictedSizes:
        return PredictedSizes(
            self.known + other.known,
            self.differing + other.differing,
            self.smaller + other.smaller,
            self.shaped + other.shaped,
            self.framed + other.framed,
            added(self.sizes, other.sizes),
            self.first or other.first,
            added(self.fits, other.fits),
        )

    @classmethod
    def of(
        cls, name: str, size: Size, wanted: Size, framed: bool, fit: str | None = None
    ) -> PredictedSizes:
        """Of one prediction.

        Args:
            size, wanted: height and width.
            fit: how it lies on its label, if that can be told.
        """
        if size == wanted:
            return cls(1)
        ratio = (size[0] * wanted[1]) / max(1, size[1] * wanted[0])
        return cls(
            1,
            1,
            int(size[0] <= wanted[0] and size[1] <= wanted[1]),
            int(abs(ratio - 1) < _SHAPE),
            int(framed),
            {size: 1},
            (name, size, wanted),
            {fit: 1} if fit else {},
        )


def best_fit(prediction: Label, truth: Label) -> str | None:
    """How a smaller prediction lies on its label; None where no way is better than the others."""
    (h, w), (height, width) = prediction.shape, truth.shape
    if h > height or w > width or prediction.min() == prediction.max():
        return None
    top, left = (height - h) // 2, (width - w) // 2
    ways = {
        TOP_LEFT: truth[:h, :w],
        CENTER: truth[top : top + h, left : left + w],
        RESIZED: cv2.resize(truth, (w, h), interpolation=cv2.INTER_NEAREST),
    }
    fits = {way: float(np.mean(prediction == part)) for way, part in ways.items()}
    best, second = sorted(fits, key=lambda way: -fits[way])[:2]
    return best if fits[best] > fits[second] else None
