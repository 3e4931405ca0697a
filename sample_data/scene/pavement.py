"""Asphalt, slabs and grass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scene.ground import Ground
from scene.materials import Coat, fade, matt
from scene.noise import Array, cell, cloudy, grain, line, mix


@dataclass(frozen=True)
class Pavement:
    """All that lies on the ground; u and v are world x and z."""

    ground: Ground
    asphalt: Array
    slabs: Array
    slab_size: float
    slab_spread: float
    grass: Array
    worn: float
    seed: float

    def _road(self, u: Array, v: Array, footprint: Array) -> Array:
        tone = 1.0 + 0.07 * cloudy(u * 1.5 + self.seed, v * 1.5)
        tone = tone + 0.16 * grain(u * 30, v * 30) * fade(0.05, footprint)
        tone = tone + 0.05 * grain(u * 13, v * 13) * fade(0.1, footprint)
        patch = cell(np.floor(u / 2.3 + self.seed), np.floor(v / 4.1))
        tone = np.where(patch > 0.93, tone * 0.78, tone)
        crack = np.abs(cloudy(u * 4 + 90, v * 4 + self.seed)) / 3.0
        tone = tone * (1.0 - 0.25 * line(crack, 0.012, footprint) * (patch < 0.4))
        across, half = self.ground.across_road(u, v)
        track = np.abs(np.abs(np.abs(across) - half * 0.5) - 0.75)
        tone = tone * (1.0 - 0.10 * np.clip(1.0 - track / 0.35, 0, 1))
        gutter = np.clip(1.0 - (half - np.abs(across)) / 0.5, 0, 1)
        tone = tone * (1.0 - 0.28 * gutter)
        color = self.asphalt * tone[:, None]
        paint = self.ground.paint(u, v, footprint)
        wear = np.clip(self.worn - 0.25 * cloudy(u * 10, v * 10), 0.15, 1.0)
        white = np.array([0.58, 0.61, 0.66]) * (1.0 + 0.08 * grain(u * 20, v * 20))[:, None]
        return mix(color, white, paint * wear)

    def _walk(self, u: Array, v: Array, footprint: Array) -> Array:
        size = self.slab_size
        turn_u, turn_v = self.ground.slab_axes(u, v)
        row = np.floor(turn_v / size)
        shifted = turn_u / size + 0.5 * np.mod(row, 2) * (self.slab_spread > 0.25)
        number = np.floor(shifted)
        tone = 1.0 + self.slab_spread * (cell(number, row) - 0.5) * fade(size, footprint)
        tone = tone + 0.08 * grain(u * 18, v * 18) * fade(0.08, footprint)
        tone = tone * (1.0 + 0.08 * cloudy(u * 2, v * 2 + self.seed))
        joint = np.maximum(
            line(np.mod(turn_v, size), 0.05, footprint),
            line(np.mod(shifted, 1.0) * size, 0.05, footprint),
        )
        kerb = self.ground.kerb(u, v)
        color = self.slabs * (tone * (1.0 - 0.5 * joint))[:, None]
        stone = np.array([0.68, 0.63, 0.54]) * (0.9 + 0.2 * cell(np.floor(u + v), row))[:, None]
        return np.where((kerb < 0.28)[:, None], stone, color)

    def _meadow(self, u: Array, v: Array, footprint: Array) -> Array:
        blades = grain(u * 16, v * 16 + self.seed) * fade(0.08, footprint)
        clumps = cloudy(u * 7 + self.seed, v * 7)
        tone = np.clip(1.0 + 0.30 * blades + 0.22 * clumps, 0.25, 2.2)
        dry = np.clip(0.25 + 0.4 * cloudy(u * 2.5, v * 2.5), 0, 1)
        light = 1.6 * self.grass
        return mix(self.grass * np.ones((len(u), 1)), light, 0.6 * dry) * tone[:, None]

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat:
        kind = self.ground.kinds(u, v)
        color = np.zeros((len(u), 3))
        for value, shade in ((0, self._road), (1, self._walk), (2, self._meadow)):
            chosen = kind == value
            if chosen.any():
                color[chosen] = shade(u[chosen], v[chosen], footprint[chosen])
        return matt(color)
