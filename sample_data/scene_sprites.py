"""Objects that stand in a scene and are drawn as polygons: people, masts, signs, railings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from scene_camera import Camera
from scene_light import Light, hazed
from scene_noise import Array, grain
from scene_surfaces import Canvas

SHIFT = 4  # cv2 polygons take coordinates in 1/16 pixel


@dataclass(frozen=True)
class Stage:
    """All that drawing an object needs besides the object; pixel = canvas pixels per picture pixel."""

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


def stand(camera: Camera, x: float, z: float, height: float, base: float = 0.0) -> Stand | None:
    """Where a figure at (x, z) appears; None when it is behind, too near or out of sight."""
    ends = camera.project(np.array([[x, base, z], [x, base + height, z]]))
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
    free = (mask > 0) & (canvas.depth[y0:y1, x0:x1] > look.depth)
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
    noise = grain(xs * 1.3 + thing * 37, ys * 1.3)
    gain = np.clip(1.0 + strength * noise + tilt * side, 0.3, 1.8)
    stage.canvas.rgb[ys, xs] *= gain[:, None]


def brightness(light: Light, lit: float) -> Array:
    """Radiance of an upright, white thing."""
    return np.asarray(0.55 * lit * light.sun + 0.8 * light.ambient, np.float64)


@dataclass(frozen=True)
class Person:
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


def draw_person(stage: Stage, person: Person, lit: float, label: int) -> None:
    place = stand(stage.camera, person.x, person.z, person.height)
    if place is None:
        return
    thing = stage.canvas.next_thing()
    look = Look(place.depth, label, thing)
    white = brightness(stage.light, lit)
    size = person.height / 1.75

    def part(points: list[tuple[float, float]] | Array, color: Array) -> None:
        polygon(stage, place.at(np.asarray(points, np.float64) * size), color * white, look)

    swing = person.stride
    for side, step in ((-1.0, swing), (1.0, -swing)):
        hip, foot = 0.085 * side, 0.09 * side + step
        shade = person.legs * (0.75 if side < 0 else 1.0)
        leg = [(hip - 0.10, 0.9), (hip + 0.10, 0.9), (foot + 0.07, 0.08), (foot - 0.07, 0.08)]
        part(leg, shade)
        part([(foot - 0.08, 0.1), (foot + 0.08, 0.1), (foot + 0.13, 0.0), (foot - 0.1, 0.0)],
             np.array([0.03, 0.03, 0.03]))  # fmt: skip
    low = person.coat
    arm = swing * 0.8
    for side, step in ((-1.0, -arm), (1.0, arm)):
        hand = 0.27 * side + step
        part([(0.17 * side, 1.46), (0.27 * side, 1.40), (hand + 0.05, 0.85), (hand - 0.06, 0.85)],
             person.top * 0.72)  # fmt: skip
        part(ring(hand, 0.82, 0.055, 0.07, 8), person.skin)
    part([(-0.22, 1.44), (-0.1, 1.51), (0.1, 1.51), (0.22, 1.44), (0.19, low), (-0.19, low)],
         person.top)  # fmt: skip
    part([(0.0, 1.5), (0.22, 1.43), (0.19, low), (0.05, low)], person.top * 0.82)
    if person.bag is not None:
        part([(-0.26, 1.4), (-0.1, 1.44), (-0.1, 0.98), (-0.28, 1.0)], person.bag)
    if person.long_hair:
        part([(-0.12, 1.66), (0.12, 1.66), (0.15, 1.42), (-0.15, 1.42)], person.hair)
    part([(-0.05, 1.5), (0.05, 1.5), (0.05, 1.58), (-0.05, 1.58)], person.skin * 0.7)
    part(ring(0.0, 1.635, 0.09, 0.125), person.skin)
    cap = ring(0.0, 1.665, 0.1, 0.11)
    part(cap[cap[:, 1] > 1.64], person.hair)
    roughen(stage, thing, 0.10, 0.25)


@dataclass(frozen=True)
class Mast:
    """A lamp post, a sign's post or a bollard."""

    x: float
    z: float
    height: float
    radius: float
    color: Array
    arm: float = 0.0  # length of the lamp's arm, meters
    glow: float = 0.0


