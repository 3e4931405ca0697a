"""Flat surfaces: which one each pixel sees, and how it is lit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from scene.camera import Camera, Window
from scene.light import Light, hazed, sky
from scene.materials import Coat, Material
from scene.noise import Array, cloudy
from scene.pavement import Pavement
from scene.shadows import Occluder, openness, sunlight

UP = np.array([0.0, 1.0, 0.0])
SHADOW_STEP = 2  # shadows are traced for every second pixel each way


@dataclass(frozen=True)
class Quad:
    """A rectangle in space: origin, two unit edges, their lengths. Its normal is up × along."""

    origin: Array
    along: Array
    up: Array
    length: float
    height: float
    material: Material
    label: int
    outline: str = "straight"  # gable: a triangle; ragged: leaves along the top
    two_sided: bool = False

    @property
    def normal(self) -> Array:
        return np.cross(self.up, self.along)

    def corners(self) -> Array:
        far = self.origin + self.length * self.along
        top = self.height * 1.15 * self.up
        return np.stack([self.origin, far, far + top, self.origin + top])


@dataclass
class Canvas:
    """What is drawn so far, at the camera's resolution."""

    rgb: Array
    depth: Array
    label: npt.NDArray[np.uint8]
    thing: npt.NDArray[np.int32]  # which object, for outlines; 0 is none
    things: int = field(default=0)

    @classmethod
    def blank(cls, height: int, width: int) -> Canvas:
        return cls(
            np.zeros((height, width, 3)),
            np.full((height, width), np.inf),
            np.zeros((height, width), np.uint8),
            np.zeros((height, width), np.int32),
        )

    def next_thing(self) -> int:
        self.things += 1
        return self.things


@dataclass(frozen=True)
class Solid:
    """All that is flat and stands still; ground labels are for road, pavement and grass."""

    quads: list[Quad]
    pavement: Pavement
    ground_labels: tuple[int, int, int]
    occluders: list[Occluder]


@dataclass(frozen=True)
class _Pixels:
    """The pixels that see one surface: how they lie, how much sun and sky they get."""

    normal: Array
    depth: Array
    rays: Array
    sunlit: Array
    open: Array


@dataclass(frozen=True)
class _Hits:
    surface: npt.NDArray[np.int16]  # -1 where nothing is hit
    u: Array
    v: Array


def _cover(
    camera: Camera, quad: Quad, window: Window
) -> tuple[npt.NDArray[np.bool_], Array, Array, Array]:
    """For the window's pixels: inside or not, depth, u, v."""
    normal = quad.normal
    offset = quad.origin - camera.position
    facing = camera.along(normal, window)
    facing = np.where(np.abs(facing) < 1e-9, 1e-9, facing)
    depth = float(offset @ normal) / facing
    u = depth * camera.along(quad.along, window) - float(offset @ quad.along)
    v = depth * camera.along(quad.up, window) - float(offset @ quad.up)
    inside = (depth > 0.2) & (u >= 0) & (u <= quad.length) & (v >= 0)
    if quad.outline == "gable":
        inside &= v <= quad.height * (1.0 - np.abs(2.0 * u / quad.length - 1.0))
    elif quad.outline == "ragged":
        inside &= v <= quad.height * (1.0 + 0.06 * cloudy(u * 11 + quad.length * 7, v * 0 + 5))
    else:
        inside &= v <= quad.height
    return inside, depth, u, v


def _trace_ground(camera: Camera, canvas: Canvas, hits: _Hits) -> None:
    whole = (0, camera.height, 0, camera.width)
    fall = camera.along(UP, whole)
    depth = np.where(fall < -1e-4, -camera.position[1] / np.minimum(fall, -1e-4), np.inf)
    seen = depth < 400.0
    canvas.depth[seen] = depth[seen]
    hits.surface[seen] = 0
    for axis, target in ((0, hits.u), (2, hits.v)):
        direction = camera.along(np.eye(3)[axis], whole)
        target[seen] = camera.position[axis] + depth[seen] * direction[seen]


def _trace(camera: Camera, quads: list[Quad], canvas: Canvas) -> _Hits:
    shape = canvas.depth.shape
    hits = _Hits(np.full(shape, -1, np.int16), np.zeros(shape), np.zeros(shape))
    _trace_ground(camera, canvas, hits)
    for number, quad in enumerate(quads, start=1):
        if not quad.two_sided and (camera.position - quad.origin) @ quad.normal <= 0:
            continue
        window = camera.window(quad.corners())
        if window is None:
            continue
        inside, depth, u, v = _cover(camera, quad, window)
        y0, y1, x0, x1 = window
        nearer = inside & (depth < canvas.depth[y0:y1, x0:x1])
        canvas.depth[y0:y1, x0:x1][nearer] = depth[nearer]
        hits.surface[y0:y1, x0:x1][nearer] = number
        hits.u[y0:y1, x0:x1][nearer] = u[nearer]
        hits.v[y0:y1, x0:x1][nearer] = v[nearer]
    return hits


