"""Weather and daylight of a scene, and the sky that goes with it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene.noise import Array, cloudy, mix

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


@dataclass(frozen=True)
class _Weather:
    """Means of one kind of light; the sun's altitude in degrees, haze per meter."""

    weight: float
    altitude: tuple[float, float]
    sun: Color
    ambient: Color
    zenith: Color
    horizon: Color
    haze: float
    clouds: tuple[float, float]
    lit_windows: float = 0.0


_WEATHER = {
    "sunny": _Weather(
        weight=0.45,
        altitude=(30, 62),
        sun=(1.85, 1.75, 1.58),
        ambient=(0.84, 0.95, 1.10),
        zenith=(0.34, 0.80, 1.95),
        horizon=(1.55, 1.98, 2.50),
        haze=0.0007,
        clouds=(-1.4, 1.1),
    ),
    "golden": _Weather(
        weight=0.18,
        altitude=(18, 30),
        sun=(2.2, 1.78, 1.25),
        ambient=(0.82, 0.87, 0.97),
        zenith=(0.50, 0.92, 1.75),
        horizon=(2.10, 2.00, 1.95),
        haze=0.0009,
        clouds=(-1.4, 0.7),
        lit_windows=0.03,
    ),
    "evening": _Weather(
        weight=0.10,
        altitude=(12, 18),
        sun=(2.1, 1.45, 0.90),
        ambient=(0.72, 0.72, 0.86),
        zenith=(0.42, 0.55, 1.05),
        horizon=(2.15, 1.35, 0.90),
        haze=0.0010,
        clouds=(-1.0, 0.8),
        lit_windows=0.18,
    ),
    "overcast": _Weather(
        weight=0.27,
        altitude=(40, 60),
        sun=(0.28, 0.28, 0.27),
        ambient=(1.14, 1.2, 1.26),
        zenith=(1.30, 1.48, 1.72),
        horizon=(1.95, 2.06, 2.18),
        haze=0.0011,
        clouds=(2.0, 3.0),
        lit_windows=0.04,
    ),
}


def _direction(azimuth: float, altitude: float) -> Array:
    flat = math.cos(altitude)
    return np.array([math.sin(azimuth) * flat, math.sin(altitude), math.cos(azimuth) * flat])


def sample_light(rng: np.random.Generator) -> Light:
    weights = np.array([weather.weight for weather in _WEATHER.values()])
    kind = list(_WEATHER)[int(rng.choice(len(_WEATHER), p=weights / weights.sum()))]
    weather = _WEATHER[kind]
    altitude = math.radians(rng.uniform(*weather.altitude))
    tint = 1.0 + rng.uniform(-0.06, 0.06, 3)
    warm = np.array(weather.sun) * 0.55 + np.array(weather.horizon) * 0.35
    return Light(
        kind=kind,
        sun_direction=_direction(float(rng.uniform(-math.pi, math.pi)), altitude),
        sun=np.array(weather.sun) * rng.uniform(0.9, 1.1),
        ambient=np.array(weather.ambient) * tint,
        zenith=np.array(weather.zenith) * tint * rng.uniform(0.8, 1.2),
        horizon=np.array(weather.horizon) * rng.uniform(0.88, 1.08),
        cloud_cover=float(rng.uniform(*weather.clouds)),
        cloud_tint=np.clip(warm + 0.5, 1.5, 2.6),
        cloud_seed=(float(rng.uniform(0, 512)), float(rng.uniform(0, 512))),
        haze=weather.haze * float(rng.uniform(0.6, 1.6)),
        lit_windows=weather.lit_windows,
    )


def incident(light: Light) -> float:
    """Brightness of a white floor in the open, as a hand-held light meter reads it."""
    lit = light.sun * max(float(light.sun_direction[1]), 0.0) + light.ambient
    return float(lit @ np.array([0.2126, 0.7152, 0.0722]))


def sky(light: Light, rays: Array) -> Array:
    """Radiance of the sky along rays ...×3 (any length)."""
    unit = rays / np.linalg.norm(rays, axis=-1, keepdims=True)
    height = np.clip(unit[..., 1], 0.0, 1.0)
    color = mix(light.horizon, light.zenith, np.clip(1.7 * height, 0, 1) ** 0.65)
    reach = 34.0 / (height + 0.13)
    x = unit[..., 0] * reach + light.cloud_seed[0]
    z = unit[..., 2] * reach + light.cloud_seed[1]
    dense = cloudy(x, z) * 0.8 + 0.25 * cloudy(3.1 * x, 3.1 * z)
    if light.kind == "overcast":
        color = color * (1.0 + 0.22 * (dense * np.clip(4 * height + 0.2, 0, 1))[..., None])
    else:
        cover = np.clip((dense + light.cloud_cover - 0.3) / 0.9, 0.0, 1.0)
        shade = np.clip(0.95 - 0.18 * cloudy(x + 2.0, z + 3.0), 0.62, 1.15)
        cloud = light.cloud_tint * shade[..., None]
        color = mix(color, cloud, 0.9 * cover * np.clip(6.0 * height + 0.1, 0, 1))
    glow = np.clip(unit @ light.sun_direction, 0.0, 1.0)
    return np.asarray(color + light.sun * (0.25 * glow[..., None] ** 12), np.float64)


def hazed(light: Light, color: Array, distance: Array) -> Array:
    """What is left of a color after `distance` meters of air."""
    return mix(color, light.horizon * 0.8, 1.0 - np.exp(-light.haze * distance))
