"""The confusion matrix and every score that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.errors import UserError

# cv2.calcHist counts in float32, which is exact up to 2^24 per cell.
_EXACT_PIXELS = 1 << 24


@dataclass(frozen=True)
class MiouRule:
    """What a class scores that is in neither truth nor prediction, and one only predicted.

    None leaves the class out of the mean.
    """

    absent: float | None
    only_predicted: float | None
    source: str


MIOU_RULES: Mapping[str, MiouRule] = MappingProxyType(
    {
        "cityscapes": MiouRule(None, 0.0, "cityscapesScripts, mmseg, tf.metrics.mean_iou"),
        "detectron2": MiouRule(None, None, "detectron2 SemSegEvaluator"),
        "voc": MiouRule(float("nan"), 0.0, "VOC devkit, torchvision references"),
        "paddle": MiouRule(1.0, 0.0, "PaddleSeg metrics.mean_iou"),
        "smp": MiouRule(1.0, 0.0, "segmentation_models_pytorch iou_score(reduction='macro')"),
        "segnet": MiouRule(0.0, 0.0, "SegNet compute_test_results.m"),
    }
)
DEFAULT_RULE = "cityscapes"


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
        pieces = list(_pieces(truth, prediction))
        for true, predicted in pieces:
            counts[:, :-1] += _joint(true, predicted, num_classes)
        ignored = 0 if ignore is None else int(np.count_nonzero(truth == ignore))
        if ignore is not None and ignore < num_classes:
            counts[ignore] = 0
        if truth.size - ignored - int(counts.sum()):
            # Only now, and rarely, is a second histogram worth its time.
            totals = sum(_histogram(true, num_classes) for true, _ in pieces)
            counts[:, -1] = totals - counts.sum(axis=1)
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
        return _ratio(self.hits, self.truth_pixels + self.predicted_pixels - self.hits)

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """``float64 K``: share of a class's pixels that were found; NaN without such pixels."""
        return _ratio(self.hits, self.truth_pixels)

    @property
    def precision(self) -> npt.NDArray[np.float64]:
        """``float64 K``: share of a class's predictions that are right; NaN if never predicted."""
        return _ratio(self.hits, self.predicted_pixels)

    def mean_iou(self, rule: str = DEFAULT_RULE) -> float:
        """Mean of the classes' IoU under a named rule; 0 if no class counts.

        The default is the rule of Cityscapes and of the original DeepLab: a class absent from truth
        and prediction is left out, one that is only predicted counts 0. The ignored id is no class.

        Raises:
            UserError: there is no rule of that name.
        """
        if rule not in MIOU_RULES:
            raise UserError(f"no mIoU rule {rule!r}", f"choose one of {', '.join(MIOU_RULES)}")
        policy, scores = MIOU_RULES[rule], self.iou
        counted = np.ones(self.num_classes, dtype=bool)
        if self.ignore is not None and self.ignore < self.num_classes:
            counted[self.ignore] = False
        absent = np.isnan(scores)
        for cases, value in (
            (absent, policy.absent),
            (~absent & (self.truth_pixels == 0), policy.only_predicted),
        ):
            if value is None:
                counted &= ~cases
            else:
                scores[cases] = value
        return float(scores[counted].mean()) if counted.any() else 0.0

    @property
    def pixel_accuracy(self) -> float:
        """Share of counted pixels that are right; 0 if none was counted."""
        total = self.counts.sum()
        return float(self.hits.sum() / total) if total else 0.0

    @property
    def mean_accuracy(self) -> float:
        """Mean recall of the classes that are in the truth; 0 if there is none."""
        recall = self.recall[self.truth_pixels > 0]
        return float(recall.mean()) if len(recall) else 0.0

    @property
    def frequency_weighted_iou(self) -> float:
        """IoU weighted by each class's share of the truth; 0 if nothing was counted."""
        pixels = self.truth_pixels
        total = pixels.sum()
        return float((np.nan_to_num(self.iou) * pixels).sum() / total) if total else 0.0


def _size(label: Label) -> str:
    return f"{label.shape[1]}x{label.shape[0]}"


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    out = np.full(part.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def _pieces(truth: Label, prediction: Label) -> Iterator[tuple[Label, Label]]:
    """Both labels as rows of at most 2^24 pixels and of one type."""
    if truth.dtype != prediction.dtype:
        truth, prediction = truth.astype(np.uint16), prediction.astype(np.uint16)
    true, predicted = truth.ravel(), prediction.ravel()
    for at in range(0, truth.size, _EXACT_PIXELS):
        yield true[at : at + _EXACT_PIXELS], predicted[at : at + _EXACT_PIXELS]


def _joint(truth: Label, prediction: Label, num_classes: int) -> npt.NDArray[np.int64]:
    """``int64 K×K`` of at most 2^24 pixels; what is outside the classes is left out."""
    bins, spans = [num_classes] * 2, [0, num_classes] * 2
    joint = cv2.calcHist([truth, prediction], [0, 1], None, bins, spans)
    return joint.reshape(num_classes, num_classes).astype(np.int64)


def _histogram(label: Label, num_classes: int) -> npt.NDArray[np.int64]:
    counts = cv2.calcHist([label], [0], None, [num_classes], [0, num_classes])
    return counts.reshape(num_classes).astype(np.int64)


def _refuse_strays(truth: Label, strays: int, num_classes: int, ignore: int | None) -> None:
    if strays:
        ids = [int(i) for i in np.unique(truth) if i >= num_classes and i != ignore]
        raise UserError(
            f"{strays} pixels of the truth have ids {ids[:8]}, outside 0..{num_classes - 1}",
            "run segdata validate on the labels; ids must be classes or the ignore label",
        )
