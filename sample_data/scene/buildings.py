"""Houses: how they look, and the walls and roofs they consist of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene.facades import Facade
from scene.materials import Roof
from scene.noise import Array
from scene.palettes import Palette
from scene.shadows import Block
from scene.surfaces import Quad

UP = np.array([0.0, 1.0, 0.0])

# wall: weight, and linear colors to pick from: most are warm, so that walls differ from the ground
_WALLS: dict[str, tuple[float, Palette]] = {
    "plaster": (
        0.42,
        [(0.56, 0.38, 0.16), (0.58, 0.33, 0.13), (0.54, 0.29, 0.20), (0.60, 0.43, 0.22),
         (0.52, 0.25, 0.15), (0.58, 0.36, 0.27), (0.60, 0.40, 0.30), (0.24, 0.29, 0.33)],
    ),
    "brick": (
        0.33,
        [(0.36, 0.15, 0.08), (0.40, 0.19, 0.10), (0.44, 0.23, 0.12), (0.26, 0.10, 0.07)],
    ),
    "stone": (0.15, [(0.50, 0.35, 0.17), (0.46, 0.29, 0.15)]),
    "boards": (0.10, [(0.42, 0.24, 0.11), (0.52, 0.36, 0.17), (0.30, 0.10, 0.08)]),
}  # fmt: skip
_TRIMS = [(0.66, 0.50, 0.30), (0.58, 0.42, 0.24), (0.25, 0.12, 0.06), (0.70, 0.56, 0.38),
          (0.72, 0.69, 0.63), (0.13, 0.10, 0.09)]  # fmt: skip
_ROOFS = [(0.32, 0.13, 0.07), (0.24, 0.12, 0.07), (0.36, 0.17, 0.09), (0.13, 0.115, 0.11)]


@dataclass(frozen=True)
class House:
    """Footprint: one front corner, heading of the front (left to right), sizes in meters."""

    x: float
    z: float
    heading: float
    width: float
    depth: float
    height: float
    front: Facade
    roof: Roof | None
    roof_height: float

    def _axes(self) -> tuple[Array, Array]:
        """Unit vectors along the front and into the house."""
        sh, ch = math.sin(self.heading), math.cos(self.heading)
        return np.array([sh, 0.0, ch]), np.array([-ch, 0.0, sh])

    def footprint(self, margin: float = 0.0) -> Array:
        """Corners and edge middles on the ground, N×2 (x, z)."""
        along, inward = self._axes()
        start = np.array([self.x, 0.0, self.z])
        grid = [
            start + along * a + inward * b
            for a in np.linspace(-margin, self.width + margin, 4)
            for b in np.linspace(-margin, self.depth + margin, 3)
        ]
        return np.array(grid)[:, [0, 2]]

    def contains(self, x: float, z: float, margin: float) -> bool:
        along, inward = self._axes()
        offset = np.array([x - self.x, 0.0, z - self.z])
        a, b = float(offset @ along), float(offset @ inward)
        return -margin < a < self.width + margin and -margin < b < self.depth + margin

    def block(self) -> Block:
        along, inward = self._axes()
        middle = np.array([self.x, 0.0, self.z]) + along * self.width / 2 + inward * self.depth / 2
        top = self.height + 0.5 * self.roof_height
        return Block(middle[0], middle[2], self.heading, self.width / 2, self.depth / 2, top)

    def quads(self, label: int) -> list[Quad]:
        along, inward = self._axes()
        a = np.array([self.x, 0.0, self.z])
        b = a + along * self.width
        c = b + inward * self.depth
        d = a + inward * self.depth
        sides = [(a, along, self.width), (b, inward, self.depth), (c, -along, self.width),
                 (d, -inward, self.depth)]  # fmt: skip
        walls = [Quad(o, way, UP, size, self.height, self.front, label) for o, way, size in sides]
        top = self.height * UP
        if self.roof is None:
            flat = Roof(np.array([0.28, 0.16, 0.10]), 3.0, self.front.seed)
            return [*walls, Quad(a + top, along, inward, self.width, self.depth, flat, label)]
        half = self.depth / 2 + 0.35
        slope = math.hypot(half, self.roof_height)
        lean = (inward * half + UP * self.roof_height) / slope
        back = (-inward * half + UP * self.roof_height) / slope
        gable = Roof(self.front.color, 6.0, self.front.seed)
        eaves, rear = a + top - 0.35 * inward, c + top + 0.35 * inward
        return [
            *walls,
            Quad(eaves, along, lean, self.width, slope, self.roof, label, two_sided=True),
            Quad(rear, -along, back, self.width, slope, self.roof, label, two_sided=True),
            Quad(b + top, inward, UP, self.depth, self.roof_height, gable, label, "gable"),
            Quad(d + top, -inward, UP, self.depth, self.roof_height, gable, label, "gable"),
        ]


def _sample_facade(rng: np.random.Generator, height: float, floor: float) -> Facade:
    walls = list(_WALLS)
    weights = np.array([_WALLS[wall][0] for wall in walls])
    wall = walls[int(rng.choice(len(walls), p=weights / weights.sum()))]
    colors = _WALLS[wall][1]
    color = np.array(colors[int(rng.integers(len(colors)))]) * rng.uniform(0.9, 1.15)
    bay = float(rng.uniform(2.2, 3.2))
    window = (bay * float(rng.uniform(0.36, 0.5)), float(rng.uniform(1.3, 1.8)))
    return Facade(
        wall=wall,
        color=np.clip(color * (1 + rng.uniform(-0.04, 0.04, 3)), 0.02, 0.8),
        trim=np.array(_TRIMS[int(rng.integers(len(_TRIMS)))]),
        height=height,
        floor=floor,
        bay=bay,
        window=window,
        ground_floor=float(rng.uniform(3.2, 4.2)) if height > 5 else 0.2,
        shop=bool(rng.random() < 0.35 and height > 6),
        balconies=bool(rng.random() < 0.12),
        shutters=bool(rng.random() < 0.2 and wall != "brick"),
        seed=float(rng.integers(0, 400)),
    )


def sample_house(
    rng: np.random.Generator, x: float, z: float, heading: float, floors: tuple[int, int]
) -> House:
    """A house whose front starts at (x, z) and runs along the heading."""
    count, floor = int(rng.integers(floors[0], floors[1] + 1)), float(rng.uniform(2.9, 3.5))
    height = 1.0 + floor * count + float(rng.uniform(0.0, 0.8))
    gabled = count <= 4 and rng.random() < 0.6
    color = np.array(_ROOFS[int(rng.integers(len(_ROOFS)))]) * rng.uniform(0.9, 1.2)
    roof = Roof(color, float(rng.uniform(0.3, 0.5)), float(rng.integers(0, 400)))
    return House(
        x=x,
        z=z,
        heading=heading,
        width=float(rng.uniform(7, 17)),
        depth=float(rng.uniform(8, 13)),
        height=height,
        front=_sample_facade(rng, height, floor),
        roof=roof if gabled else None,
        roof_height=float(rng.uniform(1.8, 4.0)) if gabled else 0.0,
    )