def thin(stage: Stage, ends: Array, width: float, color: Array, look: Look) -> None:
    """A bar between two pixel positions."""
    way = ends[1] - ends[0]
    length = max(float(np.hypot(*way)), 1e-6)
    aside = np.array([-way[1], way[0]]) / length * width * 0.5
    polygon(stage, np.stack([ends[0] - aside, ends[0] + aside, ends[1] + aside, ends[1] - aside]),
            color, look)  # fmt: skip
    bright = np.stack([ends[0], ends[0] + aside, ends[1] + aside, ends[1]])
    polygon(stage, bright, color * 1.5, look)


def draw_mast(stage: Stage, mast: Mast, lit: float, label: int) -> None:
    place = stand(stage.camera, mast.x, mast.z, mast.height)
    if place is None:
        return
    look = Look(place.depth, label, stage.canvas.next_thing())
    color = mast.color * brightness(stage.light, lit)
    pixels = 2.0 * mast.radius * stage.camera.focal / place.depth
    width = float(np.clip(pixels, 2.1 * stage.pixel, 4.0 * stage.pixel)) - 1.0
    foot, top = place.at(np.array([[0.0, 0.0], [0.0, mast.height]]))
    thin(stage, np.stack([foot, top]), width, color, look)
    if mast.arm != 0.0:
        bend = place.at(
            np.array(
                [
                    [0.0, mast.height],
                    [0.6 * mast.arm, mast.height + 0.35],
                    [mast.arm, mast.height + 0.4],
                ]
            )
        )
        slim = max(width * 0.8, 2.0 * stage.pixel - 1.0)
        thin(stage, bend[:2], slim, color, look)
        thin(stage, bend[1:], slim, color, look)
        head = ring(mast.arm, mast.height + 0.36, 0.38, 0.13, 8)
        lamp = color + mast.glow * np.array([4.0, 3.0, 1.8])
        polygon(stage, place.at(head), lamp, look)


@dataclass(frozen=True)
class Railing:
    """Posts and bars between points (x, z)."""

    points: tuple[tuple[float, float], ...]
    color: Array


def draw_railing(stage: Stage, railing: Railing, lit: float, label: int) -> None:
    camera = stage.camera
    color = railing.color * brightness(stage.light, lit)
    thing = stage.canvas.next_thing()
    width = 2.1 * stage.pixel - 1.0
    for (xa, za), (xb, zb) in zip(railing.points, railing.points[1:], strict=False):
        for bar in (1.05, 0.45):
            ends = camera.project(np.array([[xa, bar, za], [xb, bar, zb]]))
            if 2.0 < ends[:, 2].min() and ends[:, 2].max() < 15.0:
                look = Look(float(ends[:, 2].mean()) - 0.1, label, thing)
                thin(stage, ends[:, :2], width, color, look)
    for x, z in railing.points:
        ends = camera.project(np.array([[x, 0.0, z], [x, 1.1, z]]))
        if 2.0 < ends[:, 2].min() < 15.0:
            thin(stage, ends[:, :2], width, color, Look(float(ends[0, 2]) - 0.1, label, thing))


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
    """Half size in meters that is near 0.38 m but 3.2 to 6.5 picture pixels."""
    scale = camera.focal / depth / pixel
    return float(np.clip(0.38 * scale, 3.4, 6.5)) / scale


def draw_sign(stage: Stage, sign: Sign, lit: float, label: int) -> None:
    place = stand(stage.camera, sign.x, sign.z, sign.height)
    if place is None:
        return
    radius = sign_radius(stage.camera, place.depth, stage.pixel)
    look = Look(place.depth - 0.15, label, stage.canvas.next_thing())
    # retroreflective sheeting looks brighter than its surroundings in any light
    white = brightness(stage.light, lit) * 0.75 + 0.25 * stage.light.horizon
    middle = np.array([0.0, sign.height + 0.6 * radius])
    outline = _outline(sign.shape, radius)
    polygon(stage, place.at(middle + outline), sign.rim * white, look)
    lowered = middle - np.array([0.0, 0.06 * radius if sign.shape == "triangle" else 0.0])
    polygon(stage, place.at(lowered + 0.68 * outline), sign.face * white, look)
    if sign.mark_shape != "none":
        mark = _MARKS[sign.mark_shape] * radius * (0.6 if sign.shape == "triangle" else 1.0)
        polygon(stage, place.at(lowered + mark), sign.mark * white, look)
