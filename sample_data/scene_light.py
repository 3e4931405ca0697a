"""Weather and daylight of a scene, the sky that goes with it, and the shadows it casts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene_noise import Array, cloudy, mix

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Light:
    """Linear radiances; `sun_direction` points at the sun."""

    kind: str
    sun_direction: Array
    sun: Array
    ambient: Array
    zenith: Array
    horizon: Array
    cloud_cover: float
    cloud_tint: Array
    cloud_seed: tuple[float, float]
    haze: float
    lit_windows: float


# kind: weight, sun altitude (degrees), sun, ambient, zenith, horizon, haze per meter, lit windows
_KINDS: dict[str, tuple[float, tuple[float, float], Color, Color, Color, Color, float, float]] = {
    "sunny": (0.36, (28, 62), (2.6, 2.4, 2.1), (0.55, 0.66, 0.85), (0.30, 0.58, 1.25), (1.15, 1.35, 1.6), 0.0012, 0.0),
    "golden": (0.18, (9, 22), (2.7, 1.75, 0.95), (0.50, 0.55, 0.72), (0.38, 0.58, 1.0), (1.7, 1.35, 0.95), 0.0025, 0.03),
    "overcast": (0.28, (40, 60), (0.12, 0.12, 0.12), (1.05, 1.1, 1.18), (1.25, 1.33, 1.45), (1.75, 1.8, 1.85), 0.0035, 0.03),
    "dusk": (0.12, (2, 6), (0.25, 0.13, 0.08), (0.30, 0.33, 0.48), (0.17, 0.24, 0.50), (0.95, 0.58, 0.45), 0.003, 0.4),
    "misty": (0.06, (30, 50), (0.3, 0.29, 0.26), (1.0, 1.03, 1.06), (1.35, 1.4, 1.45), (1.6, 1.62, 1.62), 0.013, 0.05),
}  # fmt: skip


def sample_light(rng: np.random.Generator) -> Light:
    kinds = list(_KINDS)
    weights = np.array([_KINDS[kind][0] for kind in kinds])
    kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    _, altitudes, sun, ambient, zenith, horizon, haze, lit = _KINDS[kind]
    altitude = math.radians(rng.uniform(*altitudes))
    azimuth = rng.uniform(-math.pi, math.pi)
    direction = np.array(
        [
            math.sin(azimuth) * math.cos(altitude),
            math.sin(altitude),
            math.cos(azimuth) * math.cos(altitude),
        ]
    )
    tint = 1.0 + rng.uniform(-0.1, 0.1, 3)
    covers = {"sunny": (-1.6, 0.6), "golden": (-1.0, 0.8), "dusk": (-1.0, 0.8)}
    low, high = covers.get(kind, (2.0, 3.0))
    warm = np.asarray(sun) * 0.55 + np.asarray(horizon) * 0.35
    return Light(
        kind=kind,
        sun_direction=direction,
        sun=np.asarray(sun) * rng.uniform(0.85, 1.15),
        ambient=np.asarray(ambient) * tint,
        zenith=np.asarray(zenith) * tint * rng.uniform(0.85, 1.15),
        horizon=np.asarray(horizon) * rng.uniform(0.85, 1.1),
        cloud_cover=float(rng.uniform(low, high)),
        cloud_tint=np.minimum(warm + 0.25, 2.2),
        cloud_seed=(float(rng.uniform(0, 512)), float(rng.uniform(0, 512))),
        haze=haze * float(rng.uniform(0.6, 1.6)),
        lit_windows=lit,
    )


def sky(light: Light, rays: Array) -> Array:
    """Radiance of the sky along rays ...×3 (any length)."""
    unit = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    height = np.clip(unit[..., 1], 0.0, 1.0)
    color = mix(light.horizon, light.zenith, np.clip(1.7 * height, 0, 1) ** 0.65)
    reach = 34.0 / (height + 0.13)
    x = unit[..., 0] * reach + light.cloud_seed[0]
    z = unit[..., 2] * reach + light.cloud_seed[1]
    dense = cloudy(x, z) * 0.8 + 0.25 * cloudy(3.1 * x, 3.1 * z)
    if light.kind in ("overcast", "misty"):
        color = color * (1.0 + 0.10 * dense[..., None] * np.clip(4 * height, 0, 1)[..., None])
    else:
        cover = np.clip((dense + light.cloud_cover - 0.3) / 0.9, 0.0, 1.0)
        shade = np.clip(0.85 - 0.22 * cloudy(x + 2.0, z + 3.0), 0.45, 1.15)
        cloud = light.cloud_tint * shade[..., None]
        color = mix(color, cloud, 0.9 * cover * np.clip(6.0 * height + 0.1, 0, 1))
    glow = np.clip(unit @ light.sun_direction, 0.0, 1.0)
    return np.asarray(color + light.sun * (0.25 * glow[..., None] ** 12), np.float64)


def hazed(light: Light, color: Array, distance: Array) -> Array:
    """What is left of a color after `distance` meters of air."""
    return mix(color, light.horizon * 0.8, 1.0 - np.exp(-light.haze * distance))


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


def sunlight(light: Light, occluders: list[Block | Crown], points: Array) -> Array:
    """Share 0..1 of the sun that reaches world points N×3."""
    lit = np.ones(len(points))
    for occluder in occluders:
        if isinstance(occluder, Block):
            hit = _block_hit(occluder, points, light.sun_direction)
        else:
            hit = _crown_hit(occluder, points, light.sun_direction)
        lit = np.minimum(lit, 1.0 - hit)
    return lit
