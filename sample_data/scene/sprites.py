"""Figures that stand in a scene, drawn as polygons that share a depth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from scene.camera import Camera
from scene.light import Light, hazed
from scene.noise import Array, grain
from scene.surfaces import Canvas

SHIFT = 4  # cv2 polygons take coordinates in 1/16 pixel


@dataclass(frozen=True)
class Stage:
    """All that drawing needs besides the object; `pixel`: canvas pixels per picture pixel."""

    camera: Camera
    light: Light
    canvas: Canvas
    pixel: int


@dataclass(frozen=True)
class Look:
    """Depth, class and identity that one object's polygons share."""

    depth: float
    label: int
    thing: int


@dataclass(frozen=True)
class Stand:
    """A flat figure facing the camera: meters (right, up) from a foot point to pixels."""

    foot: Array
    right: Array
    up: Array
    depth: float

    def at(self, points: Array) -> Array:
        return self.foot + points[:, :1] * self.right + points[:, 1:] * self.up


def stand(camera: Camera, x: float, z: float, height: float) -> Stand | None:
    """Where a figure at (x, z) appears; None when it is behind, too near or out of sight."""
    ends = camera.project(np.array([[x, 0.0, z], [x, height, z]]))
    if ends[:, 2].min() < 1.2:
        return None
    foot, depth = ends[0, :2], float(ends[0, 2])
    up = (ends[1, :2] - foot) / height
    tall = max(float(np.hypot(*up)), 1e-6)
    right = np.array([-up[1], up[0]]) / tall * camera.focal / depth
    margin = 2.5 * camera.focal / depth
    outside = (ends[:, 0] < -margin).all() or (ends[:, 0] > camera.width + margin).all()
    outside |= (ends[:, 1] < -margin).all() or (ends[:, 1] > camera.height + margin).all()
    return None if outside else Stand(foot, right, up, depth)


def polygon(stage: Stage, points: Array, color: Array, look: Look) -> None:
    """Fill a polygon (pixels) where nothing nearer is; color is radiance before haze."""
    canvas = stage.canvas
    height, width = canvas.depth.shape
    x0, y0 = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 2, (width, height))
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    fixed = np.round((points - 0.5 - np.array([x0, y0])) * 2**SHIFT).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 1, cv2.LINE_8, SHIFT)
    free = (mask > 0) & (canvas.depth[y0:y1, x0:x1] >= look.depth)
    canvas.depth[y0:y1, x0:x1][free] = look.depth
    canvas.rgb[y0:y1, x0:x1][free] = hazed(stage.light, color[None], np.array([look.depth]))[0]
    canvas.label[y0:y1, x0:x1][free] = look.label
    canvas.thing[y0:y1, x0:x1][free] = look.thing


def ring(x: float, y: float, radius_x: float, radius_y: float, corners: int = 14) -> Array:
    turn = (np.arange(corners) + 0.5) * (2 * math.pi / corners)
    return np.stack([x + radius_x * np.sin(turn), y - radius_y * np.cos(turn)], axis=1)


def roughen(stage: Stage, thing: int, strength: float, tilt: float) -> None:
    """Cloth, dirt and roundness: noise and a sideways gradient over one object."""
    ys, xs = np.nonzero(stage.canvas.thing == thing)
    if len(xs) == 0:
        return
    spread = max(float(xs.max() - xs.min()), 1.0)
    side = (xs - xs.min()) / spread - 0.5
    noise = grain(1.3 * xs.astype(np.float64) + thing * 37, 1.3 * ys.astype(np.float64))
    gain = np.clip(1.0 + strength * noise + tilt * side, 0.3, 1.8)
    stage.canvas.rgb[ys, xs] *= gain[:, None]


def brightness(light: Light, lit: float) -> Array:
    """Radiance of an upright, white thing."""
    return np.asarray(0.55 * lit * light.sun + 0.8 * light.ambient, np.float64)
