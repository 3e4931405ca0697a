"""Shapes laid over each other, and what lies on top as class ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from segdata.classes import ClassMap, Label
from segdata.images import Unreadable
from segdata.sources import Reading
from segdata.sources.names import BACKGROUND, ids_by_name, plain
from segdata.sources.shapes.pixels import Damaged, LeftOut, Pixels, Size

Entry = TypeVar("Entry")

# Damaged shapes of a picture that are named; the rest is counted.
_NAMED = 5
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


def drawable(
    picture: str,
    entries: Iterable[tuple[str, Entry]],
    shape_of: Callable[[Entry], Shape],
    left_out: Counter[str],
) -> Iterator[Shape]:
    """The shapes of a picture one by one; those that have no pixels are counted.

    Args:
        picture: name of the photo.
        entries: what to call an annotation (``annotation 17``), and the annotation.
        shape_of: raises ``LeftOut`` and ``Damaged``.

    Raises:
        Unreadable: when all were made: some are damaged, and which; at once: one is of another
            picture.
    """
    damaged: list[str] = []
    for name, entry in entries:
        try:
            yield shape_of(entry)
        except LeftOut as reason:
            left_out[str(reason)] += 1
        except Damaged as reason:
            damaged.append(f"{name}: {reason}")
        except Unreadable as error:
            raise Unreadable(f"{picture}: {name}: {error.message}", error.remedy) from None
    if damaged:
        more = f" and {len(damaged) - _NAMED} more" if len(damaged) > _NAMED else ""
        raise Unreadable(
            f"{picture}: {'; '.join(damaged[:_NAMED])}{more}",
            "draw what is named again or delete it in the labelling program, and export again",
        )


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
