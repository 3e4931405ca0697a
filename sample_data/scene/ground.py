"""The plan of a scene: which piece of ground is road, pavement or grass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scene.noise import Array, cloudy, line

ROAD, WALK, GRASS = 0, 1, 2


@dataclass(frozen=True)
class Strip:
    """A road (or a footpath) along a parabola; s runs along it, d across it (right is positive)."""

    x: float
    z: float
    heading: float
    bend: float  # 1/m: curvature at s = 0
    half_width: float
    walk: float  # width of the pavement on both sides
    start: float
    end: float
    footpath: bool = False
    dashes: bool = True
    edge_lines: bool = False
    zebras: tuple[float, ...] = ()  # where pedestrians cross, in s

    def local(self, x: Array, z: Array) -> tuple[Array, Array]:
        """World to (s, d); d is exact at the middle line and good enough beside it."""
        sh, ch = math.sin(self.heading), math.cos(self.heading)
        dx, dz = x - self.x, z - self.z
        s = dx * sh + dz * ch
        d = dx * ch - dz * sh
        slope = self.bend * s
        return s, (d - 0.5 * slope * s) / np.sqrt(1.0 + slope * slope)

    def point(self, s: float, d: float) -> tuple[float, float]:
        """(s, d) to world (x, z)."""
        turn = math.atan(self.bend * s)
        along = s - d * math.sin(turn)
        across = 0.5 * self.bend * s * s + d * math.cos(turn)
        sh, ch = math.sin(self.heading), math.cos(self.heading)
        return self.x + along * sh + across * ch, self.z + along * ch - across * sh

    def direction(self, s: float) -> float:
        return self.heading + math.atan(self.bend * s)

    def inside(self, s: Array, d: Array, margin: float) -> npt.NDArray[np.bool_]:
        reach = (s > self.start - margin) & (s < self.end + margin)
        return reach & (np.abs(d) < self.half_width + margin)

    def marks(self, s: Array, d: Array, footprint: Array) -> Array:
        """Coverage 0..1 by this road's paint."""
        marks = np.zeros(len(s))
        if self.dashes:
            marks = line(np.abs(d), 0.1, footprint) * (np.mod(s, 6.0) < 3.0)
        if self.edge_lines:
            side = line(np.abs(np.abs(d) - self.half_width + 0.45), 0.09, footprint)
            marks = np.maximum(marks, side)
        for place in self.zebras:
            near = np.abs(s - place)
            bars = line(np.abs(np.mod(d + 0.5, 1.0) - 0.5), 0.25, footprint) * (near < 1.6)
            marks = np.where(near < 1.9, bars, marks)
            marks = np.maximum(marks, line(np.abs(near - 2.8), 0.18, footprint) * (d > 0))
        return marks


@dataclass(frozen=True)
class Ground:
    """Strips on a base that may differ left and right of the first strip."""

    strips: tuple[Strip, ...]
    left: int
    right: int

    def kinds(self, x: Array, z: Array) -> npt.NDArray[np.int64]:
        """ROAD, WALK or GRASS at world points; roads win over pavements, those over the base."""
        s, d = self.strips[0].local(x, z)
        frayed = d + 0.12 * cloudy(x * 9, z * 9)
        kind = np.where(frayed < 0, self.left, self.right).astype(np.int64)
        for strip in self.strips:
            s, d = strip.local(x, z)
            kind[strip.inside(s, d, strip.walk)] = WALK
        for strip in self.strips:
            if not strip.footpath:
                s, d = strip.local(x, z)
                kind[strip.inside(s, d, 0.0)] = ROAD
        return kind

    def is_clear(self, x: Array, z: Array, margin: float) -> bool:
        """Whether points keep off every strip and its pavement."""
        for strip in self.strips:
            s, d = strip.local(x, z)
            if strip.inside(s, d, strip.walk + margin).any():
                return False
        return True

    def across_road(self, x: Array, z: Array) -> tuple[Array, Array]:
        """Per point d and half width of the road it lies on."""
        _, across = self.strips[0].local(x, z)
        half = np.full_like(across, self.strips[0].half_width)
        for strip in self.strips[1:]:
            if not strip.footpath:
                s, d = strip.local(x, z)
                here = strip.inside(s, d, 0.0)
                across = np.where(here, d, across)
                half = np.where(here, strip.half_width, half)
        return across, half

    def paint(self, x: Array, z: Array, footprint: Array) -> Array:
        """Coverage 0..1 by lane marks and zebra crossings; none where two roads cross."""
        crossings = np.zeros(len(x), np.int64)
        total = np.zeros(len(x))
        for strip in self.strips:
            if strip.footpath:
                continue
            s, d = strip.local(x, z)
            here = strip.inside(s, d, 0.0)
            crossings += here
            total = np.where(here, np.maximum(total, strip.marks(s, d, footprint)), total)
        return total * (crossings < 2)

    def slab_axes(self, x: Array, z: Array) -> tuple[Array, Array]:
        """Coordinates that follow the first strip, for laying slabs."""
        return self.strips[0].local(x, z)

    def kerb(self, x: Array, z: Array) -> Array:
        """Distance to the nearest road's edge."""
        nearest = np.full(len(x), np.inf)
        for strip in self.strips:
            if not strip.footpath:
                s, d = strip.local(x, z)
                over = np.maximum(np.maximum(strip.start - s, s - strip.end), 0.0)
                aside = np.maximum(np.abs(d) - strip.half_width, 0.0)
                nearest = np.minimum(nearest, aside + over)
        return nearest
