"""How each image fared, and the counts of all of them for what is told from them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.class_counts import ClassCounts
from segdata.classes import Label
from segdata.confusion import ConfusionMatrix


@dataclass(frozen=True, eq=False)
class ImageScore:
    """How one image fared.

    Args:
        key: its name, as the data set spells it.
        miou: under the report's rule, over this image alone; NaN if it has no counted pixel.
        pixel_accuracy: share of counted pixels that are right; NaN if there is none.
        pixels: how many pixels were counted.
        cells: ``int64 N×3``: truth, prediction, count of every cell of the image's confusion matrix
            that is not zero, so that nothing needs a second pass over the images.
        group: what it belongs to; empty where nothing was grouped.
        contours: ``int64 M×4``: class, and its hits, truth and predictions near its contours
            (``scores.BoundaryScores``), of the classes that are there; None where not measured.
    """

    key: str
    miou: float
    pixel_accuracy: float
    pixels: int
    cells: npt.NDArray[np.int64]
    group: str = ""
    contours: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Example:
    """One image to look at, at the size of a thumbnail.

    Args:
        photo: ``uint8 H×W×3, RGB``; None where only labels were given.
        truth: ``uint8 or uint16 H×W, class ids``.
        prediction: the same shape.
    """

    score: ImageScore
    photo: npt.NDArray[np.uint8] | None
    truth: Label
    prediction: Label


def places_by_group(images: Sequence[ImageScore]) -> dict[str, list[int]]:
    """The places of each group's images, by the groups' names; empty where nothing was grouped."""
    found: dict[str, list[int]] = {}
    for place, image in enumerate(images):
        if image.group:
            found.setdefault(image.group, []).append(place)
    return dict(sorted(found.items()))


def cells_of(matrix: ConfusionMatrix) -> npt.NDArray[np.int64]:
    """``int64 N×3``: truth, prediction, count of the cells that are not zero."""
    rows, columns = np.nonzero(matrix.counts)
    return np.stack([rows, columns, matrix.counts[rows, columns]], axis=1)


def counts_of(
    images: Sequence[ImageScore], num_classes: int, ignore: int | None = None
) -> ClassCounts:
    """``int64 N×K``: hits, truth and predictions of every image."""
    hits, truth, predicted = np.zeros((3, len(images), num_classes), dtype=np.int64)
    for i, image in enumerate(images):
        rows, columns, counts = image.cells.T
        right, known = rows == columns, columns < num_classes
        hits[i, rows[right]] = counts[right]
        np.add.at(truth[i], rows, counts)
        np.add.at(predicted[i], columns[known], counts[known])
    return ClassCounts(hits, truth, predicted, ignore)


def contours_of(
    images: Sequence[ImageScore], num_classes: int, ignore: int | None = None
) -> ClassCounts:
    """``int64 N×K``: the same near the classes' contours; 0 where it was not measured."""
    counts = np.zeros((3, len(images), num_classes), dtype=np.int64)
    for i, image in enumerate(images):
        if image.contours is not None:
            counts[:, i, image.contours[:, 0]] = image.contours[:, 1:].T
    return ClassCounts(counts[0], counts[1], counts[2], ignore)
