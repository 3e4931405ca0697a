"""What the flat surfaces of a scene are made of: facades, roofs, hedges and the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from scene_ground import Ground
from scene_noise import Array, cell, cloudy, grain, line, mix


@dataclass(frozen=True)
class Coat:
    """Per point: diffuse color N×3, own light N×3, share of mirrored sky N."""

    albedo: Array
    emission: Array
    gloss: Array


class Material(Protocol):
    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat: ...


def _matt(albedo: Array) -> Coat:
    return Coat(albedo, np.zeros_like(albedo), np.zeros(len(albedo)))


def _fade(size: float, footprint: Array) -> Array:
    """How much of a pattern of this size survives in pixels this wide."""
    return np.clip(size / footprint - 0.3, 0.0, 1.0)


@dataclass(frozen=True)
class Facade:
    """A wall with floors and bays of windows. Lengths in meters, colors linear."""

    wall: str  # plaster, brick, stone, panel, boards or glass
    color: Array
    trim: Array
    height: float
    floor: float
    bay: float
    window: tuple[float, float]  # width, height
    ground_floor: float
    shop: bool
    balconies: bool
    shutters: bool
    seed: float

    def _wall(self, u: Array, v: Array, footprint: Array) -> Array:
        stains = 1.0 + 0.09 * cloudy(u * 6 + self.seed, v * 2.0)
        rough = 1.0 + 0.06 * grain(u * 25, v * 25) * _fade(0.1, footprint)
        tone = stains * rough
        if self.wall in ("brick", "stone"):
            width, height, spread = (0.42, 0.16, 0.5) if self.wall == "brick" else (0.95, 0.48, 0.3)
            row = np.floor(v / height)
            shifted = u / width + 0.5 * np.mod(row, 2)
            tone = tone * (
                1.0 + spread * (cell(np.floor(shifted), row) - 0.5) * _fade(width, footprint)
            )
            joint = np.maximum(
                line(np.abs(np.mod(v, height) - height / 2 - height / 2 + 0.02), 0.02, footprint),
                line(np.mod(shifted, 1.0) * width, 0.02, footprint),
            )
            tone = tone * (1.0 - 0.35 * joint)
        elif self.wall == "panel":
            seam = np.maximum(
                line(np.mod(u, self.bay), 0.04, footprint),
                line(np.mod(v - self.ground_floor, self.floor), 0.04, footprint),
            )
            tone = tone * (1.0 - 0.4 * seam)
        elif self.wall == "boards":
            tone = tone * (1.0 - 0.3 * line(np.mod(v, 0.22), 0.03, footprint))
        return np.asarray(self.color * tone[:, None], np.float64)

    def _shop(self, u: Array, v: Array, footprint: Array) -> tuple[Array, Array, Array]:
        """Color, glass share and light of the street-level front."""
        width = 2.0 * self.bay
        number, inside = np.floor(u / width), np.mod(u, width)
        pick = cell(number + self.seed, np.full_like(u, 3.0))
        glass = (inside > 0.3) & (inside < width - 0.3) & (v > 0.5) & (v < self.ground_floor - 0.9)
        board = (v > self.ground_floor - 0.85) & (v < self.ground_floor - 0.2)
        hue = np.stack([cell(number + self.seed, np.full_like(u, k)) for k in (5.0, 6.0, 7.0)], -1)
        color = np.where(board[:, None], 0.04 + 0.6 * hue * hue, self.trim * 0.7)
        letters = board & (np.mod(u * 3.1, 1.0) < 0.55) & (cell(np.floor(u * 3.1), number) > 0.35)
        letters &= np.abs(v - self.ground_floor + 0.52) < 0.16
        color = np.where(letters[:, None], 0.75 - 0.6 * (hue.mean(-1, keepdims=True) > 0.6), color)
        goods = 0.04 + 0.25 * cell(np.floor(u * 1.7), np.floor(v * 1.9)) * _fade(0.4, footprint)
        color = np.where(glass[:, None], goods[:, None] * (0.6 + 0.6 * hue), color)
        return color, glass * (0.25 + 0.35 * pick), glass * 1.0

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat:
        color = self._wall(u, v, footprint)
        number, level = np.floor(u / self.bay), np.floor((v - self.ground_floor) / self.floor)
        side = np.abs(np.mod(u, self.bay) - self.bay / 2)
        rise = np.mod(v - self.ground_floor, self.floor) - 0.85
        upper = (v > self.ground_floor) & (v < self.height - 0.55)
        width, height = self.window
        fits = upper & ((level + 1) * self.floor + self.ground_floor < self.height - 0.3)
        frame = fits & (side < width / 2 + 0.12) & (rise > -0.12) & (rise < height + 0.12)
        glass = fits & (side < width / 2) & (rise > 0.0) & (rise < height)
        if self.shutters:
            color = np.where(
                (fits & (side < width * 0.95) & (rise > 0.0) & (rise < height))[:, None],
                self.trim * (1.0 - 0.4 * line(np.mod(v, 0.2), 0.05, footprint))[:, None],
                color,
            )
        color = np.where(frame[:, None], np.clip(self.trim * 1.15, 0, 0.85), color)
        sill = fits & (side < width / 2 + 0.2) & (rise > -0.3) & (rise <= -0.1)
        color = np.where(sill[:, None], color * 0.62, color)
        pick = cell(number * 3 + self.seed, level * 5 + self.seed)
        curtain = glass & (pick > 0.55) & (side > width * (0.5 - 0.3 * pick))
        blind = glass & (pick < 0.22) & (rise > height * (0.35 + pick))
        pane = np.where((curtain | blind)[:, None], np.array([0.42, 0.40, 0.36]), 0.035)
        reveal = np.clip((rise - height + 0.3) / 0.3, 0.0, 1.0)
        pane = pane * (1.0 - 0.6 * reveal)[:, None]
        color = np.where(glass[:, None], pane, color)
        bars = glass & ((side < 0.05) | (np.abs(rise - 0.66 * height) < 0.05))
        if self.wall != "glass":
            color = np.where(bars[:, None], np.clip(self.trim, 0, 0.8), color)
        gloss = glass * ~bars * (0.25 + 0.5 * cell(number, level + self.seed))
        glow = glass * ~bars * (cell(number * 7, level * 3 + self.seed) < night)
        if self.balconies:
            slab = fits & (np.mod(number, 2) == 0) & (rise < 0.25) & (rise > -0.75)
            rails = 0.25 + 0.75 * line(np.mod(u, 0.25), 0.05, footprint)
            color = np.where(slab[:, None], self.trim * 0.5 * rails[:, None], color)
            gloss, glow = gloss * ~slab, glow * ~slab
        cornice = v > self.height - 0.45
        color = np.where(cornice[:, None], np.clip(self.trim * 1.05, 0, 0.85), color)
        color = np.where(((v > self.height - 0.65) & ~cornice)[:, None], color * 0.55, color)
        if self.shop:
            low = v < self.ground_floor
            front, front_gloss, front_glow = self._shop(u, v, footprint)
            color = np.where(low[:, None], front, color)
            gloss = np.where(low, front_gloss, gloss)
            glow = np.where(low, front_glow * min(1.0, 2.0 * night), glow)
        else:
            color = np.where((v < 0.6)[:, None], color * 0.6, color)
            door = (v < 2.3) & (np.mod(u, 3 * self.bay) < 1.2)
            color = np.where(door[:, None], self.trim * np.array([0.35, 0.25, 0.2]), color)
        warmth = np.array([1.5, 1.0, 0.5]) * (0.4 + 0.8 * pick)[:, None]
        return Coat(color, glow[:, None] * warmth * (night > 0), gloss)


@dataclass(frozen=True)
class Roof:
    """Rows of tiles or sheet metal."""

    color: Array
    row: float
    seed: float

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat:
        row = np.floor(v / self.row)
        tile = cell(np.floor(u / 0.35 + 0.5 * np.mod(row, 2)), row) - 0.5
        tone = 1.0 + 0.35 * tile * _fade(0.35, footprint) + 0.12 * cloudy(u * 5 + self.seed, v * 5)
        tone = tone * (1.0 - 0.4 * line(np.mod(v, self.row), 0.05, footprint))
        return _matt(self.color * tone[:, None])


@dataclass(frozen=True)
class Leaves:
    """A clipped hedge or a dense row of bushes."""

    color: Array
    seed: float

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat:
        clumps = cloudy(u * 14 + self.seed, v * 14)
        speckle = grain(u * 22 + self.seed, v * 22) * _fade(0.1, footprint)
        tone = np.clip(0.8 + 0.38 * clumps + 0.4 * speckle + 0.15 * v, 0.12, 2.4)
        yellow = np.clip(0.5 + 0.5 * clumps, 0, 1)[:, None] * np.array([0.25, 0.12, -0.05])
        return _matt(self.color * tone[:, None] * (1.0 + yellow))


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
        tone = 1.0 + 0.10 * cloudy(u * 3 + self.seed, v * 3)
        tone = tone + 0.20 * grain(u * 28, v * 28) * _fade(0.06, footprint)
        tone = tone + 0.08 * grain(u * 5, v * 5) * _fade(0.3, footprint)
        patch = cell(np.floor(u / 2.3 + self.seed), np.floor(v / 4.1))
        tone = np.where(patch > 0.93, tone * 0.78, tone)
        crack = np.abs(cloudy(u * 4 + 90, v * 4 + self.seed)) / 3.0
        tone = tone * (1.0 - 0.25 * line(crack, 0.012, footprint) * (patch < 0.4))
        along, across, half = self.ground.road_coordinates(u, v)
        track = np.abs(np.abs(np.abs(across) - half * 0.5) - 0.75)
        tone = tone * (1.0 - 0.10 * np.clip(1.0 - track / 0.35, 0, 1))
        gutter = np.clip(1.0 - (half - np.abs(across)) / 0.5, 0, 1)
        tone = tone * (1.0 - 0.28 * gutter)
        color = self.asphalt * tone[:, None]
        paint = self.ground.paint(u, v, along, across, half, footprint)
        wear = np.clip(self.worn - 0.25 * cloudy(u * 10, v * 10), 0.15, 1.0)
        white = np.array([0.78, 0.77, 0.72]) * (1.0 + 0.08 * grain(u * 20, v * 20))[:, None]
        return mix(color, white, paint * wear)

    def _walk(self, u: Array, v: Array, footprint: Array) -> Array:
        size = self.slab_size
        turn_u, turn_v = self.ground.slab_axes(u, v)
        row = np.floor(turn_v / size)
        shifted = turn_u / size + 0.5 * np.mod(row, 2) * (self.slab_spread > 0.25)
        number = np.floor(shifted)
        tone = 1.0 + self.slab_spread * (cell(number, row) - 0.5) * _fade(size, footprint)
        tone = tone + 0.08 * grain(u * 18, v * 18) * _fade(0.08, footprint)
        tone = tone * (1.0 + 0.08 * cloudy(u * 2, v * 2 + self.seed))
        joint = np.maximum(
            line(np.mod(turn_v, size), 0.035, footprint),
            line(np.mod(shifted, 1.0) * size, 0.035, footprint),
        )
        kerb = self.ground.kerb(u, v)
        color = self.slabs * (tone * (1.0 - 0.55 * joint))[:, None]
        stone = np.array([0.50, 0.49, 0.47]) * (0.9 + 0.2 * cell(np.floor(u + v), row))[:, None]
        return np.where((kerb < 0.28)[:, None], stone, color)

    def _meadow(self, u: Array, v: Array, footprint: Array) -> Array:
        blades = grain(u * 16, v * 16 + self.seed) * _fade(0.08, footprint)
        clumps = cloudy(u * 7 + self.seed, v * 7)
        tone = np.clip(1.0 + 0.30 * blades + 0.22 * clumps, 0.25, 2.2)
        dry = np.clip(0.25 + 0.4 * cloudy(u * 2.5, v * 2.5), 0, 1)
        straw = np.array([0.26, 0.22, 0.09])
        return mix(self.grass * np.ones((len(u), 1)), straw, 0.6 * dry) * tone[:, None]

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat:
        kind = self.ground.kinds(u, v)
        color = np.zeros((len(u), 3))
        for value, shade in ((0, self._road), (1, self._walk), (2, self._meadow)):
            chosen = kind == value
            if chosen.any():
                color[chosen] = shade(u[chosen], v[chosen], footprint[chosen])
        return _matt(color)
