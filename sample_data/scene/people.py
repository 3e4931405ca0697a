"""People on foot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scene.noise import Array
from scene.sprites import Look, Stage, brightness, polygon, ring, roughen, stand

Part = tuple[Sequence[tuple[float, float]] | Array, Array]  # outline in meters, color
SHOES = np.array([0.035, 0.028, 0.03])


@dataclass(frozen=True)
class Person:
    """A walker of 1.75 m, scaled to `height`; `stride` is how far the feet are apart."""

    x: float
    z: float
    height: float
    stride: float
    skin: Array
    hair: Array
    top: Array
    legs: Array
    coat: float  # how far down the top reaches, meters above ground at 1.75 m
    bag: Array | None
    long_hair: bool

    def draw(self, stage: Stage, lit: float, label: int) -> None:
        """Legs, arms, trunk and head from back to front."""
        place = stand(stage.camera, self.x, self.z, self.height)
        if place is None:
            return
        thing = stage.canvas.next_thing()
        look = Look(place.depth, label, thing)
        white = brightness(stage.light, lit)
        size = self.height / 1.75
        for points, color in [*self._legs(), *self._arms(), *self._trunk(), *self._head()]:
            polygon(stage, place.at(np.asarray(points, np.float64) * size), color * white, look)
        roughen(stage, thing, 0.10, 0.25)

    def _legs(self) -> Iterator[Part]:
        for side, step in ((-1.0, self.stride), (1.0, -self.stride)):
            hip, foot = 0.085 * side, 0.09 * side + step
            shade = self.legs * (0.75 if side < 0 else 1.0)
            yield (
                [(hip - 0.1, 0.9), (hip + 0.1, 0.9), (foot + 0.07, 0.08), (foot - 0.07, 0.08)],
                shade,
            )
            yield [(foot - 0.08, 0.1), (foot + 0.08, 0.1), (foot + 0.13, 0), (foot - 0.1, 0)], SHOES

    def _arms(self) -> Iterator[Part]:
        for side, step in ((-1.0, -0.8 * self.stride), (1.0, 0.8 * self.stride)):
            hand = 0.27 * side + step
            sleeve = [
                (0.17 * side, 1.46),
                (0.27 * side, 1.4),
                (hand + 0.05, 0.85),
                (hand - 0.06, 0.85),
            ]
            yield sleeve, self.top * 0.72
            yield ring(hand, 0.82, 0.055, 0.07, 8), self.skin

    def _trunk(self) -> Iterator[Part]:
        low = self.coat
        shoulders = [(-0.22, 1.44), (-0.1, 1.51), (0.1, 1.51), (0.22, 1.44)]
        yield [*shoulders, (0.19, low), (-0.19, low)], self.top
        yield [(0.0, 1.5), (0.22, 1.43), (0.19, low), (0.05, low)], self.top * 0.82
        if self.bag is not None:
            yield [(-0.26, 1.4), (-0.1, 1.44), (-0.1, 0.98), (-0.28, 1.0)], self.bag

    def _head(self) -> Iterator[Part]:
        if self.long_hair:
            yield [(-0.12, 1.66), (0.12, 1.66), (0.15, 1.42), (-0.15, 1.42)], self.hair
        yield [(-0.05, 1.5), (0.05, 1.5), (0.05, 1.58), (-0.05, 1.58)], self.skin * 0.7
        yield ring(0.0, 1.635, 0.09, 0.125), self.skin
        cap = ring(0.0, 1.665, 0.1, 0.11)
        yield cap[cap[:, 1] > 1.64], self.hair
