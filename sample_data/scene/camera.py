"""The camera of the rendered street scenes: where it stands, and what a pixel sees."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene.noise import Array

NEAR = 0.4  # meters; nothing nearer is drawn
Window = tuple[int, int, int, int]  # y0, y1, x0, x1


@dataclass(frozen=True)
class Pose:
    """Position in meters and angles in radians; yaw 0 looks along +z, pitch up is positive."""

    x: float
    height: float
    z: float
    yaw: float
    pitch: float
    roll: float
    field_of_view: float


def _rotation(pose: Pose) -> Array:
    """Columns: right, up, forward in world axes (x right, y up, z forward)."""
    sy, cy = math.sin(pose.yaw), math.cos(pose.yaw)
    sp, cp = math.sin(pose.pitch), math.cos(pose.pitch)
    sr, cr = math.sin(pose.roll), math.cos(pose.roll)
    forward = np.array([sy * cp, sp, cy * cp])
    right = np.array([cy, 0.0, -sy])
    up = np.cross(forward, right)
    return np.stack([cr * right + sr * up, cr * up - sr * right, forward], axis=1)


class Camera:
    """A pinhole camera over a canvas of width×height pixels."""

    def __init__(self, pose: Pose, width: int, height: int) -> None:
        self.pose = pose
        self.width, self.height = width, height
        self.position = np.array([pose.x, pose.height, pose.z])
        self.rotation = _rotation(pose)
        self.focal = 0.5 * width / math.tan(0.5 * pose.field_of_view)
        self._x = (np.arange(width) + 0.5 - 0.5 * width) / self.focal
        self._y = -(np.arange(height) + 0.5 - 0.5 * height) / self.focal

    def project(self, points: Array) -> Array:
        """World points N×3 to N×3: x and y in pixels, depth in meters (depth <= 0 is behind)."""
        local = (points - self.position) @ self.rotation
        depth = np.where(np.abs(local[:, 2]) < 1e-9, 1e-9, local[:, 2])
        x = 0.5 * self.width + self.focal * local[:, 0] / depth
        y = 0.5 * self.height - self.focal * local[:, 1] / depth
        return np.stack([x, y, local[:, 2]], axis=1)

    def along(self, vector: Array, window: Window) -> Array:
        """Dot product of every pixel's ray (depth 1) with a vector: h×w."""
        y0, y1, x0, x1 = window
        a, b, c = self.rotation.T @ vector
        return np.asarray(a * self._x[None, x0:x1] + (b * self._y[y0:y1] + c)[:, None], np.float64)

    def window(self, points: Array) -> Window | None:
        """The pixels that a convex shape can touch; None where it cannot be seen."""
        seen = self.project(points)
        if (seen[:, 2] < NEAR).all():
            return None
        if (seen[:, 2] < NEAR).any():
            return 0, self.height, 0, self.width
        x0, y0 = np.floor(seen[:, :2].min(axis=0)).astype(int)
        x1, y1 = np.ceil(seen[:, :2].max(axis=0)).astype(int) + 1
        x0, y0 = max(int(x0), 0), max(int(y0), 0)
        x1, y1 = min(int(x1), self.width), min(int(y1), self.height)
        return (y0, y1, x0, x1) if x0 < x1 and y0 < y1 else None

    def rays(self) -> Array:
        """Direction of every pixel, h×w×3, depth 1."""
        whole = (0, self.height, 0, self.width)
        return np.stack([self.along(axis, whole) for axis in np.eye(3)], axis=-1)
