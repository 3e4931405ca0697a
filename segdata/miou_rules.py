"""The rules by which tools make one mean of the classes' IoU: the same masks score 0.34 to 0.74."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from segdata.class_counts import ClassCounts, Floats, Places, ratio
from segdata.errors import UserError


@dataclass(frozen=True)
class MiouRule:
    """How a mean is made.

    Args:
        absent: what a class scores that is in neither truth nor prediction; None leaves it out.
        only_predicted: what one scores that is predicted but not in the truth; None leaves it out.
        source: who does it so.
        over: ``classes``: the mean of the classes' IoU over all images; ``images``: of every
            image's every class; ``pixels``: all classes' hits over all their unions.
    """

    absent: float | None
    only_predicted: float | None
    source: str
    over: Literal["classes", "images", "pixels"] = "classes"

    def mean(
        self, images: ClassCounts, weights: Floats | None = None, group: Places | None = None
    ) -> Floats:
        """The mean IoU; 0 where no class counts.

        Args:
            images: ``N×K``.
            weights: ``float64 B×N``, how often each image counts; None counts each once.
            group: ``intp N``, where images share weights: the column of each image's.

        Returns:
            ``float64 B``; without weights ``float64 1``.
        """
        if weights is None:
            weights = np.ones((1, images.hits.shape[0]))
        units = weights.shape[1]
        if self.over == "images":
            scores, classes = self._parts(images)
            if group is not None:
                scores, classes = _summed(scores, group, units), _summed(classes, group, units)
            return _mean(weights @ scores, weights @ classes)
        if group is not None:
            images = images.grouped(group, units)
        return _mean(*self._parts(images.weighted(weights)))

    def _parts(self, counts: ClassCounts) -> tuple[Floats, Floats]:
        """``float64 ...``: what the classes score together, and how many count."""
        counted = np.broadcast_to(counts.counted, counts.hits.shape).copy()
        if self.over == "pixels":
            hits, union = np.where(counted, counts.hits, 0), np.where(counted, counts.union, 0)
            return hits.sum(axis=-1, dtype=np.float64), union.sum(axis=-1, dtype=np.float64)
        scores = counts.iou
        absent = np.isnan(scores)
        for cases, value in (
            (absent, self.absent),
            (~absent & (counts.truth == 0), self.only_predicted),
        ):
            if value is None:
                counted &= ~cases
            else:
                scores[cases] = value
        total = np.where(counted, scores, 0.0).sum(axis=-1)
        return total, counted.sum(axis=-1, dtype=np.float64)


def _mean(total: Floats, number: Floats) -> Floats:
    return np.where(number > 0, ratio(total, number), 0.0)


def _summed(values: Floats, group: Places, groups: int) -> Floats:
    return np.asarray(np.bincount(group, values, groups), dtype=np.float64)


MIOU_RULES: Mapping[str, MiouRule] = MappingProxyType(
    {
        "cityscapes": MiouRule(
            None, 0.0, "cityscapesScripts, mmsegmentation, tf.metrics.mean_iou (original DeepLab)"
        ),
        "voc": MiouRule(float("nan"), 0.0, "VOC devkit, torchvision references"),
        "detectron2": MiouRule(None, None, "detectron2 SemSegEvaluator"),
        "paddle": MiouRule(1.0, 0.0, "PaddleSeg metrics.mean_iou"),
        "smp": MiouRule(1.0, 0.0, "segmentation_models_pytorch iou_score(reduction='macro')"),
        "smp-imagewise": MiouRule(
            1.0, 0.0, "segmentation_models_pytorch iou_score(reduction='macro-imagewise')", "images"
        ),
        "segnet": MiouRule(0.0, 0.0, "SegNet compute_test_results.m; smp with zero_division=0"),
        "torchmetrics-imagewise": MiouRule(
            None, 0.0, "torchmetrics.segmentation.MeanIoU with void removed", "images"
        ),
        "micro": MiouRule(
            None, 0.0, "torchmetrics JaccardIndex(average='micro'), smp reduction='micro'", "pixels"
        ),
    }
)
DEFAULT_RULE = "cityscapes"


def miou_rule(name: str) -> MiouRule:
    """The rule of that name.

    Raises:
        UserError: there is none.
    """
    if name not in MIOU_RULES:
        raise UserError(f"no mIoU rule {name!r}", f"choose one of {', '.join(MIOU_RULES)}")
    return MIOU_RULES[name]
