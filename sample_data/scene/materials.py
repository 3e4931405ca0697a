"""What surfaces give to light, and the simple ones: roofs and hedges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from scene.noise import Array, cell, cloudy, grain, line


@dataclass(frozen=True)
class Coat:
    """Per point: diffuse color N×3, own light N×3, share of mirrored sky N."""

    albedo: Array
    emission: Array
    gloss: Array


class Material(Protocol):
    """Anything that has a coat at surface points (u, v) in meters.

    `footprint` is the size of a pixel there, `night` the share of windows with light.
    """

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat: ...


def matt(albedo: Array) -> Coat:
    return Coat(albedo, np.zeros_like(albedo), np.zeros(len(albedo)))


def fade(size: float, footprint: Array) -> Array:
    """How much of a pattern of this size survives in pixels this wide."""
    return np.clip(size / footprint - 0.3, 0.0, 1.0)


@dataclass(frozen=True)
class Roof:
    """Rows of tiles or sheet metal."""

    color: Array
    row: float
    seed: float

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat:
        row = np.floor(v / self.row)
        tile = cell(np.floor(u / 0.35 + 0.5 * np.mod(row, 2)), row) - 0.5
        tone = 1.0 + 0.35 * tile * fade(0.35, footprint) + 0.12 * cloudy(u * 5 + self.seed, v * 5)
        tone = tone * (1.0 - 0.4 * line(np.mod(v, self.row), 0.05, footprint))
        return matt(self.color * tone[:, None])


@dataclass(frozen=True)
class Leaves:
    """A clipped hedge or a dense row of bushes."""

    color: Array
    seed: float

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat:
        clumps = cloudy(u * 14 + self.seed, v * 14)
        speckle = grain(u * 22 + self.seed, v * 22) * fade(0.1, footprint)
        tone = np.clip(0.8 + 0.38 * clumps + 0.4 * speckle + 0.15 * v, 0.12, 2.4)
        yellow = np.clip(0.5 + 0.5 * clumps, 0, 1)[:, None] * np.array([0.25, 0.12, -0.05])
        return matt(self.color * tone[:, None] * (1.0 + yellow))
