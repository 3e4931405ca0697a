"""Trees and bushes: figures with leafy outlines and clumps of leaves in light and shade."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene.light import hazed
from scene.noise import Array, cloudy, grain
from scene.sprites import Look, Stage, Stand, brightness, polygon, stand


@dataclass(frozen=True)
class Tree:
    """`trunk` is the height of the crown's foot; 0 makes a bush. Meters."""

    x: float
    z: float
    trunk: float
    radius: float
    crown: float  # height of the crown
    shape: str  # round, cone or column
    leaf: Array
    bark: Array
    lobes: Array  # N×3: middle and radius of each bulge, in half crowns
    seed: float

    @property
    def height(self) -> float:
        return self.trunk + self.crown

    def draw(self, stage: Stage, lit: float, label: int) -> None:
        """Trunk, then crown."""
        place = stand(stage.camera, self.x, self.z, self.height)
        if place is None:
            return
        look = Look(place.depth, label, stage.canvas.next_thing())
        if self.trunk > 0:
            _draw_trunk(stage, self, place, look, brightness(stage.light, 0.5 * lit))
        _paint_crown(stage, self, place, look, lit)


def _draw_trunk(stage: Stage, tree: Tree, place: Stand, look: Look, white: Array) -> None:
    wide = max(0.07 * tree.radius + 0.06, 1.2 * stage.pixel * place.depth / stage.camera.focal / 2)
    top = tree.trunk + 0.35 * tree.crown
    outline = [(-1.3 * wide, 0.0), (1.3 * wide, 0.0), (0.7 * wide, top), (-0.7 * wide, top)]
    polygon(stage, place.at(np.array(outline)), tree.bark * white, look)
    shaded = [(0.1 * wide, 0.0), (1.3 * wide, 0.0), (0.7 * wide, top), (0.0, top)]
    polygon(stage, place.at(np.array(shaded)), tree.bark * white * 0.6, look)


def sample_lobes(rng: np.random.Generator, shape: str) -> Array:
    """Bulges of a crown: a big one in the middle and smaller ones around it or on top of it."""
    count = int(rng.integers(7, 12))
    if shape == "round":
        turn = rng.uniform(0.0, 2.0 * math.pi, count)
        away = rng.uniform(0.35, 0.66, count)
        radius = rng.uniform(0.30, 0.46, count)
        around = np.stack([away * np.cos(turn), 0.9 * away * np.sin(turn), radius], axis=1)
        return np.concatenate([np.array([[0.0, -0.05, 0.66]]), around])
    rise = np.linspace(-0.8, 0.8, count)
    return np.stack([rng.uniform(-0.3, 0.3, count), rise, rng.uniform(0.4, 0.65, count)], axis=1)


def _bulges(tree: Tree, a: Array, b: Array) -> tuple[Array, Array, Array]:
    """How deep inside the union of all lobes, and the offset from the deepest one's middle."""
    depth = np.full(a.shape, -np.inf)
    right, up = np.zeros(a.shape), np.zeros(a.shape)
    flat = 1.0 if tree.shape == "round" else tree.crown / (2.0 * tree.radius)
    for x, y, radius in tree.lobes:
        da, db = (a - x) / radius, (b - y) * flat / radius
        field = (1.0 - da * da - db * db) * radius
        deeper = field > depth
        depth = np.where(deeper, field, depth)
        right, up = np.where(deeper, da, right), np.where(deeper, db, up)
    return depth, right, up


def _inside(tree: Tree, a: Array, b: Array, bulge: Array) -> Array:
    """Positive inside the crown; a and b run from -1 to 1 over it."""
    fringe = 0.11 * cloudy(a * 13 * tree.radius + tree.seed, b * 13 * tree.radius)
    fringe = fringe + 0.07 * grain(a * 9 * tree.radius, b * 9 * tree.radius + tree.seed)
    if tree.shape == "cone":
        tiers = 0.16 * (1.0 - np.mod(3.5 * b + tree.seed, 1.0))
        field = 0.46 * (1.0 - b) - np.abs(a) + tiers + fringe
        return np.asarray(np.where(np.abs(b) < 1.0, field, -1.0), np.float64)
    return np.asarray(bulge + fringe, np.float64)


def _paint_crown(stage: Stage, tree: Tree, place: Stand, look: Look, lit: float) -> None:
    canvas = stage.canvas
    reach_x, middle, reach_y = tree.radius * 1.25, tree.trunk + tree.crown / 2, tree.crown * 0.62
    corners = place.at(
        np.array([[i * reach_x, middle + j * reach_y] for i in (-1, 1) for j in (-1, 1)])
    )
    height, width = canvas.depth.shape
    x0, y0 = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(axis=0)).astype(int), (width, height))
    if x0 >= x1 or y0 >= y1:
        return
    ys, xs = np.mgrid[y0:y1, x0:x1]
    dx, dy = xs + 0.5 - place.foot[0], ys + 0.5 - place.foot[1]
    inverse = np.linalg.inv(np.stack([place.right, place.up], axis=1))
    a = (inverse[0, 0] * dx + inverse[0, 1] * dy) / tree.radius
    b = (inverse[1, 0] * dx + inverse[1, 1] * dy - middle) / (tree.crown / 2)
    bulge, right, up = _bulges(tree, a, b)
    inside = (_inside(tree, a, b, bulge) > 0) & (canvas.depth[y0:y1, x0:x1] >= place.depth)
    if not inside.any():
        return
    color = _leaf_light(stage, tree, (a[inside], b[inside]), (right[inside], up[inside]), lit)
    canvas.rgb[y0:y1, x0:x1][inside] = hazed(stage.light, color, np.full(len(color), place.depth))
    canvas.depth[y0:y1, x0:x1][inside] = place.depth
    canvas.label[y0:y1, x0:x1][inside] = look.label
    canvas.thing[y0:y1, x0:x1][inside] = look.thing


def _leaf_light(
    stage: Stage, tree: Tree, where: tuple[Array, Array], bulge: tuple[Array, Array], lit: float
) -> Array:
    """Radiance of leaves: lobes and clumps turned to the sun are bright, gaps are dark."""
    light, (a, b), (right, up) = stage.light, where, bulge
    sun = stage.camera.rotation.T @ light.sun_direction
    x, y = 0.55 * a + 0.6 * right, 0.55 * b + 0.6 * up
    front = np.sqrt(np.clip(1.0 - x * x - y * y, 0.0, 1.0))
    scale = 13.0 * max(tree.radius, 0.8)
    clumps = cloudy(a * scale + tree.seed, b * scale) * 0.9
    facing = x * sun[0] + y * sun[1] - front * sun[2] + 0.4 * clumps
    direct = np.clip(0.2 + 0.8 * facing, 0.03, 1.1) * lit
    fine = grain(a * scale * 2.1, b * scale * 2.1 + tree.seed)
    texture = np.clip(0.9 + 0.34 * clumps + 0.36 * fine, 0.12, 2.4)
    rim = np.clip(1.15 - 0.55 * (right * right + up * up), 0.45, 1.0)
    fill = light.ambient * ((0.55 + 0.42 * y) * rim)[:, None]
    warm = 1.0 + np.clip(clumps, -1, 1)[:, None] * np.array([0.20, 0.08, -0.10])
    lighted = tree.leaf * warm * texture[:, None] * (light.sun * direct[:, None] + fill)
    return np.asarray(1.15 * lighted, np.float64)
