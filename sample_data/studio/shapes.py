"""Rounded shapes, the light on them, and the sheet they are painted on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scene.noise import Array

SHIFT = 4  # cv2 polygons take coordinates in 1/16 pixel
Points = Sequence[tuple[float, float]] | Array
Mask = npt.NDArray[np.uint8]


def rounded(points: Points, passes: int = 3) -> Array:
    """A closed polygon with its corners cut again and again (Chaikin's scheme)."""
    line = np.asarray(points, np.float64)
    for _ in range(passes):
        following = np.roll(line, -1, axis=0)
        cut = np.stack([0.75 * line + 0.25 * following, 0.25 * line + 0.75 * following], axis=1)
        line = cut.reshape(-1, 2)
    return line


def mirrored(right: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A closed outline from its right half, given from the top down."""
    return [*right, *((-x, y) for x, y in reversed(right) if x != 0.0)]


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Array:
    turn = np.arange(40) * (2.0 * math.pi / 40)
    return np.stack([x + radius_x * np.sin(turn), y + radius_y * np.cos(turn)], axis=1)


@dataclass(frozen=True)
class Frame:
    """Where a sitter is: head heights (x right, y up, 0 at the head's middle) to pixels."""

    x: float
    y: float
    scale: float  # pixels per head height
    tilt: float

    def at(self, points: Points) -> Array:
        x, y = np.asarray(points, np.float64).T
        c, s = math.cos(self.tilt), math.sin(self.tilt)
        right, up = c * x - s * y, s * x + c * y
        return np.stack([self.x + self.scale * right, self.y - self.scale * up], axis=1)


@dataclass(frozen=True)
class Lamp:
    """Main light (direction towards it: right, up, out of the picture), its color, the fill."""

    direction: Array
    color: Array
    fill: Array


@dataclass
class Sheet:
    """Linear colors, and where the sitter is."""

    rgb: Array
    person: npt.NDArray[np.bool_]
    lamp: Lamp

    def mask(self, points: Array) -> Mask:
        mask = np.zeros(self.person.shape, np.uint8)
        cv2.fillPoly(mask, [np.round(points * 2**SHIFT).astype(np.int32)], 1, cv2.LINE_8, SHIFT)
        return mask

    def paint(self, mask: Mask, albedo: Array, roundness: float) -> None:
        """Paint a part of the sitter; `roundness`: pixels from the edge to where it is flat."""
        if not mask.any():
            return
        here = mask > 0
        color = albedo * _light(mask, roundness, self.lamp)[..., None]
        shaded = color * (self.lamp.color) + albedo * self.lamp.fill
        soft = cv2.GaussianBlur(mask.astype(np.float64), (0, 0), 0.8)[..., None]
        self.rgb = np.where(
            here[..., None] | (soft > 0.02), _over(self.rgb, shaded, soft), self.rgb
        )
        self.person |= here

    def stain(self, points: Array, color: Array, strength: float, blur: float) -> None:
        """A soft mark on the sitter that changes no outline: shadow, blush, brow."""
        soft = cv2.GaussianBlur(self.mask(points).astype(np.float64), (0, 0), max(blur, 0.3))
        amount = np.where(self.person, strength * soft, 0.0)[..., None]
        self.rgb = self.rgb * (1.0 - amount) + color * amount


def _over(below: Array, above: Array, alpha: Array) -> Array:
    return np.asarray(below * (1.0 - alpha) + above * alpha, np.float64)


def _light(mask: Mask, roundness: float, lamp: Lamp) -> Array:
    """Lambert's law on the shape blown up like a cushion."""
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).astype(np.float64)
    share = np.clip(inside / roundness, 0.0, 1.0)
    height = np.sqrt(1.0 - (1.0 - share) ** 2) * roundness
    height = cv2.GaussianBlur(height, (0, 0), 0.12 * roundness + 0.8)
    slope_y, slope_x = np.gradient(height)
    length = np.sqrt(1.0 + slope_x**2 + slope_y**2)
    facing = -slope_x * lamp.direction[0] + slope_y * lamp.direction[1] + lamp.direction[2]
    return np.asarray(np.clip(facing / length, 0.0, None), np.float64)
