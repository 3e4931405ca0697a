"""What one image adds to an evaluation; runs in worker processes, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.class_counts import Floats
from segdata.classes import Label
from segdata.confusion import ConfusionMatrix
from segdata.errors import UserError
from segdata.evaluation.borders import band_cells, contour_counts
from segdata.evaluation.confidence import confidence_table
from segdata.evaluation.items import EvalItem
from segdata.evaluation.objects import object_table
from segdata.pairing import FilePair
from segdata.resizing import resize_label
from segdata.scores import ImageScore, cells_of

# What masks of two classes have for the object.
_WHITE = 255


@dataclass(frozen=True, eq=False)
class Measures:
    """What is measured of every image.

    Args:
        num_classes: ids from 0 on that are classes.
        ignore: truth with this id is not counted.
        rule: of the image's mean IoU.
        boundary: also near the borders of classes.
        objects: also objects by their size.
        maps: ``uint8 or uint16 H×W``, predictions that never look at the photo.
    """

    num_classes: int
    ignore: int | None
    rule: str
    boundary: bool = False
    objects: bool = False
    maps: Sequence[Label] = ()


@dataclass(frozen=True, eq=False)
class Measured:
    """What one image adds to the totals.

    Args:
        maps: ``int64 N×3`` for each map: the cells of its confusion matrix.
        bands: ``int64 N×4``, see ``borders.band_cells``.
        objects: ``int64 6×K×S``, see ``objects.object_table``.
        confidence: ``float64 3×K×B``, see ``confidence.confidence_table``.
    """

    score: ImageScore
    maps: tuple[npt.NDArray[np.int64], ...] = ()
    bands: npt.NDArray[np.int64] | None = None
    objects: npt.NDArray[np.int64] | None = None
    confidence: Floats | None = None


def measure(item: EvalItem, measures: Measures) -> Measured:
    """Count one image.

    Raises:
        UserError: the sizes differ, or truth holds an id that is no class; the image is named.
    """
    pair = item.truth, item.prediction
    ids = measures.num_classes, measures.ignore
    try:
        matrix = ConfusionMatrix.of(*pair, *ids)
    except UserError as error:
        raise UserError(f"{item.key}: {error.message}", error.remedy) from error
    size = (item.truth.shape[0], item.truth.shape[1])
    maps = (ConfusionMatrix.of(item.truth, resize_label(m, size), *ids) for m in measures.maps)
    contours = bands = None
    if measures.boundary:
        contours, bands = contour_counts(*pair, *ids), band_cells(*pair, *ids)
    sure = item.confidence
    return Measured(
        _score(item.key, matrix, measures.rule, contours),
        tuple(cells_of(matrix) for matrix in maps),
        bands,
        object_table(*pair, *ids) if measures.objects else None,
        None if sure is None else confidence_table(*pair, sure, *ids),
    )


def measure_files(pair: FilePair, measures: Measures) -> Measured:
    """Read and count one pair of files.

    Raises:
        UserError: as :func:`measure`; or the prediction is a mask, not ids.
    """
    item = item_of(pair)
    measured = measure(item, measures)
    refuse_mask(pair, item.prediction, measured.score, measures.num_classes)
    return measured


def refuse_mask(pair: FilePair, prediction: Label, score: ImageScore, classes: int) -> None:
    """Raise a UserError if the prediction of a pair is a mask, not ids.

    Masks of 0 and 255 would score as if nothing but the background had been found.

    Args:
        prediction: as it was read.
        score: what it scored.
        classes: how many there are.
    """
    strays = bool((score.cells[:, 1] == classes).any())
    if classes != 2 or not strays or pair.predicted_ids:
        return
    if set(np.unique(prediction).tolist()) <= {0, _WHITE}:
        raise UserError(
            f"{pair.prediction} holds 0 and {_WHITE} only: it is a mask, and not class ids",
            f"read {_WHITE} as class 1: --prediction-ids {_WHITE}:1",
        )


def item_of(pair: FilePair) -> EvalItem:
    """The pair, read; its photo stays a file."""
    truth, prediction = pair.read()
    return EvalItem(pair.key, truth, prediction, pair.photo, pair.confidence(prediction))


def _score(
    key: str, matrix: ConfusionMatrix, rule: str, contours: npt.NDArray[np.int64] | None
) -> ImageScore:
    pixels = int(matrix.counts.sum())
    miou = matrix.mean_iou(rule) if pixels else float("nan")
    accuracy = matrix.pixel_accuracy if pixels else float("nan")
    return ImageScore(key, miou, accuracy, pixels, cells_of(matrix), contours=contours)
