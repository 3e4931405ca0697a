"""What an evaluation found: scores with their rule, by class, by image, and where from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.confusion import ConfusionMatrix

# A confusion is told in a sentence if it takes at least this share of a class's pixels.
_TOLD_SHARE = 0.02
_IMAGES_PER_CONFUSION = 3


@dataclass(frozen=True)
class ClassScore:
    """One row of the per-class table; scores are NaN where they are undefined.

    Args:
        pixels: counted pixels of the class in the truth.
        predicted: counted pixels that were predicted as the class.
    """

    id: int
    name: str
    iou: float
    precision: float
    recall: float
    pixels: int
    predicted: int


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
    """

    key: str
    miou: float
    pixel_accuracy: float
    pixels: int
    cells: npt.NDArray[np.int64]


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


@dataclass(frozen=True)
class Baseline:
    """What a predictor scores that never looks at the photo."""

    name: str
    miou: float
    detail: str


@dataclass(frozen=True)
class Confusion:
    """One class taken for another.

    Args:
        truth: the id that is right.
        predicted: the id that was predicted; the number of classes stands for no class at all.
        pixels: how many pixels.
        share: of the pixels of the true class.
        miou_gain: what the mean IoU would gain, about, if these pixels were right.
        images: keys of the images with most of it.
    """

    truth: int
    predicted: int
    pixels: int
    share: float
    miou_gain: float
    images: tuple[str, ...]


@dataclass(frozen=True)
class Pairing:
    """Which files of two folders belong together.

    Args:
        paired: how many were scored.
        missing: names of labels without a prediction.
        extra: names of predictions without a label.
    """

    paired: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class EvalReport:
    """Everything an evaluation found.

    Args:
        rule: the name of the rule of the mean IoU (``confusion.MIOU_RULES``).
        worst: examples, the worst first.
        best: examples, the best first; none of them is among the worst.
        provenance: what was measured and with what, for people: data digest, checkpoint, command.
    """

    class_map: ClassMap
    matrix: ConfusionMatrix
    rule: str
    images: tuple[ImageScore, ...]
    worst: tuple[Example, ...] = ()
    best: tuple[Example, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    pairing: Pairing | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def miou(self) -> float:
        return self.matrix.mean_iou(self.rule)

    @property
    def pixels(self) -> int:
        """How many pixels were counted."""
        return int(self.matrix.counts.sum())

    @cached_property
    def per_class(self) -> tuple[ClassScore, ...]:
        """The trained classes, and any other id that truth or prediction holds, by id."""
        m = self.matrix
        truth, predicted = m.truth_pixels, m.predicted_pixels
        iou, precision, recall = m.iou, m.precision, m.recall
        known = {c.id for c in self.class_map.trained}
        return tuple(
            ClassScore(
                i,
                self.class_map.name(i),
                float(iou[i]),
                float(precision[i]),
                float(recall[i]),
                int(truth[i]),
                int(predicted[i]),
            )
            for i in range(m.num_classes)
            if i != m.ignore and (i in known or truth[i] + predicted[i])
        )

    def confusions(self, limit: int = 12) -> tuple[Confusion, ...]:
        """What is taken for what, what costs the mean IoU most first."""
        counts, truth = self.matrix.counts, self.matrix.truth_pixels
        rows, columns = np.nonzero(counts)
        wrong = rows != columns
        found = [
            (self._gain(int(t), int(p)), int(t), int(p))
            for t, p in zip(rows[wrong], columns[wrong], strict=True)
            if counts[t, p] >= _TOLD_SHARE * truth[t]
        ]
        return tuple(
            Confusion(
                t, p, int(counts[t, p]), float(counts[t, p] / truth[t]), gain, self._most_of(t, p)
            )
            for gain, t, p in sorted(found, key=lambda c: (-c[0], c[1], c[2]))[:limit]
        )

    def name(self, class_id: int) -> str:
        """The name of a column of the matrix: a class, or none."""
        return "no class" if class_id >= self.matrix.num_classes else self.class_map.name(class_id)

    def to_json(self) -> dict[str, Any]:
        """The form that ``--report R.json`` promises (docs/architecture.md, interfaces)."""
        m = self.matrix
        return {
            "miou": _number(self.miou),
            "miou_rule": self.rule,
            "pixel_accuracy": m.pixel_accuracy,
            "mean_accuracy": m.mean_accuracy,
            "frequency_weighted_iou": m.frequency_weighted_iou,
            "pixels": self.pixels,
            "ignore_label": m.ignore,
            "per_class": [_class_json(c) for c in self.per_class],
            "confusion": m.counts.tolist(),
            "confusion_columns": [self.name(i) for i in range(m.num_classes + 1)],
            "confusions": [self._confusion_json(c) for c in self.confusions()],
            "baselines": [
                {"name": b.name, "miou": _number(b.miou), "detail": b.detail}
                for b in self.baselines
            ],
            "images": [_image_json(s) for s in self.images],
            "pairing": None if self.pairing is None else _pairing_json(self.pairing),
            "provenance": dict(self.provenance),
        }

    def _gain(self, truth: int, predicted: int) -> float:
        """The gain in mean IoU if the cell's pixels were right: only two classes' IoU change."""
        m = self.matrix
        moved = int(m.counts[truth, predicted])
        union = m.truth_pixels + m.predicted_pixels - m.hits
        gain = moved / int(union[truth])
        if predicted < m.num_classes and predicted != m.ignore:
            rest = int(union[predicted]) - moved
            before = float(m.hits[predicted] / union[predicted])
            gain += float(m.hits[predicted] / rest) - before if rest else 0.0
        scored = sum(not math.isnan(c.iou) for c in self.per_class)
        return gain / max(1, scored)

    def _most_of(self, truth: int, predicted: int) -> tuple[str, ...]:
        found = []
        for score in self.images:
            hit = (score.cells[:, 0] == truth) & (score.cells[:, 1] == predicted)
            if hit.any():
                found.append((-int(score.cells[hit, 2].sum()), score.key))
        return tuple(key for _, key in sorted(found)[:_IMAGES_PER_CONFUSION])

    def _confusion_json(self, confusion: Confusion) -> dict[str, Any]:
        return {
            "truth": self.name(confusion.truth),
            "predicted": self.name(confusion.predicted),
            "pixels": confusion.pixels,
            "share": confusion.share,
            "miou_gain": confusion.miou_gain,
            "images": list(confusion.images),
        }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _class_json(score: ClassScore) -> dict[str, Any]:
    return {
        "id": score.id,
        "name": score.name,
        "iou": _number(score.iou),
        "precision": _number(score.precision),
        "recall": _number(score.recall),
        "pixels": score.pixels,
        "predicted": score.predicted,
    }


def _image_json(score: ImageScore) -> dict[str, Any]:
    return {
        "key": score.key,
        "miou": _number(score.miou),
        "pixel_accuracy": _number(score.pixel_accuracy),
        "pixels": score.pixels,
    }


def _pairing_json(pairing: Pairing) -> dict[str, Any]:
    return {
        "paired": pairing.paired,
        "missing": list(pairing.missing),
        "extra": list(pairing.extra),
    }
