"""Shapes that people draw on photos, as pixels; one way for every format that keeps outlines.

A format turns each annotation into a :class:`Shape`, a name and its pixels, and :func:`draw` lays
them over each other. A shape that has no pixels is never dropped silently: it is a :class:`LeftOut`
with its reason. One
that is damaged makes its picture unreadable: the object would be background.

Coordinates are continuous: pixel ``(column, row)`` covers ``[column, column + 1)`` of x and
``[row, row + 1)`` of y, as in COCO and CVAT.
"""

from segdata.sources.shapes import pillow
from segdata.sources.shapes.canvas import Shape, by_area, draw, drawable
from segdata.sources.shapes.curves import ellipse, turned_box
from segdata.sources.shapes.pillow import PILLOW
from segdata.sources.shapes.pixels import Damaged, LeftOut, Pixels, Region, Runs, Size, placed
from segdata.sources.shapes.polygons import RASTERIZER, Points, fill, fill_each, points_of, ring
from segdata.sources.shapes.run_lengths import brush_mask, coco_runs, row_runs

__all__ = [
    "PILLOW",
    "RASTERIZER",
    "Damaged",
    "LeftOut",
    "Pixels",
    "Points",
    "Region",
    "Runs",
    "Shape",
    "Size",
    "brush_mask",
    "by_area",
    "coco_runs",
    "draw",
    "drawable",
    "ellipse",
    "fill",
    "fill_each",
    "pillow",
    "placed",
    "points_of",
    "ring",
    "row_runs",
    "turned_box",
]
