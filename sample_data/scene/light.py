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
        weight=0.55,
        altitude=(32, 62),
        sun=(1.75, 1.68, 1.55),
        ambient=(0.90, 0.98, 1.08),
        zenith=(0.50, 1.05, 2.10),
        horizon=(1.75, 2.15, 2.60),
        haze=0.0006,
        clouds=(-1.6, 0.2),
    ),
    "golden": _Weather(
        weight=0.20,
        altitude=(20, 30),
        sun=(2.1, 1.8, 1.4),
        ambient=(0.84, 0.88, 0.96),
        zenith=(0.55, 1.00, 1.90),
        horizon=(1.95, 2.05, 2.20),
        haze=0.0008,
        clouds=(-1.6, 0.0),
        lit_windows=0.03,
    ),
    "overcast": _Weather(
        weight=0.25,
        altitude=(40, 60),
        sun=(0.30, 0.30, 0.30),
        ambient=(1.16, 1.2, 1.24),
        zenith=(1.30, 1.65, 2.10),
        horizon=(2.0, 2.2, 2.4),
        haze=0.0008,
        clouds=(2.0, 3.0),
        lit_windows=0.02,
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
    tint = 1.0 + rng.uniform(-0.03, 0.03, 3)
    warm = np.array(weather.sun) * 0.55 + np.array(weather.horizon) * 0.35
    return Light(
        kind=kind,
        sun_direction=_direction(float(rng.uniform(-math.pi, math.pi)), altitude),
        sun=np.array(weather.sun) * rng.uniform(0.9, 1.1),
        ambient=np.array(weather.ambient) * tint,
        zenith=np.array(weather.zenith) * tint * rng.uniform(0.9, 1.1),
        horizon=np.array(weather.horizon) * rng.uniform(0.92, 1.08),
        cloud_cover=float(rng.uniform(*weather.clouds)),
        cloud_tint=np.clip(warm + 0.6, 1.9, 2.6),
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
        color = color * (1.0 + 0.16 * (dense * np.clip(4 * height + 0.2, 0, 1))[..., None])
    else:
        cover = np.clip((dense + light.cloud_cover - 0.3) / 0.9, 0.0, 1.0)
        shade = np.clip(0.95 - 0.12 * cloudy(x + 2.0, z + 3.0), 0.75, 1.15)
        cloud = light.cloud_tint * shade[..., None]
        color = mix(color, cloud, 0.9 * cover * np.clip(6.0 * height + 0.1, 0, 1))
    glow = np.clip(unit @ light.sun_direction, 0.0, 1.0)
    return np.asarray(color + light.sun * (0.25 * glow[..., None] ** 12), np.float64)


def hazed(light: Light, color: Array, distance: Array) -> Array:
    """What is left of a color after `distance` meters of air."""
    return mix(color, light.horizon * 0.8, 1.0 - np.exp(-light.haze * distance))
