"""Geometry of the chain; the template draws it as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segdata.chain import Link
from segdata.reports.charts import label_room

# Pixels: of a drawing on a wide page and on a phone, of a box, and of the arrow between two.
WIDE, NARROW = 1120.0, 340.0
_HEIGHT, _ROW, _PAD, _ARROW, _FONT = 34.0, 58.0, 12.0, 22.0, 13.0


@dataclass(frozen=True)
class Box:
    """One link.

    Args:
        state: ``after`` what is broken nothing is trusted before that is mended.
        arrow: whether one leads on to the next box of the row.
    """

    text: str
    x: float
    y: float
    width: float
    state: Literal["before", "broken", "after"]
    arrow: bool


@dataclass(frozen=True)
class ChainChart:
    width: float
    height: float
    box_height: float
    boxes: tuple[Box, ...]


def chain_chart(broken: Link | None, width: float) -> ChainChart:
    """All links from left to right, in as many rows as the width takes."""
    order = list(Link)
    at = len(order) if broken is None else order.index(broken)
    boxes: list[Box] = []
    x = y = 0.0
    for number, link in enumerate(order):
        box = label_room([link.label], _FONT) + 2 * _PAD
        last = number == len(order) - 1
        if x + box + (0.0 if last else _ARROW) > width:
            x, y = 0.0, y + _ROW
        state: Literal["before", "broken", "after"] = "before" if number < at else "after"
        boxes.append(Box(link.label, x, y, box, "broken" if link is broken else state, not last))
        x += box + _ARROW
    right = max(box.x + box.width for box in boxes) + _ARROW
    return ChainChart(min(width, right) + 1, y + _ROW, _HEIGHT, tuple(boxes))
