"""Predictions that hold something in one rectangle only: the rest was never looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from segdata.classes import Label
from segdata.evidence.predicted_edges import added

# What is left out by a margin of a few pixels is no crop.
_WHOLE = 0.9


class Crop(NamedTuple):
    """A rectangle, and the one value of all around it; ``size`` is height and width of all."""

    top: int
    left: int
    bottom: int
    right: int
    size: tuple[int, int]
    value: int


@dataclass(frozen=True, slots=True)
class PredictedCrops:
    """Counts over predictions with labels of the same size; those of several are added.

    Args:
        pictures: looked at.
        files: predictions by the rectangle that they are empty around.
        outside: labelled pixels around it.
        missed: of these, those that are of another class than is predicted there.
    """

    pictures: int = 0
    files: Mapping[Crop, int] = field(default_factory=dict)
    outside: Mapping[Crop, int] = field(default_factory=dict)
    missed: Mapping[Crop, int] = field(default_factory=dict)

    def __add__(self, other: PredictedCrops) -> PredictedCrops:
        return PredictedCrops(
            self.pictures + other.pictures,
            added(self.files, other.files),
            added(self.outside, other.outside),
            added(self.missed, other.missed),
        )

    @classmethod
    def of(cls, ids: Label, truth: Label, ignore: int | None) -> PredictedCrops:
        """Compare ``H×W`` of each, of one size."""
        crop = _crop_of(ids)
        if crop is None:
            return cls(1)
        around = np.ones(ids.shape, np.bool_)
        around[crop.top : crop.bottom, crop.left : crop.right] = False
        if ignore is not None:
            around &= truth != ignore
        missed = np.count_nonzero(around & (truth != crop.value))
        return cls(1, {crop: 1}, {crop: int(np.count_nonzero(around))}, {crop: int(missed)})

    @property
    def usual(self) -> Crop | None:
        """The most frequent rectangle."""
        return max(self.files, key=lambda crop: self.files[crop], default=None)


def _crop_of(ids: Label) -> Crop | None:
    """The smallest rectangle around which all is what lies in one of the corners."""
    height, width = ids.shape
    found = None
    least = _WHOLE * ids.size
    for value in {int(ids[row, column]) for row in (0, -1) for column in (0, -1)}:
        others = ids != value
        rows, columns = np.flatnonzero(others.any(axis=1)), np.flatnonzero(others.any(axis=0))
        if not rows.size:
            continue
        (top, bottom), (left, right) = rows[[0, -1]].tolist(), columns[[0, -1]].tolist()
        area = (bottom + 1 - top) * (right + 1 - left)
        if area < least:
            found, least = Crop(top, left, bottom + 1, right + 1, (height, width), value), area
    return found
