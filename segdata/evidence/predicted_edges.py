"""Shapes in predictions: ribbons, single pixels, stripes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np

from segdata.classes import Label
from segdata.facts import count_values
from segdata.facts.ribbons import Meetings, meet

Key = TypeVar("Key")

_NEIGHBORS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class PredictedEdges:
    """Counts over predictions; those of several are added.

    Args:
        pictures: looked at.
        meetings: how values meet.
        pixels: of each value.
        clean: of each value those whose eight neighbors are like them.
        lonely: of each value those that none of the four neighbors is like.
        across, down: neighbors in rows, in columns, that are equal.
        rows, columns: all such neighbors.
    """

    pictures: int = 0
    meetings: Meetings = field(default_factory=Meetings)
    pixels: Mapping[int, int] = field(default_factory=dict)
    clean: Mapping[int, int] = field(default_factory=dict)
    lonely: Mapping[int, int] = field(default_factory=dict)
    across: int = 0
    down: int = 0
    rows: int = 0
    columns: int = 0

    def __add__(self, other: PredictedEdges) -> PredictedEdges:
        return PredictedEdges(
            self.pictures + other.pictures,
            self.meetings + other.meetings,
            added(self.pixels, other.pixels),
            added(self.clean, other.clean),
            added(self.lonely, other.lonely),
            self.across + other.across,
            self.down + other.down,
            self.rows + other.rows,
            self.columns + other.columns,
        )

    @classmethod
    def of(cls, label: Label) -> PredictedEdges:
        """Look at ``uint8 or uint16 H×W``."""
        beside = label[:, 1:] == label[:, :-1]
        below = label[1:] == label[:-1]
        liked = np.zeros(label.shape, np.bool_)
        liked[:, 1:] |= beside
        liked[:, :-1] |= beside
        liked[1:] |= below
        liked[:-1] |= below
        same = cv2.erode(label, _NEIGHBORS) == cv2.dilate(label, _NEIGHBORS)
        return cls(
            1,
            meet(label),
            count_values(label),
            count_values(label, same),
            count_values(label, ~liked),
            int(np.count_nonzero(beside)),
            int(np.count_nonzero(below)),
            beside.size,
            below.size,
        )

    @property
    def equal_across(self) -> float:
        """Share of neighbors in rows that are equal."""
        return self.across / max(1, self.rows)

    @property
    def equal_down(self) -> float:
        """Share of neighbors in columns that are equal."""
        return self.down / max(1, self.columns)


def added(one: Mapping[Key, int], other: Mapping[Key, int]) -> dict[Key, int]:
    """The sums of two tables of counts."""
    total = Counter(one)
    total.update(other)
    return dict(total)
