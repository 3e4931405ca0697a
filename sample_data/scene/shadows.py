"""What stands between the sun, the sky and a point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene.light import Light
from scene.noise import Array, cloudy


@dataclass(frozen=True)
class Block:
    """An upright box that casts a shadow: middle (x, z), heading, half sizes, height, lift."""

    x: float
    z: float
    heading: float
    half_along: float
    half_across: float
    top: float
    bottom: float = 0.0


@dataclass(frozen=True)
class Crown:
    """An ellipsoid of leaves that casts a dappled shadow."""

    x: float
    y: float
    z: float
    radius: float
    half_height: float


Occluder = Block | Crown


def _block_hit(block: Block, points: Array, sun: Array) -> Array:
    """1 where the way from a point to the sun meets the box (slab test)."""
    sh, ch = math.sin(block.heading), math.cos(block.heading)
    dx, dz = points[:, 0] - block.x, points[:, 2] - block.z
    starts = (dx * sh + dz * ch, dx * ch - dz * sh, points[:, 1] - block.bottom)
    way = (sun[0] * sh + sun[2] * ch, sun[0] * ch - sun[2] * sh, sun[1])
    lows = (-block.half_along, -block.half_across, 0.0)
    highs = (block.half_along, block.half_across, block.top - block.bottom)
    enter = np.full(len(points), 0.02)
    leave = np.full(len(points), np.inf)
    for start, step, low, high in zip(starts, way, lows, highs, strict=True):
        step = step if abs(step) > 1e-9 else 1e-9
        first, second = (low - start) / step, (high - start) / step
        enter = np.maximum(enter, np.minimum(first, second))
        leave = np.minimum(leave, np.maximum(first, second))
    return (enter < leave).astype(np.float64)


def _crown_hit(crown: Crown, points: Array, sun: Array) -> Array:
    scale = np.array([1.0 / crown.radius, 1.0 / crown.half_height, 1.0 / crown.radius])
    start = (points - np.array([crown.x, crown.y, crown.z])) * scale
    way = sun * scale
    a = float(way @ way)
    b = start @ way
    nearest = (start * start).sum(axis=1) - b * b / a
    dapple = 0.35 * cloudy(points[:, 0] * 9.0, points[:, 2] * 9.0 + points[:, 1] * 7.0)
    ahead = -b / a > 0.0
    return np.clip((1.0 + dapple - nearest) * 2.0, 0.0, 0.92) * ahead


def openness(occluders: list[Occluder], x: Array, z: Array) -> Array:
    """Share of the sky's light that reaches the ground: less beside and under things."""
    open_share = np.ones(len(x))
    for occluder in occluders:
        if isinstance(occluder, Block):
            sh, ch = math.sin(occluder.heading), math.cos(occluder.heading)
            dx, dz = x - occluder.x, z - occluder.z
            along = np.abs(dx * sh + dz * ch) - occluder.half_along
            across = np.abs(dx * ch - dz * sh) - occluder.half_across
            away = np.hypot(np.maximum(along, 0.0), np.maximum(across, 0.0))
            reach, strength = 0.12 + 0.2 * min(occluder.top, 4.0), 0.55
            if occluder.bottom > 0:
                strength = 0.72
        else:
            away = np.hypot(x - occluder.x, z - occluder.z) / occluder.radius
            reach, strength = 0.8, 0.35
        open_share *= 1.0 - strength * np.exp(-away / reach)
    return open_share


def sunlight(light: Light, occluders: list[Occluder], points: Array) -> Array:
    """Share 0..1 of the sun that reaches world points N×3."""
    lit = np.ones(len(points))
    for occluder in occluders:
        if isinstance(occluder, Block):
            hit = _block_hit(occluder, points, light.sun_direction)
        else:
            hit = _crown_hit(occluder, points, light.sun_direction)
        lit = np.minimum(lit, 1.0 - hit)
    return lit
