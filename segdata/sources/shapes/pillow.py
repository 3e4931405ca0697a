"""Shapes as Pillow draws them, which is how LabelMe exports its own.

Coordinates are those of the file: Pillow takes them for pixels, not for places between them, and an
outline's own pixels belong to the shape.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from segdata.sources.shapes.pixels import OUTSIDE, LeftOut, Mask, Region, Size
from segdata.sources.shapes.polygons import Points, outline

PILLOW = f"Pillow {version('pillow')}"

# Pillow steps along every pixel of an outline, inside the picture or not.
_IN_REACH = 100_000.0
_Draw = Callable[[ImageDraw.ImageDraw, list[tuple[float, float]]], Any]


def polygon(points: Points, size: Size, holes: list[Points] | None = None) -> Region:
    """A filled outline and the pixels on it; those in and on holes are taken out again.

    Raises:
        LeftOut: it has fewer than three points or nothing in the picture.
    """
    # Pillow rounds: an outline that ends a little above the picture still draws on its first row.
    corners = outline(points, size)

    def paint(draw: ImageDraw.ImageDraw, xy: list[tuple[float, float]]) -> None:
        draw.polygon(xy, fill=1, outline=1)

    region = _drawn(corners, size, 0, paint)
    for hole in holes or []:
        try:
            inner = polygon(hole, size)
        except LeftOut:
            continue
        region = _without(region, inner)
    return region


def line(points: Points, width: int, size: Size) -> Region:
    """A line through points.

    Raises:
        LeftOut: it has fewer than two points or nothing in the picture.
    """
    if len(points) < 2:
        raise LeftOut("lines of fewer than two points")
    return _drawn(points, size, width, lambda draw, xy: draw.line(xy, fill=1, width=width))


def disk(center: Points, radius: float, size: Size) -> Region:
    """A filled circle and the pixels on it.

    Raises:
        LeftOut: it has nothing in the picture.
    """
    _refuse_far(np.append(center, radius))
    box = np.array([center - radius, center + radius])
    return _drawn(box, size, 0, lambda draw, xy: draw.ellipse(xy, fill=1, outline=1))


def rectangle(points: Points, size: Size) -> Region:
    """A filled box around points, and the pixels on its edge.

    Raises:
        LeftOut: it has fewer than two points or nothing in the picture.
    """
    if len(points) < 2:
        raise LeftOut("boxes of fewer than two points")
    box = np.array([points.min(axis=0), points.max(axis=0)])
    return _drawn(box, size, 0, lambda draw, xy: draw.rectangle(xy, fill=1, outline=1))


def _drawn(points: Points, size: Size, margin: int, paint: _Draw) -> Region:
    """What is drawn of a shape, cut to the window that holds it.

    It is drawn on the whole picture: moved by whole pixels, Pillow's floats round differently.
    """
    _refuse_far(points)
    extent = np.array([size[1], size[0]])
    start = np.clip(np.floor(points.min(axis=0)) - margin - 2, 0, extent).astype(np.int64)
    stop = np.clip(np.ceil(points.max(axis=0)) + margin + 3, 0, extent).astype(np.int64)
    if (stop <= start).any():
        raise LeftOut(OUTSIDE)
    image = Image.new("L", (size[1], size[0]))
    paint(ImageDraw.Draw(image), [(float(x), float(y)) for x, y in points])
    mask: Mask = np.asarray(image.crop((*start.tolist(), *stop.tolist()))) > 0
    if not mask.any():
        raise LeftOut(OUTSIDE)
    return Region(int(start[1]), int(start[0]), mask)


def _refuse_far(values: Points) -> None:
    if not (np.abs(values) <= _IN_REACH).all():
        raise LeftOut("shapes that reach far outside the picture")


def _without(region: Region, hole: Region) -> Region:
    """A region less what another one covers."""
    start = np.maximum((region.top, region.left), (hole.top, hole.left))
    ends = [np.add((r.top, r.left), r.mask.shape) for r in (region, hole)]
    height, width = np.maximum(np.minimum(*ends) - start, 0).tolist()
    mask = region.mask.copy()
    _window(mask, start - (region.top, region.left), (height, width))[
        _window(hole.mask, start - (hole.top, hole.left), (height, width))
    ] = False
    return Region(region.top, region.left, mask)


def _window(mask: Mask, corner: npt.NDArray[Any], size: Size) -> Mask:
    top, left = np.maximum(corner, 0).tolist()
    return mask[top : top + size[0], left : left + size[1]]
