"""Predictions against the labels of the same names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.confusion import ConfusionMatrix
from segdata.evidence.predicted_edges import added
from segdata.facts import count_values
from segdata.histograms import joint_histogram

# Values that are told apart; wrong files may hold tens of thousands, of which the last are one.
_VALUES = 1024


@dataclass(frozen=True, slots=True)
class LabelFit:
    """Counts over predictions with labels; those of several are added. Ignored pixels are left out.

    Args:
        pictures: compared.
        joint: pixels by the label's id and the predicted value.
        truth: pixels by the label's id.
        one_class: labels that hold one id only.
        blank: labels that are ignored everywhere.
        seen: of the labels of one id, those on which something else was predicted.
        around: labels by the id that most of their outermost pixels have.
    """

    pictures: int = 0
    joint: Mapping[tuple[int, int], int] = field(default_factory=dict)
    truth: Mapping[int, int] = field(default_factory=dict)
    one_class: int = 0
    blank: int = 0
    seen: int = 0
    around: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: LabelFit) -> LabelFit:
        return LabelFit(
            self.pictures + other.pictures,
            added(self.joint, other.joint),
            added(self.truth, other.truth),
            self.one_class + other.one_class,
            self.blank + other.blank,
            self.seen + other.seen,
            added(self.around, other.around),
        )

    @classmethod
    def of(cls, prediction: Label, truth: Label, ignore: int | None) -> LabelFit:
        """Compare ``uint8 or uint16 H×W`` of each; of other sizes only the label is counted."""
        counts = {i: n for i, n in count_values(truth).items() if i != ignore}
        joint = {}
        if prediction.shape == truth.shape:
            ranks, values = _ranked(prediction)
            bins = [min(_VALUES, int(part.max(initial=0)) + 1) for part in (truth, ranks)]
            table = joint_histogram([truth, ranks], bins)
            found = zip(*(axis.tolist() for axis in np.nonzero(table)), strict=True)
            joint = {(t, int(values[r])): int(table[t, r]) for t, r in found if t != ignore}
        rim = count_values(np.concatenate([truth[0], truth[-1], truth[:, 0], truth[:, -1]])[None])
        others = any(p != t for t, p in joint)
        return cls(
            1,
            joint,
            counts,
            int(len(counts) == 1),
            int(not counts),
            int(len(counts) == 1 and others),
            {max(rim, key=lambda value: rim[value]): 1},
        )

    def matrix(self, num_classes: int) -> ConfusionMatrix:
        """Labels' ids that are no class are left out."""
        counts = np.zeros((num_classes, num_classes + 1), np.int64)
        for (truth, value), pixels in self.joint.items():
            if truth < num_classes:
                counts[truth, min(value, num_classes)] += pixels
        return ConfusionMatrix(counts)

    def divided(self, factor: int) -> LabelFit:
        """As if the predictions were ids that were multiplied to be seen."""
        joint = {(t, v // factor): n for (t, v), n in self.joint.items() if v % factor == 0}
        return replace(self, joint=joint)

    def above(self, level: int) -> LabelFit:
        """As if the predictions were grey levels, of which those from ``level`` on mean class 1."""
        joint: Counter[tuple[int, int]] = Counter()
        for (truth, value), pixels in self.joint.items():
            joint[truth, int(value >= level)] += pixels
        return replace(self, joint=dict(joint))

    def constant(self, num_classes: int) -> tuple[int, float, float]:
        """The class that scores best everywhere, its pixel accuracy and its mean IoU."""
        truth = self._truth(num_classes)
        best = int(truth.argmax())
        accuracy = float(truth[best] / max(1, truth.sum()))
        return best, accuracy, accuracy / max(1, int(np.count_nonzero(truth)))

    def best_values(self, num_classes: int) -> dict[int, tuple[int, float, float]]:
        """For each class in the labels the value that fits it best, the IoU of the two, and the
        IoU of the class with its own id."""
        truth = self._truth(num_classes)
        predicted: Counter[int] = Counter()
        for (_, value), pixels in self.joint.items():
            predicted[value] += pixels
        out = {}
        for class_id in np.flatnonzero(truth).tolist():
            fits = {}
            for value, total in predicted.items():
                both = self.joint.get((class_id, value), 0)
                fits[value] = both / max(1, int(truth[class_id]) + total - both)
            best = max(fits, key=lambda value: fits[value], default=class_id)
            out[class_id] = (best, fits.get(best, 0.0), fits.get(class_id, 0.0))
        return out

    def _truth(self, num_classes: int) -> npt.NDArray[np.int64]:
        return self.matrix(num_classes).truth_pixels


def _ranked(label: Label) -> tuple[Label, Sequence[int] | npt.NDArray[np.integer]]:
    """Small numbers in place of values of 16 bits, and the value of each."""
    if int(label.max(initial=0)) < _VALUES:
        return label, range(_VALUES)
    values = np.unique(label)
    ranks = np.minimum(np.searchsorted(values, label), _VALUES - 1)
    return ranks.astype(np.uint16), values
