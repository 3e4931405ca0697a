"""Ellipses and turned boxes."""

from __future__ import annotations

import math

import numpy as np

from segdata.sources.shapes.pixels import OUTSIDE, LeftOut, Region, Size
from segdata.sources.shapes.polygons import Points, points_of


def ellipse(center: Points, radii: Points, degrees: float, size: Size) -> Region:
    """Pixels whose middle lies in an ellipse; at least the one that holds its center.

    Args:
        center: ``float64 2``, x and y.
        radii: ``float64 2``, along x and y before it is turned.
        degrees: clockwise, about the center.

    Raises:
        LeftOut: it has no extent or nothing in the picture.
        Damaged: it has no numbers.
    """
    # Numbers of any size are let through by points_of; their squares must be finite, too.
    values = np.concatenate([points_of(center)[0], points_of(radii)[0], [degrees]])
    if not (np.abs(values) < 1e9).all():
        raise LeftOut("ellipses without an extent")
    if (values[2:4] <= 0).any():
        raise LeftOut("ellipses without an extent")
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    reach = np.hypot(radii * cosine, radii[::-1] * sine)
    extent = np.array([size[1], size[0]])
    start = np.clip(np.floor(center - reach), 0, extent).astype(np.int64)
    stop = np.clip(np.ceil(center + reach), 0, extent).astype(np.int64)
    if (stop <= start).any():
        raise LeftOut(OUTSIDE)
    x = np.arange(start[0], stop[0])[None, :] + 0.5 - center[0]
    y = np.arange(start[1], stop[1])[:, None] + 0.5 - center[1]
    along, across = x * cosine + y * sine, y * cosine - x * sine
    mask = (along / radii[0]) ** 2 + (across / radii[1]) ** 2 <= 1
    if not mask.any():
        nearest = np.clip(np.floor(center).astype(np.int64), start, stop - 1) - start
        mask[nearest[1], nearest[0]] = True
    return Region(int(start[1]), int(start[0]), mask)


def turned_box(corner: Points, opposite: Points, pivot: Points, degrees: float) -> Points:
    """The four corners of a box that is turned clockwise about a point."""
    (left, top), (right, bottom) = corner, opposite
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    if not math.isfinite(degrees) or degrees == 0:
        return corners
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned: Points = pivot + (corners - pivot) @ np.array([[cosine, sine], [-sine, cosine]])
    return turned
