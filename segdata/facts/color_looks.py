"""How the colors lie in one mask that no class has, and which class each is nearest to.

Limits were measured on 36 CamVid masks that were blurred, smoothed, resized, or stored as JPEG of
quality 90 and 50 (no area seen), and with classes missing and void borders drawn (all seen).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Color, Label

Rows = npt.NDArray[np.int64]

# A color this near to that of a class is a shade of it: JPEG moves whole areas by less.
SHADE = 12.0
# A color fills an area where this many pixels have eight neighbors of exactly the same color ...
_SOLID = 16
# ... or, drawn as a line, where it makes up this share of the unknown pixels of a mask, and this
# many.
_STANDS_OUT, _LINE = 0.1, 32
# A color this near to the straight line between two classes beside it is a blend of them.
_BLEND = 24.0
# A pixel is at an edge where two classes are within so many pixels, for blurs are that wide; it can
# be a blend of two that are within so many.
_EDGE_REACH, _BLEND_REACH = 4, 2
# Of a mask most pixels equal the one beside them, even after JPEG of quality 50 (63 to 98 % in the
# CamVid masks); of the photos of CamVid and of the samples at most 44 % do.
_LEAST_FLAT = 0.55
# Ids of no class: a pixel of unknown color, and one inside an area of an unknown color.
_NOTHING, _SOME_AREA = 65535, 65534
_PACKING = np.array([1, 1 << 8, 1 << 16], dtype=np.uint32)
# Colors compared with all classes at once.
_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class ColorRows:
    """Unknown colors of one mask, one row each, in order of ``packed``.

    Args:
        packed: ``r + 256 g + 65536 b``.
        pixels: how many have the color.
        first: the first pixel's index in the flattened mask.
        boxes: N×4, left, top, right, bottom, all inclusive.
        edge: pixels near a place where classes meet.
        area: the color fills areas here.
        distance: to the nearest class.
        width: of the mask.
    """

    packed: npt.NDArray[np.uint32]
    pixels: Rows
    first: Rows
    boxes: npt.NDArray[np.int32]
    edge: Rows
    area: npt.NDArray[np.bool_]
    distance: npt.NDArray[np.float32]
    width: int


@dataclass(frozen=True, eq=False)
class ColorLook:
    """The unknown colors of one mask, and where they are.

    Args:
        rows: what is known of each color; light enough to travel between processes.
        where: flat indices of the unknown pixels, ascending.
        row_of: the row of each of these pixels.
        nearest: for each row the id of the nearest class.
    """

    rows: ColorRows
    where: Rows
    row_of: Rows
    nearest: npt.NDArray[np.uint16]


def look_at_colors(
    rgb: npt.NDArray[np.uint8], label: Label, unknown: npt.NDArray[np.uint32], class_map: ClassMap
) -> ColorLook:
    """Count, locate and judge the colors of one mask that no class has.

    Args:
        rgb: ``uint8 H×W×3, RGB``: the mask.
        label: ``uint8 or uint16 H×W, class ids``, as read from it.
        unknown: the colors that no class has, packed.
        class_map: the classes, some of them with colors.
    """
    packed = pack(rgb)
    maybe = np.flatnonzero(label == class_map.no_class)
    where = maybe[np.isin(packed.ravel()[maybe], unknown)]
    colors, first, row_of, pixels = np.unique(
        packed.ravel()[where], return_index=True, return_inverse=True, return_counts=True
    )
    nearest, distance = nearest_classes(colors, class_map)
    solid = _solid(packed).ravel()[where]
    known = _known(label, where, np.where(distance <= SHADE, nearest, _NOTHING)[row_of])
    known.ravel()[where[solid & (distance > SHADE)[row_of]]] = _SOME_AREA
    low, high = _classes_around(known, _EDGE_REACH)
    rows = ColorRows(
        packed=colors,
        pixels=pixels,
        first=where[first],
        boxes=_boxes(where, row_of, len(colors), rgb.shape[1]),
        edge=_summed((low < high).ravel()[where], row_of, len(colors)),
        area=(_summed(solid, row_of, len(colors)) >= _SOLID) & (distance > SHADE),
        distance=distance,
        width=rgb.shape[1],
    )
    _find_lines(rows, where, row_of, known, class_map)
    return ColorLook(rows, where, row_of, nearest)


def rows_of(rgb: npt.NDArray[np.uint8]) -> ColorRows:
    """Count and locate all colors of a mask whose classes are not known.

    Distances are infinite, and nothing is at an edge; areas are told by their solid pixels alone.
    """
    packed = pack(rgb)
    colors, first, row_of, pixels = np.unique(
        packed.ravel(), return_index=True, return_inverse=True, return_counts=True
    )
    where = np.arange(packed.size)
    return ColorRows(
        packed=colors,
        pixels=pixels,
        first=first,
        boxes=_boxes(where, row_of, len(colors), rgb.shape[1]),
        edge=np.zeros(len(colors), dtype=np.int64),
        area=_summed(_solid(packed).ravel(), row_of, len(colors)) >= _SOLID,
        distance=np.full(len(colors), np.inf, dtype=np.float32),
        width=rgb.shape[1],
    )


def is_flat(rgb: npt.NDArray[np.uint8]) -> bool:
    """Whether a picture may be a mask: a photo's pixels differ from those beside them."""
    if rgb.shape[1] < 2:
        return True
    return bool((rgb[:, 1:] == rgb[:, :-1]).all(axis=2).mean() >= _LEAST_FLAT)