def _shadows(
    camera: Camera, light: Light, occluders: list[Occluder], depth: Array, rays: Array
) -> Array:
    """Share of sun per pixel; coarse and smoothly enlarged, which makes soft edges."""
    if light.sun.max() < 0.15:
        return np.ones(depth.shape)
    coarse = depth[::SHADOW_STEP, ::SHADOW_STEP]
    near = coarse < 120.0
    points = camera.position + coarse[near][:, None] * rays[::SHADOW_STEP, ::SHADOW_STEP][near]
    lit = np.ones(coarse.shape)
    lit[near] = sunlight(light, occluders, points + 0.06 * light.sun_direction)
    return _enlarged(lit, depth)


def _openness(hits: _Hits, occluders: list[Occluder], depth: Array) -> Array:
    """Share of sky light per pixel of the ground; 1 elsewhere."""
    grid = (slice(None, None, SHADOW_STEP), slice(None, None, SHADOW_STEP))
    near = (hits.surface[grid] == 0) & (depth[grid] < 60.0)
    share = np.ones(near.shape)
    share[near] = openness(occluders, hits.u[grid][near], hits.v[grid][near])
    return _enlarged(share, depth)


def _enlarged(coarse: Array, depth: Array) -> Array:
    size = (depth.shape[1], depth.shape[0])
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR), np.float64)


def _mirrored(light: Light, rays: Array, normal: Array) -> Array:
    turned = rays - 2.0 * (rays @ normal)[:, None] * normal
    turned[:, 1] = np.abs(turned[:, 1])
    return sky(light, turned)


def _shade(light: Light, coat: Coat, pixels: _Pixels) -> Array:
    """Radiance of the pixels that see one flat surface."""
    direct = max(0.0, float(pixels.normal @ light.sun_direction)) * pixels.sunlit
    above = light.ambient * (0.72 + 0.28 * pixels.normal[1])
    color = coat.albedo * (light.sun * direct[:, None] + above * pixels.open[:, None])
    color += coat.emission
    shiny = coat.gloss > 0
    if shiny.any():
        mirror = _mirrored(light, pixels.rays[shiny], pixels.normal)
        color[shiny] += 0.55 * coat.gloss[shiny][:, None] * mirror
    return hazed(light, color, pixels.depth)


def draw_surfaces(camera: Camera, light: Light, solid: Solid) -> Canvas:
    """Ground, walls, roofs and hedges; the rest of the canvas is sky with label 0."""
    canvas = Canvas.blank(camera.height, camera.width)
    hits = _trace(camera, solid.quads, canvas)
    rays = camera.rays()
    lit = _shadows(camera, light, solid.occluders, canvas.depth, rays)
    share = _openness(hits, solid.occluders, canvas.depth)
    empty = hits.surface < 0
    canvas.rgb[empty] = sky(light, rays[empty])
    for number in np.unique(hits.surface[~empty]):
        chosen = hits.surface == number
        u, v, depth = hits.u[chosen], hits.v[chosen], canvas.depth[chosen]
        footprint = depth / camera.focal
        if number == 0:
            normal, opened = UP, share[chosen]
            footprint = footprint * np.sqrt(np.maximum(1.0, depth / camera.position[1]))
            coat = solid.pavement.coat(u, v, footprint, light.lit_windows)
            kinds = solid.pavement.ground.kinds(u, v)
            canvas.label[chosen] = np.array(solid.ground_labels, np.uint8)[kinds]
        else:
            quad = solid.quads[number - 1]
            normal = quad.normal
            normal = normal * math.copysign(1.0, float((camera.position - quad.origin) @ normal))
            upright = abs(normal[1]) < 0.1
            # the foot of a wall sees less of the sky
            opened = np.clip(0.55 + 0.3 * v, 0.0, 1.0) if upright else np.ones(len(v))
            coat = quad.material.coat(u, v, footprint, light.lit_windows)
            canvas.label[chosen] = quad.label
        pixels = _Pixels(normal, depth, rays[chosen], lit[chosen], opened)
        canvas.rgb[chosen] = _shade(light, coat, pixels)
    return canvas
