"""Trees and bushes: figures with leafy outlines and clumps of leaves in light and shade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scene_light import hazed
from scene_noise import Array, cloudy, grain
from scene_sprites import Look, Stage, Stand, brightness, polygon, stand


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
    seed: float

    @property
    def height(self) -> float:
        return self.trunk + self.crown


def _draw_trunk(stage: Stage, tree: Tree, place: Stand, look: Look, white: Array) -> None:
    wide = max(0.07 * tree.radius + 0.06, 1.2 * stage.pixel * place.depth / stage.camera.focal / 2)
    top = tree.trunk + 0.35 * tree.crown
    outline = [(-1.3 * wide, 0.0), (1.3 * wide, 0.0), (0.7 * wide, top), (-0.7 * wide, top)]
    polygon(stage, place.at(np.array(outline)), tree.bark * white, look)
    shaded = [(0.1 * wide, 0.0), (1.3 * wide, 0.0), (0.7 * wide, top), (0.0, top)]
    polygon(stage, place.at(np.array(shaded)), tree.bark * white * 0.6, look)


def _inside(tree: Tree, a: Array, b: Array) -> Array:
    """Positive inside the crown; a and b run from -1 to 1 over it."""
    fringe = 0.20 * cloudy(a * 9 * tree.radius + tree.seed, b * 9 * tree.radius)
    fringe = fringe + 0.10 * grain(a * 7 * tree.radius, b * 7 * tree.radius + tree.seed)
    if tree.shape == "cone":
        field = 0.5 * (1.0 - b) - np.abs(a) + 0.10 * np.mod(4.0 * b, 1.0)
        return np.asarray(np.where(np.abs(b) < 1.0, field + 0.35 * fringe, -1.0), np.float64)
    power = 2.0 if tree.shape == "round" else 4.0
    lobes = 0.22 * cloudy(a * 22 + tree.seed * 3, b * 22 + tree.seed)
    return np.asarray(0.86 - a * a - np.abs(b) ** power + fringe + lobes, np.float64)


def _paint_crown(stage: Stage, tree: Tree, place: Stand, look: Look, lit: float) -> None:
    canvas, light = stage.canvas, stage.light
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
    inside = (_inside(tree, a, b) > 0) & (canvas.depth[y0:y1, x0:x1] > place.depth)
    if not inside.any():
        return
    a, b = a[inside], b[inside]
    sun = stage.camera.rotation.T @ light.sun_direction
    front = np.sqrt(np.clip(1.0 - a * a - b * b, 0.0, 1.0))
    scale = 11.0 * max(tree.radius, 0.8)
    clumps = cloudy(a * scale + tree.seed, b * scale) * 0.9
    facing = a * sun[0] + b * sun[1] - front * sun[2] + 0.35 * clumps
    direct = np.clip(0.25 + 0.75 * facing, 0.04, 1.0) * lit
    fine = grain(a * scale * 2.3, b * scale * 2.3 + tree.seed)
    texture = np.clip(0.85 + 0.30 * clumps + 0.30 * fine, 0.15, 2.2)
    fill = light.ambient * (0.62 + 0.30 * b)[:, None]
    warm = 1.0 + np.clip(clumps, -1, 1)[:, None] * np.array([0.20, 0.08, -0.10])
    color = tree.leaf * warm * texture[:, None] * (light.sun * direct[:, None] + fill)
    canvas.rgb[y0:y1, x0:x1][inside] = hazed(light, color, np.full(len(color), place.depth))
    canvas.label[y0:y1, x0:x1][inside] = look.label
    canvas.thing[y0:y1, x0:x1][inside] = look.thing


def draw_tree(stage: Stage, tree: Tree, lit: float, label: int) -> None:
    place = stand(stage.camera, tree.x, tree.z, tree.height)
    if place is None:
        return
    look = Look(place.depth, label, stage.canvas.next_thing())
    if tree.trunk > 0:
        _draw_trunk(stage, tree, place, look, brightness(stage.light, 0.5 * lit))
    _paint_crown(stage, tree, place, look, lit)
