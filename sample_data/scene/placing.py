"""Free and visible places for objects in a plan."""

from __future__ import annotations

import math

import numpy as np

from scene.camera import Camera
from scene.ground import Strip
from scene.noise import Array
from scene.palettes import Palette
from scene.plan import Plan

Place = tuple[float, float]


class Sampler:
    """Finds free and visible places for objects in one plan."""

    def __init__(self, rng: np.random.Generator, plan: Plan, camera: Camera) -> None:
        self.rng, self.plan, self.camera = rng, plan, camera

    def pick(self, palette: Palette) -> Array:
        color = np.array(palette[int(self.rng.integers(len(palette)))])
        tint = 1.0 + self.rng.normal(0.0, 0.03, 3)
        return np.clip(color * tint * self.rng.uniform(0.85, 1.15), 0.0, 0.85)

    def in_view(self, x: float, z: float, height: float) -> bool:
        seen = self.camera.project(np.array([[x, 0.5 * height, z]]))[0]
        inside = 0 < seen[0] < self.camera.width and 0 < seen[1] < self.camera.height
        return bool(seen[2] > 1.5 and inside)

    def is_free(self, x: float, z: float, margin: float) -> bool:
        return not any(house.contains(x, z, margin) for house in self.plan.houses)

    def ahead(self, near: float, far: float) -> Place:
        """A random place before the camera, more often near than far."""
        pose = self.plan.pose
        distance = near * (far / near) ** self.rng.random()
        bearing = pose.yaw + self.rng.uniform(-0.55, 0.55) * pose.field_of_view
        return (
            float(pose.x + distance * math.sin(bearing)),
            float(pose.z + distance * math.cos(bearing)),
        )

    def spot(self, kinds: tuple[int, ...], reach: tuple[float, float]) -> Place | None:
        """A place before the camera on one of these kinds of ground and in no house."""
        for _ in range(12):
            x, z = self.ahead(*reach)
            kind = int(self.plan.ground.kinds(np.array([x]), np.array([z]))[0])
            if kind in kinds and self.is_free(x, z, 0.4):
                return x, z
        return None

    def roads(self) -> list[Strip]:
        return [strip for strip in self.plan.ground.strips if not strip.footpath]
