"""The confusion matrix and every score that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.class_counts import ClassCounts
from segdata.classes import Label
from segdata.errors import UserError
from segdata.histograms import joint_histogram
from segdata.miou_rules import DEFAULT_RULE, miou_rule


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """Pixel counts by truth (rows) and prediction (columns); matrices of workers are added.

    Args:
        counts: ``int64 K×(K+1)``. The last column counts predictions that are no class.
        ignore: truth with this id is not counted.
    """

    counts: npt.NDArray[np.int64]
    ignore: int | None = None

    @classmethod
    def zeros(cls, num_classes: int, ignore: int | None = None) -> ConfusionMatrix:
        return cls(np.zeros((num_classes, num_classes + 1), dtype=np.int64), ignore)

    @classmethod
    def of(
        cls, truth: Label, prediction: Label, num_classes: int, ignore: int | None = None
    ) -> ConfusionMatrix:
        """Count one pair.

        Args:
            truth: ``uint8 or uint16 H×W, class ids``.
            prediction: the same shape.

        Raises:
            UserError: the shapes differ, or truth holds an id that is neither a class nor ignored.
        """
        if truth.shape != prediction.shape:
            raise UserError(
                f"truth is {_size(truth)} and the prediction {_size(prediction)}",
                "predict at the size of the photo; segdata never resizes labels to make them fit",
            )
        counts = np.zeros((num_classes, num_classes + 1), dtype=np.int64)
        counts[:, :-1] = joint_histogram([truth, prediction], [num_classes, num_classes])
        ignored = 0 if ignore is None else int(np.count_nonzero(truth == ignore))
        if ignore is not None and ignore < num_classes:
            counts[ignore] = 0
        if truth.size - ignored - int(counts.sum()):
            # Only now, and rarely, is a second histogram worth its time.
            counts[:, -1] = joint_histogram([truth], [num_classes]) - counts.sum(axis=1)
            if ignore is not None and ignore < num_classes:
                counts[ignore] = 0
            _refuse_strays(truth, truth.size - ignored - int(counts.sum()), num_classes, ignore)
        return cls(counts, ignore)

    def __add__(self, other: ConfusionMatrix) -> ConfusionMatrix:
        if self.counts.shape != other.counts.shape or self.ignore != other.ignore:
            raise ValueError("matrices of different classes cannot be added")
        return ConfusionMatrix(self.counts + other.counts, self.ignore)

    @property
    def num_classes(self) -> int:
        return int(self.counts.shape[0])

    @property
    def _square(self) -> npt.NDArray[np.int64]:
        return self.counts[:, :-1]

    @property
    def truth_pixels(self) -> npt.NDArray[np.int64]:
        """``int64 K``: pixels of each class in the truth."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def predicted_pixels(self) -> npt.NDArray[np.int64]:
        """``int64 K``: counted pixels that were predicted as each class."""
        return np.asarray(self._square.sum(axis=0))

    @property
    def hits(self) -> npt.NDArray[np.int64]:
        """``int64 K``: pixels of each class that were predicted as such."""
        return np.asarray(np.diagonal(self._square))

    @property
    def iou(self) -> npt.NDArray[np.float64]:
        """``float64 K``: intersection over union; NaN where a class is in neither map."""
        return self.by_class.iou

    @property
    def by_class(self) -> ClassCounts:
        """Hits, truth and predictions, ``int64 K`` each."""
        return ClassCounts(self.hits, self.truth_pixels, self.predicted_pixels, self.ignore)

    def mean_iou(self, rule: str = DEFAULT_RULE) -> float:
        """Mean of the classes' IoU under a named rule; 0 if no class counts.

        The default is the rule of Cityscapes and of the original DeepLab: a class absent from truth
        and prediction is left out, one that is only predicted counts 0. The ignored id is no class.
        Rules that look at every image take the matrix for one image.

        Raises:
            UserError: there is no rule of that name.
        """
        return float(miou_rule(rule).mean(self.by_class.alone())[0])

    @property
    def pixel_accuracy(self) -> float:
        """Share of counted pixels that are right; 0 if none was counted."""
        return float(np.nan_to_num(self.by_class.pixel_accuracy))

    @property
    def mean_accuracy(self) -> float:
        """Mean recall of the classes that are in the truth; 0 if there is none."""
        return float(np.nan_to_num(self.by_class.mean_accuracy))

    @property
    def frequency_weighted_iou(self) -> float:
        """IoU weighted by each class's share of the truth; 0 if nothing was counted."""
        return float(np.nan_to_num(self.by_class.frequency_weighted_iou))


def _size(label: Label) -> str:
    return f"{label.shape[1]}x{label.shape[0]}"


def _refuse_strays(truth: Label, strays: int, num_classes: int, ignore: int | None) -> None:
    if strays:
        ids = [int(i) for i in np.unique(truth) if i >= num_classes and i != ignore]
        raise UserError(
            f"{strays} pixels of the truth have ids {ids[:8]}, outside 0..{num_classes - 1}",
            "every id must be a class (--classes, --num-classes) or the ignore label; "
            f"to read ids as others: --label-ids {ids[0]}:1, or {ids[0]}:ignore",
        )
