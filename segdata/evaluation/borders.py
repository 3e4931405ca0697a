"""Where the borders of classes are, for all classes of a label at once.

A pixel lies within ``d`` of its region's contour if the square of side ``2d+1`` around it holds
another class. The smallest and the largest id in the square tell it for all classes at once;
eroding an index image instead, as some tools do, invents classes between two neighbors.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.histograms import joint_histogram
from segdata.scores.boundary import TRIMAP_WIDTHS, contour_width

Distance = npt.NDArray[np.float32]


def contour_counts(
    truth: Label,
    prediction: Label,
    num_classes: int,
    ignore: int | None,
    distance: Distance | None = None,
) -> npt.NDArray[np.int64]:
    """``int64 M×4``: class, hits, truth and predictions near contours; see ``ImageScore.contours``.

    Boundary IoU (Cheng et al. 2021) for every class: of the pixels of a class that lie near its own
    contour, those that truth and prediction share. The image's edge is a contour, as in
    boundary-iou-api. What is ignored in the truth is cut out of both, so that a prediction that is
    right wherever it counts scores 1.

    Args:
        distance: of the truth, see :func:`border_distance`, where it is known.
    """
    if ignore is not None:
        prediction = np.where(truth == ignore, truth, prediction)
    width = contour_width(*truth.shape)
    true = near_contour(truth, width) if distance is None else _with_edge(distance <= width, width)
    predicted = near_contour(prediction, width)
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
    """``bool H×W``: pixels less than ``width`` pixels inside their region."""
    square = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    return _with_edge(cv2.erode(label, square) != cv2.dilate(label, square), width)


def _with_edge(near: npt.NDArray[np.bool_], width: int) -> npt.NDArray[np.bool_]:
    """The image's edge is a contour, too."""
    near[:width] = near[-width:] = True
    near[:, :width] = near[:, -width:] = True
    return near


def band_cells(
    truth: Label,
    prediction: Label,
    num_classes: int,
    ignore: int | None,
    distance: Distance | None = None,
) -> npt.NDArray[np.int64]:
    """``int64 N×4``: band, truth, prediction, count of the pixels in the trimap that are counted.

    Band ``i`` holds the pixels whose distance to a border of the truth is at most
    ``TRIMAP_WIDTHS[i]`` pixels and more than the width before; the borders of ignored regions are
    borders, the image's edge is none. Predictions that are no class are in column ``num_classes``.

    Args:
        distance: of the truth, see :func:`border_distance`, where it is known.
    """
    outside = TRIMAP_WIDTHS[-1] + 1
    depth = border_distance(truth) if distance is None else distance
    table = np.searchsorted(TRIMAP_WIDTHS, np.minimum(np.arange(256), outside)).astype(np.uint8)
    band: npt.NDArray[np.uint8] = np.asarray(
        cv2.LUT(np.minimum(depth, outside).astype(np.uint8), table), np.uint8
    )
    guess = np.minimum(prediction, min(num_classes, np.iinfo(prediction.dtype).max))
    size = (len(TRIMAP_WIDTHS), num_classes, num_classes + 1)
    counts = joint_histogram([band, truth, guess], size)
    if ignore is not None and ignore < num_classes:
        counts[:, ignore] = 0
    found = np.nonzero(counts)
    return np.stack([*found, counts[found]], axis=1)


def border_distance(label: Label) -> Distance:
    """``float32 H×W``: how many pixels to the nearest pixel of another class, diagonals as one.

    Infinite where there is no other class.
    """
    square = np.ones((3, 3), np.uint8)
    inside = (cv2.erode(label, square) == cv2.dilate(label, square)).view(np.uint8)
    if inside.all():
        return np.full(label.shape, np.inf, np.float32)
    # The nearest pixel at a border is of the own region: the other class lies one step further.
    return np.asarray(cv2.distanceTransform(inside, cv2.DIST_C, 3) + 1, dtype=np.float32)
