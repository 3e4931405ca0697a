"""Where the borders of classes are, for all classes of a label at once.

A pixel lies within ``d`` of its region's contour if the square of side ``2d+1`` around it holds
another class. The smallest and the largest of nine neighbors tell it for all classes at once;
eroding an index image instead, as some tools do, invents classes between two neighbors.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.histograms import joint_histogram
from segdata.scores.boundary import TRIMAP_WIDTHS, contour_width


def contour_counts(
    truth: Label, prediction: Label, num_classes: int, ignore: int | None
) -> npt.NDArray[np.int64]:
    """``int64 M×4``: class, hits, truth and predictions near contours; see ``ImageScore.contours``.

    Boundary IoU (Cheng et al. 2021) for every class: of the pixels of a class that lie near its own
    contour, those that truth and prediction share. The image's edge is a contour, as in
    boundary-iou-api. What is ignored in the truth is cut out of both, so that a prediction that is
    right wherever it counts scores 1.
    """
    if ignore is not None:
        prediction = np.where(truth == ignore, truth, prediction)
    width = contour_width(*truth.shape)
    true, predicted = near_contour(truth, width), near_contour(prediction, width)
    hit = true & predicted & (truth == prediction)
    # 0 elsewhere, 1 where only the truth is near, 2 where both are.
    of_truth = joint_histogram([truth, true.view(np.uint8) + hit.view(np.uint8)], [num_classes, 3])
    of_prediction = joint_histogram([prediction], [num_classes], predicted)
    counts = np.stack([of_truth[:, 2], of_truth[:, 1] + of_truth[:, 2], of_prediction])
    if ignore is not None and ignore < num_classes:
        counts[:, ignore] = 0
    found = np.flatnonzero(counts.any(axis=0))
    return np.concatenate([found[None], counts[:, found]]).T


def near_contour(label: Label, width: int) -> npt.NDArray[np.bool_]:
    """``bool H×W``: pixels less than ``width`` pixels inside their region or the image."""
    near = _grown(_border(label), width - 1).view(np.bool_)
    near[:width] = near[-width:] = True
    near[:, :width] = near[:, -width:] = True
    return near


def band_cells(
    truth: Label, prediction: Label, num_classes: int, ignore: int | None
) -> npt.NDArray[np.int64]:
    """``int64 N×4``: band, truth, prediction, count of the pixels in the trimap that are counted.

    See :func:`bands_of` for the bands. Predictions that are no class are in column ``num_classes``.
    """
    guess = np.minimum(prediction, min(num_classes, np.iinfo(prediction.dtype).max))
    size = (len(TRIMAP_WIDTHS), num_classes, num_classes + 1)
    counts = joint_histogram([bands_of(truth), truth, guess], size)
    if ignore is not None and ignore < num_classes:
        counts[:, ignore] = 0
    found = np.nonzero(counts)
    return np.stack([*found, counts[found]], axis=1)


def bands_of(label: Label) -> npt.NDArray[np.uint8]:
    """``uint8 H×W``: the band of the trimap that each pixel lies in.

    Band ``i`` holds the pixels whose distance to a pixel of another class, diagonals as one, is at
    most ``TRIMAP_WIDTHS[i]`` and more than the width before; the number of widths stands for those
    further away. The borders of ignored regions are borders, the image's edge is none.
    """
    near, reached = _border(label), 1
    bands = np.full(label.shape, len(TRIMAP_WIDTHS), np.uint8)
    for width in TRIMAP_WIDTHS:
        near, reached = _grown(near, width - reached), width
        bands -= near
    return bands


def _border(label: Label) -> npt.NDArray[np.uint8]:
    """``uint8 H×W``: 1 for pixels with another class among their eight neighbors, else 0."""
    square = np.ones((3, 3), np.uint8)
    other: npt.NDArray[np.bool_] = cv2.erode(label, square) != cv2.dilate(label, square)
    return other.view(np.uint8)


def _grown(near: npt.NDArray[np.uint8], pixels: int) -> npt.NDArray[np.uint8]:
    """What is 1, so many pixels further in all directions.

    The nearest pixel of another class lies one step behind the nearest border pixel, which is of
    the own region; so growing the border gives distances, and squares in steps are one large one.
    """
    if not pixels:
        return near
    square = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    return np.asarray(cv2.dilate(near, square), np.uint8)
