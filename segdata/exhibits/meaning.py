"""What the numbers of a label mean to the trainer: a class, ignored, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segdata.classes import VOID_COLOR, ClassMap, Color, Label
from segdata.diagnosis import Exhibits
from segdata.exhibits.view import LegendEntry, Pixels
from segdata.facts import count_values

# Colors that a value of no class may get; the one farthest from all colors of classes is taken.
_LOUD: tuple[Color, ...] = (
    (255, 0, 255), (0, 255, 255), (255, 255, 0), (0, 255, 0), (255, 0, 0), (255, 128, 0),
)  # fmt: skip
# Values that a legend lists.
_LISTED = 6


@dataclass(frozen=True)
class Meaning:
    """Classes as training knows them.

    Args:
        num_classes: ids from 0 on that are classes; None where nobody said, and every id is one.
        ignore: the ignore label.
    """

    class_map: ClassMap
    num_classes: int | None
    ignore: int | None

    @classmethod
    def of(cls, exhibits: Exhibits) -> Meaning:
        """As the evidence tells it."""
        labels, known = exhibits.facts.labels, exhibits.class_map
        class_map = known or ClassMap((), labels.ignore if labels else None)
        num_classes = labels.num_classes if labels else known.num_classes if known else None
        return cls(class_map, num_classes, labels.ignore if labels else class_map.ignore)

    def name(self, value: int) -> str:
        if value == self.ignore:
            return "ignored"
        if self._is_none(value):
            return "no class"
        return self.class_map.name(value)

    def color(self, value: int) -> Color:
        if value == self.ignore:
            return VOID_COLOR
        return self._loud if self._is_none(value) else self.class_map.color(value)

    def paint(self, label: Label) -> Pixels:
        """``uint8 or uint16 H×W`` -> ``uint8 H×W×3, RGB``."""
        values, places = np.unique(label, return_inverse=True)
        colors = np.array([self.color(int(value)) for value in values], np.uint8)
        return colors[places.reshape(label.shape)]

    def legend(self, label: Label) -> tuple[LegendEntry, ...]:
        """The values, the most frequent first."""
        counts = sorted(count_values(label).items(), key=lambda item: -item[1])
        return tuple(
            LegendEntry(value, self.color(value), self.name(value), count / label.size)
            for value, count in counts[:_LISTED]
        )

    @cached_property
    def _loud(self) -> Color:
        return loud_color(self.class_map)

    def _is_none(self, value: int) -> bool:
        return self.num_classes is not None and value >= self.num_classes


def loud_color(class_map: ClassMap) -> Color:
    """A color that is no class's: what values of no class are painted with."""
    taken = np.array([class_map.color(c.id) for c in class_map.classes], np.int64).reshape(-1, 3)
    if not len(taken):
        return _LOUD[0]

    def distance(color: Color) -> int:
        return int(((taken - np.array(color)) ** 2).sum(axis=1).min())

    return max(_LOUD, key=distance)
