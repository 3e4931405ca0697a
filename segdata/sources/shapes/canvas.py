"""Shapes laid over each other, and what lies on top as class ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from segdata.classes import ClassMap, Label
from segdata.images import Unreadable
from segdata.sources import Reading
from segdata.sources.names import BACKGROUND, ids_by_name, plain
from segdata.sources.shapes.pixels import Pixels, Size

_MOST_NAMES = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class Shape:
    """A shape with pixels.

    Args:
        name: of its class; None takes no part in training, like COCO's crowds.
        pixels: what it covers.
    """

    name: str | None
    pixels: Pixels


def by_area(shapes: Iterable[Shape]) -> list[Shape]:
    """Larger ones first, so that small ones stay visible; equal ones in their order."""
    return sorted(shapes, key=lambda shape: -shape.pixels.area)


def draw(
    shapes: Iterable[Shape], size: Size, class_map: ClassMap, left_out: Mapping[str, int]
) -> Reading:
    """Lay shapes over each other, later ones above, and read the ids of what is on top.

    Pixels under no shape are background. Names that the classes lack are counted, as background is
    if the classes lack it; their pixels are of no class.

    Args:
        shapes: drawn one by one as they come.
        size: of the picture.
        left_out: read when all shapes are drawn: what could not be drawn, and how often.

    Raises:
        Unreadable: more names than a picture can hold.
    """
    canvas = np.zeros(size, dtype=np.uint16)
    slots: dict[str | None, int] = {BACKGROUND: 0}
    for shape in shapes:
        slot = slots.setdefault(plain(shape.name), len(slots))
        if slot > _MOST_NAMES:
            raise Unreadable(f"more than {_MOST_NAMES} names of classes in one picture")
        region = shape.pixels.region()
        height, width = region.mask.shape
        window = canvas[region.top : region.top + height, region.left : region.left + width]
        np.copyto(window, np.uint16(slot), where=region.mask)
    label, unlisted = _ids(canvas, slots, class_map)
    return Reading(label, unlisted=unlisted, left_out=dict(left_out))


def _ids(
    canvas: Label, slots: Mapping[str | None, int], class_map: ClassMap
) -> tuple[Label, dict[str, int]]:
    known = ids_by_name(class_map)
    ids = [known.get(name, class_map.no_class) for name in slots]
    wide = class_map.dtype is np.uint16 or max(ids) > np.iinfo(np.uint8).max
    table = np.array(ids, dtype=np.uint16 if wide else np.uint8)
    label = np.take(table, canvas)
    foreign = {name: slot for name, slot in slots.items() if name and name not in known}
    if not foreign:
        return label, {}
    counts = np.bincount(canvas.reshape(-1), minlength=len(slots))
    return label, {name: int(counts[slot]) for name, slot in foreign.items() if counts[slot]}
