"""Thin things: masts and traffic signs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene.camera import Camera
from scene.noise import Array
from scene.sprites import Look, Stage, brightness, polygon, ring, stand


@dataclass(frozen=True)
class Mast:
    """A lamp post, a sign's post or a bollard."""

    x: float
    z: float
    height: float
    radius: float
    color: Array
    arm: float = 0.0  # length of the lamp's arm, meters

    def draw(self, stage: Stage, lit: float, label: int) -> None:
        """An upright bar, and the arm with its lamp."""
        place = stand(stage.camera, self.x, self.z, self.height)
        if place is None:
            return
        look = Look(place.depth, label, stage.canvas.next_thing())
        color = self.color * brightness(stage.light, lit)
        pixels = 2.0 * self.radius * stage.camera.focal / place.depth
        width = float(np.clip(pixels, 3.2 * stage.pixel, 4.4 * stage.pixel)) - 1.0
        foot, top = place.at(np.array([[0.0, 0.0], [0.0, self.height]]))
        thin(stage, np.stack([foot, top]), width, color, look)
        if self.arm != 0.0:
            rise = np.array([0.0, 0.35, 0.4]) + self.height
            bend = place.at(np.stack([np.array([0.0, 0.6, 1.0]) * self.arm, rise], axis=1))
            slim = max(width * 0.85, 2.6 * stage.pixel - 1.0)
            thin(stage, bend[:2], slim, color, look)
            thin(stage, bend[1:], slim, color, look)
            head = ring(self.arm, self.height + 0.36, 0.38, 0.13, 8)
            polygon(stage, place.at(head), color, look)


def thin(stage: Stage, ends: Array, width: float, color: Array, look: Look) -> None:
    """A bar between two pixel positions."""
    way = ends[1] - ends[0]
    length = max(float(np.hypot(*way)), 1e-6)
    aside = np.array([-way[1], way[0]]) / length * width * 0.5
    polygon(stage, np.stack([ends[0] - aside, ends[0] + aside, ends[1] + aside, ends[1] - aside]),
            color, look)  # fmt: skip
    bright = np.stack([ends[0], ends[0] + aside, ends[1] + aside, ends[1]])
    polygon(stage, bright, color * 1.3, look)


@dataclass(frozen=True)
class Sign:
    """A traffic sign on a mast: shape, colors from the outside in."""

    x: float
    z: float
    height: float
    shape: str  # disk, triangle, square, diamond, octagon or board
    rim: Array
    face: Array
    mark: Array
    mark_shape: str  # bar, dot, arrow or none

    def draw(self, stage: Stage, lit: float, label: int) -> None:
        """A rim, a face and a mark."""
        place = stand(stage.camera, self.x, self.z, self.height)
        if place is None:
            return
        radius = sign_radius(stage.camera, place.depth, stage.pixel)
        look = Look(place.depth - 0.15, label, stage.canvas.next_thing())
        # retroreflective sheeting looks brighter than its surroundings in any light
        white = brightness(stage.light, lit) * 0.75 + 0.25 * stage.light.horizon
        middle = np.array([0.0, self.height + 0.6 * radius])
        outline = _outline(self.shape, radius)
        polygon(stage, place.at(middle + outline), self.rim * white, look)
        lowered = middle - np.array([0.0, 0.06 * radius if self.shape == "triangle" else 0.0])
        polygon(stage, place.at(lowered + 0.8 * outline), self.face * white, look)
        if self.mark_shape != "none":
            mark = _MARKS[self.mark_shape] * radius * (0.6 if self.shape == "triangle" else 1.0)
            polygon(stage, place.at(lowered + mark), self.mark * white, look)


def _outline(shape: str, radius: float) -> Array:
    if shape == "triangle":
        return np.array([[-1.0, -0.75], [1.0, -0.75], [0.0, 1.0]]) * radius * 1.1
    if shape == "square":
        return np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * radius * 0.9
    if shape == "board":
        return np.array([[-1.5, -0.7], [1.5, -0.7], [1.5, 0.7], [-1.5, 0.7]]) * radius
    corners = {"diamond": 4, "octagon": 8}.get(shape, 16)
    turned = ring(0.0, 0.0, radius, radius, corners)
    if shape == "diamond":
        quarter = math.sqrt(0.5)
        turned = turned @ np.array([[quarter, quarter], [-quarter, quarter]])
    return turned


_MARKS = {
    "bar": np.array([[-0.6, -0.16], [0.6, -0.16], [0.6, 0.16], [-0.6, 0.16]]),
    "dot": ring(0.0, 0.0, 0.3, 0.42, 8),
    "arrow": np.array(
        [[-0.1, -0.5], [0.1, -0.5], [0.1, 0.1], [0.4, 0.1], [0.0, 0.6], [-0.4, 0.1], [-0.1, 0.1]]
    ),
}


def sign_radius(camera: Camera, depth: float, pixel: int) -> float:
    """Half size in meters that is near 0.38 m but 4.7 to 7 picture pixels."""
    scale = camera.focal / depth / pixel
    return float(np.clip(0.38 * scale, 4.7, 7.0)) / scale