def pack(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """``uint8 …×3, RGB`` -> one number each, ``r + 256 g + 65536 b``."""
    packed: npt.NDArray[np.uint32] = rgb.astype(np.uint32) @ _PACKING
    return packed


def unpack(packed: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """The inverse of :func:`pack`: ``uint8 …×3, RGB``."""
    return np.stack([packed & 255, packed >> 8 & 255, packed >> 16], axis=-1).astype(np.uint8)


def nearest_classes(
    colors: npt.NDArray[np.uint32], class_map: ClassMap
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.float32]]:
    """For each packed color the id of the class with the nearest color, and the distance to it.

    Of two that are equally near the one with the smaller id is taken.
    """
    ids, table = _palette(class_map)
    nearest = np.empty(len(colors), dtype=np.uint16)
    distance = np.empty(len(colors), dtype=np.float32)
    for start in range(0, len(colors), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        rgb = unpack(colors[part]).astype(np.float32)
        # |a - b|² = |a|² - 2ab + |b|²; exact, for all are whole numbers below 2^24.
        squares = (rgb**2).sum(1)[:, None] - 2 * rgb @ table.T + (table**2).sum(1)
        best = squares.argmin(1)
        nearest[part] = ids[best]
        distance[part] = np.sqrt(squares[np.arange(len(best)), best])
    return nearest, distance


def is_thin(label: Label, class_id: int) -> bool:
    """Whether a class is nowhere three pixels wide."""
    own = (label == class_id).astype(np.uint8)
    window = np.ones((3, 3), dtype=np.uint8)
    return not cv2.erode(own, window, borderType=cv2.BORDER_CONSTANT, borderValue=0).any()


def distance_of(one: Color, other: Color) -> float:
    """Euclidean in RGB, 0 to 442."""
    return float(np.linalg.norm(np.subtract(one, other)))


@lru_cache(maxsize=4)
def _palette(class_map: ClassMap) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.float32]]:
    colored = [c for c in class_map.classes if c.color is not None]
    ids = np.array([c.id for c in colored], dtype=np.uint16)
    return ids, np.array([c.color for c in colored], dtype=np.float32).reshape(-1, 3)


def _known(label: Label, where: Rows, ids: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """The label with other ids at some places."""
    known = label.astype(np.uint16)
    known.ravel()[where] = ids
    return known


def _classes_around(
    known: npt.NDArray[np.uint16], reach: int
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Smallest and largest id within so many pixels; where there is none, the first is larger."""
    window = np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8)
    low = cv2.erode(known, window)
    high = cv2.dilate(np.where(known == _NOTHING, 0, known).astype(np.uint16), window)
    return np.asarray(low, dtype=np.uint16), np.asarray(high, dtype=np.uint16)


def _summed(flags: npt.NDArray[np.bool_], row_of: Rows, count: int) -> Rows:
    return np.bincount(row_of[flags], minlength=count).astype(np.int64)


def _boxes(where: Rows, row_of: Rows, count: int, width: int) -> npt.NDArray[np.int32]:
    ys, xs = np.divmod(where, width)
    boxes = np.empty((count, 4), dtype=np.int32)
    boxes[:, :2] = np.iinfo(np.int32).max
    boxes[:, 2:] = -1
    for column, values, better in ((0, xs, np.minimum), (1, ys, np.minimum),
                                   (2, xs, np.maximum), (3, ys, np.maximum)):  # fmt: skip
        better.at(boxes[:, column], row_of, values.astype(np.int32))
    return boxes


def _solid(packed: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Pixels whose eight neighbors have the same color."""
    exact = packed.astype(np.float32)  # holds every number below 2^24
    window = np.ones((3, 3), dtype=np.uint8)
    return np.asarray(cv2.erode(exact, window) == cv2.dilate(exact, window))


def _find_lines(
    rows: ColorRows, where: Rows, row_of: Rows, known: npt.NDArray[np.uint16], class_map: ClassMap
) -> None:
    """Mark colors as areas that are drawn as lines and mix no two classes beside them."""
    most = max(_LINE, _STANDS_OUT * len(where))
    lines = np.flatnonzero((rows.pixels >= most) & (rows.distance > SHADE) & ~rows.area)
    if not len(lines):
        return
    known = np.where(known == _SOME_AREA, _NOTHING, known).astype(np.uint16)
    low, high = _classes_around(known, _BLEND_REACH)
    for row in lines:
        spots = where[row_of == row]
        one, other = low.ravel()[spots], high.ravel()[spots]
        pairs, counts = np.unique(
            np.stack([one, other])[:, one < other], axis=1, return_counts=True
        )
        rgb = unpack(rows.packed[row : row + 1])[0]
        blended = sum(
            int(count)
            for (a, b), count in zip(pairs.T, counts, strict=True)
            if is_between(rgb, class_map.color(int(a)), class_map.color(int(b)))
        )
        rows.area[row] = 2 * blended < len(spots)


def is_between(rgb: npt.NDArray[np.uint8], one: Color, other: Color) -> bool:
    """Whether a color lies near the straight line between two others."""
    point, start = rgb.astype(np.float64), np.array(one, dtype=np.float64)
    step = np.array(other, dtype=np.float64) - start
    along = np.clip(((point - start) @ step) / max(1.0, float(step @ step)), 0, 1)
    return bool(np.linalg.norm(point - start - along * step) <= _BLEND)
