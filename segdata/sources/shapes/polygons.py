"""Polygons as pixels, by COCO's own rasterizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from segdata.sources.shapes.pixels import OUTSIDE, Damaged, LeftOut, Pixels, Region, Runs, Size
from segdata.sources.shapes.run_lengths import counts_of_text

# N×2, float64: x and y.
Points = npt.NDArray[np.float64]

RASTERIZER = f"pycocotools {version('pycocotools')}"

_NO_NUMBERS = "outlines with coordinates that are no numbers"
# pycocotools takes about 100 bytes for each pixel that an outline passes (five steps per pixel,
# five int32 each): 200 MB. The outlines of real photos are far below.
_LONGEST = 2_000_000
# Outlines that leave the picture by a brush stroke are drawn as they are.
_NEAR = 1000.0
# Beyond this many pixels the direction of an edge, all that is left of it, has no meaning.
_FARTHEST = 1e9


def points_of(values: Any) -> Points:
    """Numbers as they stand in a file, ``[x, y, x, y]`` or ``[[x, y], [x, y]]``, as points.

    Raises:
        Damaged: they are no pairs of finite numbers.
    """
    try:
        points = np.asarray(values, dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError, OverflowError):
        raise Damaged(_NO_NUMBERS) from None
    if not np.isfinite(points).all():
        raise Damaged(_NO_NUMBERS)
    return points


def ring(values: Any, size: Size) -> Points:
    """A closed outline that :func:`fill` can draw: finite, in the picture and its surroundings.

    Raises:
        LeftOut: it has fewer than three points or nothing in the picture.
        Damaged: it has no numbers.
    """
    points = outline(values, size)
    extent = np.array([size[1], size[0]])
    if (points.max(axis=0) < 0).any() or (points.min(axis=0) > extent).any():
        raise LeftOut(OUTSIDE)
    if np.abs(points - np.roll(points, 1, axis=0)).max(axis=1).sum() > _LONGEST:
        raise LeftOut("outlines too long to draw")
    return points


def outline(values: Any, size: Size) -> Points:
    """A closed outline, finite and in reach of the picture.

    Points far outside are replaced by where the outline leaves the picture's surroundings, which
    changes no pixel by more than the rasterizer's rounding.

    Raises:
        LeftOut: it has fewer than three points, or lies far outside.
        Damaged: it has no numbers.
    """
    points = points_of(values)
    if len(points) < 3:
        raise LeftOut("outlines of fewer than three points")
    return _in_reach(points, size)


def fill(rings: list[Points], size: Size) -> Pixels:
    """The union of outlines; where one crosses itself, by the even-odd rule.

    An outline too thin to cover the middle of a pixel keeps the pixels it passes through.

    Args:
        rings: as :func:`ring` made them, at least one.
    """
    runs = coco.frPyObjects([points.reshape(-1) for points in rings], *size)
    merged = coco.merge(runs) if len(runs) > 1 else runs[0]
    drawn = Runs(counts_of_text(merged["counts"]), size)
    return drawn if drawn.area else _trace(rings, size)


def fill_each(parts: Iterable[Any], size: Size, left_out: Counter[str]) -> Pixels:
    """The union of those outlines that can be drawn; the others are counted.

    Raises:
        LeftOut: none can.
        Damaged: one of them has no numbers.
    """
    rings, reasons = [], []
    for part in parts:
        try:
            rings.append(ring(part, size))
        except LeftOut as reason:
            reasons.append(str(reason))
    if not rings:
        raise LeftOut(reasons[0] if reasons else "shapes without an outline")
    left_out.update(reasons)
    return fill(rings, size)


def _in_reach(points: Points, size: Size) -> Points:
    """Cut an outline to the surroundings of the picture where it goes far beyond them."""
    extent = np.array([size[1], size[0]], dtype=np.float64)
    near = 2 * extent + _NEAR
    if (points >= -near).all() and (points <= extent + near).all():
        return points
    points = np.clip(points, -_FARTHEST, _FARTHEST)
    for axis in (0, 1):
        for bound, side in ((-extent[axis], -1.0), (2 * extent[axis], 1.0)):
            points = _cut(points, axis, bound, side)
    if len(points) < 3:
        raise LeftOut(OUTSIDE)
    return points


def _cut(points: Points, axis: int, bound: float, side: float) -> Points:
    """The part of an outline on one side of a line (Sutherland and Hodgman 1974)."""
    if not len(points):
        return points
    following = np.roll(points, -1, axis=0)
    inside = side * points[:, axis] <= side * bound
    crosses = inside != np.roll(inside, -1)
    step = following[:, axis] - points[:, axis]
    share = (bound - points[:, axis]) / np.where(crosses, step, 1.0)
    crossing = points + share[:, None] * (following - points)
    both = np.stack([points, crossing], axis=1).reshape(-1, 2)
    kept: Points = both[np.stack([inside, crosses], axis=1).reshape(-1)]
    return kept


def _trace(rings: list[Points], size: Size) -> Region:
    """The pixels that thin outlines pass through, or the nearest ones at the picture's edge."""
    passed = np.concatenate([_passed(points) for points in rings])
    bounds = np.array([size[1], size[0]])
    within = ((passed >= 0) & (passed < bounds)).all(axis=1)
    kept = passed[within] if within.any() else np.clip(passed, 0, bounds - 1)
    left, top = kept.min(axis=0)
    columns, rows = (kept - (left, top)).T
    mask = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1), dtype=np.bool_)
    mask[rows, columns] = True
    return Region(int(top), int(left), mask)


def _passed(points: Points) -> npt.NDArray[np.int64]:
    """N×2: column and row of points along an outline, at most half a pixel apart."""
    steps = np.roll(points, -1, axis=0) - points
    counts = np.ceil(2 * np.abs(steps).max(axis=1)).astype(np.int64) + 1
    edge = np.repeat(np.arange(len(points)), counts)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    along: Points = points[edge] + (nth / counts[edge])[:, None] * steps[edge]
    return np.floor(along).astype(np.int64)
