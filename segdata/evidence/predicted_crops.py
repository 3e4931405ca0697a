"""Predictions that end before their picture does: the rest was never looked at."""

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
    """The rows and columns from the upper left that hold something, of ``size`` (height, width);
    below and to the right of them all is ``value``."""

    rows: int
    columns: int
    size: tuple[int, int]
    value: int


@dataclass(frozen=True, slots=True)
class PredictedCrops:
    """Counts over predictions with labels of the same size; those of several are added.

    Args:
        pictures: looked at, but for constant ones.
        files: predictions by where they end.
        outside: labelled pixels behind that.
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
        if ids.min() == ids.max():
            return cls()
        crop = _crop_of(ids)
        if crop is None:
            return cls(1)
        around = np.ones(ids.shape, np.bool_)
        around[: crop.rows, : crop.columns] = False
        if ignore is not None:
            around &= truth != ignore
        missed = np.count_nonzero(around & (truth != crop.value))
        return cls(1, {crop: 1}, {crop: int(np.count_nonzero(around))}, {crop: int(missed)})

    @property
    def usual(self) -> Crop | None:
        """Where most of them end."""
        return max(self.files, key=lambda crop: self.files[crop], default=None)


def _crop_of(ids: Label) -> Crop | None:
    """What lies in the lower right corner, and how far it reaches."""
    value = int(ids[-1, -1])
    others = ids != value
    rows, columns = np.flatnonzero(others.any(axis=1)), np.flatnonzero(others.any(axis=0))
    bottom, right = int(rows[-1]) + 1, int(columns[-1]) + 1
    whole = bottom * right > _WHOLE * ids.size
    return None if whole else Crop(bottom, right, (ids.shape[0], ids.shape[1]), value)
