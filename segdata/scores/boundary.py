"""Scores near the borders of classes: Boundary IoU and trimap curves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.class_counts import ClassCounts
from segdata.confusion import ConfusionMatrix
from segdata.miou_rules import DEFAULT_RULE, MIOU_RULES

# Boundary IoU looks so far into a class, as a share of the diagonal (Cheng et al. 2021, "Boundary
# IoU", section 4: 2 % for images of common sizes).
CONTOUR_SHARE = 0.02
# Widths of the trimap in pixels; the DeepLab papers draw 1 to 40 (Chen et al. 2018, figure 10).
TRIMAP_WIDTHS = (1, 2, 3, 5, 10, 20, 40)


def contour_width(height: int, width: int) -> int:
    """How many pixels Boundary IoU looks into a class; at least one (boundary-iou-api)."""
    return max(1, round(CONTOUR_SHARE * float(np.hypot(height, width))))


@dataclass(frozen=True, eq=False)
class BoundaryScores:
    """How well borders are hit.

    Args:
        contours: ``int64 K``: pixels of a class that lie near its own contour, in truth and in
            prediction; their IoU is the class's Boundary IoU.
        widths: half widths of the trimap's band around the truth's borders, in pixels.
        bands: ``int64 W×K×(K+1)``: the confusion matrix of the pixels in each band.
        ignore: the id that is not counted.
    """

    contours: ClassCounts
    widths: tuple[int, ...]
    bands: npt.NDArray[np.int64]
    ignore: int | None = None

    def band(self, index: int) -> ConfusionMatrix:
        """The confusion matrix of the pixels up to ``widths[index]`` from a border."""
        return ConfusionMatrix(self.bands[index], self.ignore)

    def means(self, rule: str) -> list[float]:
        """The mean IoU of each band; NaN without a pixel.

        Args:
            rule: of the report; one that looks at every image gives way to the default, since a
                band is of all images together.
        """
        if MIOU_RULES[rule].over == "images":
            rule = DEFAULT_RULE
        bands = [self.band(i) for i in range(len(self.widths))]
        return [one.mean_iou(rule) if one.counts.any() else math.nan for one in bands]
