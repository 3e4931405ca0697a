"""House fronts: masonry, windows, shops."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scene.materials import Coat, fade
from scene.noise import Array, cell, cloudy, grain, line

Mask = npt.NDArray[np.bool_]
_PANE = np.array([0.075, 0.056, 0.044])  # glass before a dim, warm room
_BOARD = np.array([0.42, 0.17, 0.08])  # behind a shop's letters


@dataclass(frozen=True)
class _Bays:
    """Where points lie in their bay and floor."""

    number: Array
    level: Array
    side: Array  # distance from the bay's middle line
    rise: Array  # height above the window sill
    fits: Mask  # whether the floor has room for windows


def _tint(color: Array, where: Mask, value: Array) -> Array:
    return np.where(where[:, None], value, color)


@dataclass(frozen=True)
class Facade:
    """A wall with floors and bays of windows. Lengths in meters, colors linear."""

    wall: str  # plaster, brick, stone or boards
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

    def coat(self, u: Array, v: Array, footprint: Array, night: float) -> Coat:
        bays = self._bays(u, v)
        color = self._masonry(u, v, footprint)
        color = self._frames(color, v, bays, footprint)
        coat = self._glazed(color, bays, night)
        if self.balconies:
            coat = self._with_balconies(coat, u, bays, footprint)
        cornice = v > self.height - 0.45
        color = _tint(coat.albedo, cornice, np.clip(self.trim * 1.05, 0, 0.85))
        color = _tint(color, (v > self.height - 0.65) & ~cornice, color * 0.55)
        coat = replace(coat, albedo=color)
        return self._with_shop(coat, u, v, night) if self.shop else self._with_door(coat, u, v)

    def _bays(self, u: Array, v: Array) -> _Bays:
        level = np.floor((v - self.ground_floor) / self.floor)
        top = (level + 1) * self.floor + self.ground_floor
        return _Bays(
            number=np.floor(u / self.bay),
            level=level,
            side=np.abs(np.mod(u, self.bay) - self.bay / 2),
            rise=np.mod(v - self.ground_floor, self.floor) - 0.85,
            fits=(v > self.ground_floor) & (top < self.height - 0.3),
        )

    def _masonry(self, u: Array, v: Array, footprint: Array) -> Array:
        tone = 1.0 + 0.09 * cloudy(u * 6 + self.seed, v * 2.0)
        tone = tone * (1.0 + 0.06 * grain(u * 25, v * 25) * fade(0.1, footprint))
        if self.wall in ("brick", "stone"):
            tone = tone * self._courses(u, v, footprint)
        elif self.wall == "plaster":
            tone = tone * (1.0 - 0.16 * line(np.mod(v, 0.55), 0.03, footprint))
        elif self.wall == "boards":
            tone = tone * (1.0 - 0.3 * line(np.mod(v, 0.22), 0.03, footprint))
        return np.asarray(self.color * tone[:, None], np.float64)

    def _courses(self, u: Array, v: Array, footprint: Array) -> Array:
        """Tone of bricks or blocks; larger than real ones, or no pixel would show them."""
        width, height, spread = (0.42, 0.16, 0.5) if self.wall == "brick" else (0.95, 0.48, 0.3)
        row = np.floor(v / height)
        shifted = u / width + 0.5 * np.mod(row, 2)
        block = cell(np.floor(shifted), row) - 0.5
        bed = line(np.mod(v, height), 0.03, footprint)
        head = line(np.mod(shifted, 1.0) * width, 0.02, footprint)
        tone = 1.0 + spread * block * fade(width, footprint)
        return np.asarray(tone * (1.0 - 0.35 * np.maximum(bed, head)), np.float64)

    def _frames(self, color: Array, v: Array, bays: _Bays, footprint: Array) -> Array:
        width, height = self.window
        if self.shutters:
            wings = bays.fits & (bays.side < 0.95 * width) & (bays.rise > 0) & (bays.rise < height)
            slats = 1.0 - 0.4 * line(np.mod(v, 0.2), 0.05, footprint)
            color = _tint(color, wings, self.trim * slats[:, None])
        frame = (
            bays.fits
            & (bays.side < width / 2 + 0.12)
            & (np.abs(bays.rise - height / 2) < height / 2 + 0.12)
        )
        color = _tint(color, frame, np.clip(self.trim * 1.15, 0, 0.85))
        sill = bays.fits & (bays.side < width / 2 + 0.2) & (bays.rise > -0.3) & (bays.rise <= -0.1)
        return _tint(color, sill, color * 0.62)

    def _glazed(self, color: Array, bays: _Bays, night: float) -> Coat:
        width, height = self.window
        pick = cell(bays.number * 3 + self.seed, bays.level * 5 + self.seed)
        glass = bays.fits & (bays.side < width / 2) & (bays.rise > 0.0) & (bays.rise < height)
        curtain = (pick > 0.55) & (bays.side > width * (0.5 - 0.3 * pick))
        blind = (pick < 0.22) & (bays.rise > height * (0.35 + pick))
        pane = np.where((curtain | blind)[:, None], np.array([0.46, 0.32, 0.19]), _PANE)
        reveal = np.clip((bays.rise - height + 0.3) / 0.3, 0.0, 1.0)
        color = _tint(color, glass, pane * (1.0 - 0.6 * reveal)[:, None])
        bars = glass & ((bays.side < 0.05) | (np.abs(bays.rise - 0.66 * height) < 0.05))
        color = _tint(color, bars, np.clip(self.trim, 0, 0.8))
        clear = glass & ~bars
        gloss = clear * (0.05 + 0.12 * cell(bays.number, bays.level + self.seed))
        glow = clear & (cell(bays.number * 7, bays.level * 3 + self.seed) < night)
        warmth = np.array([1.5, 1.0, 0.5]) * (0.4 + 0.8 * pick)[:, None]
        return Coat(color, glow[:, None] * warmth, gloss)

    def _with_balconies(self, coat: Coat, u: Array, bays: _Bays, footprint: Array) -> Coat:
        slab = bays.fits & (np.mod(bays.number, 2) == 0) & (np.abs(bays.rise + 0.25) < 0.5)
        rails = 0.25 + 0.75 * line(np.mod(u, 0.25), 0.05, footprint)
        color = _tint(coat.albedo, slab, self.trim * 0.5 * rails[:, None])
        return Coat(color, coat.emission * ~slab[:, None], coat.gloss * ~slab)

    def _with_door(self, coat: Coat, u: Array, v: Array) -> Coat:
        color = _tint(coat.albedo, v < 0.6, coat.albedo * 0.6)
        door = (v < 2.3) & (np.mod(u, 3 * self.bay) < 1.2)
        return replace(coat, albedo=_tint(color, door, self.trim * np.array([0.35, 0.25, 0.2])))

    def _with_shop(self, coat: Coat, u: Array, v: Array, night: float) -> Coat:
        """A street-level front of display windows under lettered boards."""
        width = 2.0 * self.bay
        number, inside = np.floor(u / width), np.mod(u, width)
        hue = np.stack([cell(number + self.seed, np.full_like(u, k)) for k in (5.0, 6.0, 7.0)], -1)
        low = v < self.ground_floor
        glass = low & (np.abs(inside - width / 2) < width / 2 - 0.3)
        glass &= (v > 0.5) & (v < self.ground_floor - 0.9)
        board = (v > self.ground_floor - 0.85) & (v < self.ground_floor - 0.2)
        letters = board & (np.mod(u * 3.1, 1.0) < 0.55) & (cell(np.floor(u * 3.1), number) > 0.35)
        letters &= np.abs(v - self.ground_floor + 0.52) < 0.16
        color = _tint(coat.albedo, low, self.trim * 0.7)
        color = _tint(color, board, _BOARD * (0.3 + hue) + 0.03)
        color = _tint(color, letters, self.trim)
        goods = 0.04 + 0.25 * cell(np.floor(u * 1.7), np.floor(v * 1.9))
        color = _tint(color, glass, goods[:, None] * np.array([1.3, 0.9, 0.55]) * (0.7 + 0.4 * hue))
        gloss = np.where(low, glass * (0.05 + 0.1 * hue[:, 0]), coat.gloss)
        shine = glass[:, None] * np.array([1.2, 0.9, 0.55]) * min(1.0, 2.0 * night)
        return Coat(color, _tint(coat.emission, low, shine), gloss)
