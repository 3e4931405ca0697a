"""Cars, vans and buses: solid bodies of flat panels, seen in perspective."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene.light import sky
from scene.noise import Array
from scene.sprites import Look, Stage, polygon, ring, roughen

Profile = list[tuple[float, float]]  # (along, up) from the rear's foot over the top to the front's


@dataclass(frozen=True)
class Shape:
    """Side view as shares of length and height: the body up to the belt, the cabin above it."""

    length: float
    width: float
    height: float
    belt: float
    cabin: tuple[float, float, float, float]  # rear foot, rear top, front top, front foot


SHAPES: dict[str, Shape] = {
    "saloon": Shape(4.5, 1.80, 1.45, 0.60, (0.10, 0.25, 0.56, 0.74)),
    "hatchback": Shape(3.9, 1.72, 1.50, 0.60, (0.02, 0.10, 0.58, 0.78)),
    "estate": Shape(4.7, 1.85, 1.65, 0.60, (0.01, 0.06, 0.58, 0.76)),
    "van": Shape(5.2, 2.0, 2.3, 0.52, (0.0, 0.01, 0.76, 0.90)),
    "bus": Shape(10.5, 2.5, 3.0, 0.40, (0.0, 0.005, 0.985, 0.998)),
}


@dataclass(frozen=True)
class Car:
    x: float
    z: float
    heading: float
    shape: str
    color: Array
    lights: bool

    def draw(self, stage: Stage, lit: float, label: int) -> None:
        """Body, wheels, cabin and lamps, in this order."""
        shape = SHAPES[self.shape]
        reach = 0.5 * math.hypot(shape.length, shape.width)
        seen = stage.camera.project(np.array([[self.x, 0.5 * shape.height, self.z]]))[0]
        if seen[2] < reach + 1.0:
            return
        margin = 2.0 * reach * stage.camera.focal / seen[2]
        if not -margin < seen[0] < stage.camera.width + margin:
            return
        depth = float(seen[2]) - 0.35 * shape.width
        body = _Body(stage, self, lit, Look(depth, label, stage.canvas.next_thing()))
        _draw_lower(body)
        _draw_wheels(body)
        _draw_cabin(body)
        _draw_lamps(body)
        roughen(stage, body.look.thing, 0.04, 0.06)


class _Body:
    """One car's panels, drawn back to front by order of the calls."""

    def __init__(self, stage: Stage, car: Car, lit: float, look: Look) -> None:
        self.stage, self.car, self.lit, self.look = stage, car, lit, look
        self.shape = SHAPES[car.shape]
        self.glass = 0.012 + 0.12 * car.color  # panes show the coat's color dimly
        sh, ch = math.sin(car.heading), math.cos(car.heading)
        self.forward, self.side = np.array([sh, 0.0, ch]), np.array([ch, 0.0, -sh])
        self.middle = np.array([car.x, 0.0, car.z])

    def world(self, points: Array) -> Array:
        """(along, across, up) in meters from the middle of the car to world points."""
        up = np.array([0.0, 1.0, 0.0])
        spread = points[:, :1] * self.forward + points[:, 1:2] * self.side + points[:, 2:] * up
        return np.asarray(self.middle + spread, np.float64)

    def panel(self, points: list[tuple[float, float, float]], color: Array, gloss: float) -> None:
        """A flat panel, seen only from outside; its light depends on where it faces."""
        corners = self.world(np.array(points))
        center = corners.mean(axis=0)
        normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
        normal = normal / max(float(np.linalg.norm(normal)), 1e-9)
        outward = center - self.world(np.array([[0.0, 0.0, 0.4 * self.shape.height]]))[0]
        normal = normal if normal @ outward > 0 else -normal
        view = center - self.stage.camera.position
        if normal @ view >= 0:
            return
        light = self.stage.light
        direct = max(0.0, float(normal @ light.sun_direction)) * self.lit
        white = light.sun * direct + light.ambient * (0.65 + 0.35 * normal[1])
        mirror = view - 2.0 * (view @ normal) * normal
        shine = 0.6 * light.ambient if mirror[1] < 0 else sky(light, mirror[None])[0]
        radiance = color * white * (1.0 - 0.5 * gloss) + 0.5 * gloss * shine
        seen = self.stage.camera.project(corners)
        polygon(self.stage, seen[:, :2], radiance, self.look)

    def spot(self, points: Array, color: Array) -> None:
        seen = self.stage.camera.project(self.world(points))
        polygon(self.stage, seen[:, :2], color, self.look)


def _strip(profile: Profile, half: tuple[float, float]) -> list[tuple[float, float, float]]:
    """The panel across the car between two points of its side view."""
    (a, low), (b, high) = profile
    return [(a, -half[0], low), (a, half[0], low), (b, half[1], high), (b, -half[1], high)]


def _draw_lower(body: _Body) -> None:
    shape, color = body.shape, body.car.color
    half, length, belt = shape.width / 2, shape.length / 2, shape.belt * shape.height
    sill = 0.14 * shape.height
    hood = 0.86 * belt if shape.cabin[3] < 0.85 else belt
    front = length * 0.98
    nose = (2 * shape.cabin[3] - 1.0) * length
    tail = (2 * shape.cabin[0] - 1.0) * length
    body.panel(_strip([(-length, sill), (-length, 0.92 * belt)], (half, half)), color * 0.9, 0.1)
    body.panel(_strip([(front, sill), (front, hood * 0.92)], (half, half)), color * 0.9, 0.1)
    body.panel(_strip([(front, hood * 0.92), (nose, belt)], (half, half)), color, 0.16)
    body.panel(_strip([(-length, 0.92 * belt), (tail, belt)], (half, half)), color, 0.16)
    for side in (-half, half):
        outline = [(-length, sill), (front, sill), (front, hood * 0.92), (nose, belt), (tail, belt),
                   (-length, 0.92 * belt)]  # fmt: skip
        body.panel([(a, side, up) for a, up in outline], color, 0.09)
        low = [(-length, sill), (front, sill), (front, 1.9 * sill), (-length, 1.9 * sill)]
        body.panel([(a, side, up) for a, up in low], color * 0.55, 0.05)


def _draw_wheels(body: _Body) -> None:
    shape = body.shape
    radius = 0.33 if shape.height < 2.0 else 0.42
    for side in (-1.0, 1.0):
        outward = body.side * side
        if outward @ (body.stage.camera.position - body.middle) <= 0.5 * shape.width:
            continue
        for place in (-0.31, 0.31):
            disk = ring(place * shape.length, radius, radius, radius, 14)
            across = np.full((len(disk), 1), side * shape.width / 2)
            rim = ring(place * shape.length, radius, 0.58 * radius, 0.58 * radius, 10)
            points = np.concatenate([disk[:, :1], across, disk[:, 1:]], axis=1)
            body.spot(points, 0.04 * body.car.color + 0.010)
            inner = np.concatenate([rim[:, :1], across[: len(rim)], rim[:, 1:]], axis=1)
            body.spot(inner, 0.30 * body.stage.light.ambient)


def _draw_cabin(body: _Body) -> None:
    shape, color = body.shape, body.car.color
    half, belt, top = shape.width / 2, shape.belt * shape.height, shape.height
    roof = half * (0.80 if top < 2.0 else 0.97)
    tail, back, brow, nose = ((2 * share - 1.0) * shape.length / 2 for share in shape.cabin)
    body.panel(_strip([(tail, belt), (back, top)], (half, roof)), color, 0.10)
    body.panel(_strip([(nose, belt), (brow, top)], (half, roof)), color, 0.10)
    body.panel(_strip([(back, top), (brow, top)], (roof, roof)), color, 0.18)
    inset = 0.86
    for low, high in (((tail, belt), (back, top)), ((nose, belt), (brow, top))):
        foot = (low[0] + 0.08 * (high[0] - low[0]), low[1] + 0.08 * (high[1] - low[1]))
        head = (low[0] + 0.9 * (high[0] - low[0]), low[1] + 0.9 * (high[1] - low[1]))
        body.panel(_strip([foot, head], (half * inset, roof * inset)), body.glass, 0.10)
    posts = 6 if body.car.shape == "bus" else 2
    for side in (-1.0, 1.0):
        outer = [(tail, half * side, belt), (back, roof * side, top), (brow, roof * side, top),
                 (nose, half * side, belt)]  # fmt: skip
        body.panel(outer, color, 0.09)
        if body.car.shape == "van" and back < -0.4 * shape.length:
            back_glass = brow - 0.24 * shape.length
        else:
            back_glass = back + 0.02 * shape.length
        _draw_side_windows(body, side, (back_glass, brow), (half, roof), posts)


def _draw_side_windows(
    body: _Body, side: float, reach: tuple[float, float], widths: tuple[float, float], posts: int
) -> None:
    shape = body.shape
    belt, top = shape.belt * shape.height, shape.height
    tail, _, _, nose = ((2 * share - 1.0) * shape.length / 2 for share in shape.cabin)
    start, end = reach
    cuts = np.linspace(start, end, posts + 1)
    low, high = belt + 0.06 * (top - belt), top - 0.14 * (top - belt)
    out_low, out_high = widths[0] * 0.985 * side, (0.2 * widths[0] + 0.8 * widths[1]) * side
    for number in range(posts):
        a, b = cuts[number] + 0.04, cuts[number + 1] - 0.04
        foot_a = a - 0.7 * max(0.0, start - tail) if number == 0 else a
        foot_b = b + 0.75 * max(0.0, nose - end) if number == posts - 1 else b
        body.panel([(foot_a, out_low, low), (foot_b, out_low, low), (b, out_high, high),
                    (a, out_high, high)], body.glass, 0.06)  # fmt: skip


def _draw_lamps(body: _Body) -> None:
    shape = body.shape
    half, belt = shape.width / 2, shape.belt * shape.height
    glow = 2.5 if body.car.lights else 0.0
    ambient = body.stage.light.ambient
    ends = ((shape.length * 0.49, np.array([0.75, 0.75, 0.7]), 2.5 * glow),
            (-shape.length * 0.5, np.array([0.5, 0.02, 0.02]), 0.5 * glow))  # fmt: skip
    view = body.stage.camera.position - body.middle
    for along, color, power in ends:
        if float(view @ body.forward) * math.copysign(1.0, along) < abs(along):
            continue
        for side in (-1.0, 1.0):
            a, b = side * half * 0.95, side * half * 0.62
            low, high = 0.62 * belt, 0.84 * belt
            quad = np.array([(along, a, low), (along, b, low), (along, b, high), (along, a, high)])
            body.spot(quad, color * (ambient + power))
        low, high = 0.38 * belt, 0.52 * belt
        plate = np.array([(along, -0.25, low), (along, 0.25, low), (along, 0.25, high),
                          (along, -0.25, high)])  # fmt: skip
        body.spot(plate, np.array([0.65, 0.65, 0.6]) * ambient)
        if along > 0:
            low, high, wide = 0.55 * belt, 0.75 * belt, 0.5 * half
            grille = np.array([(along, -wide, low), (along, wide, low), (along, wide, high),
                               (along, -wide, high)])  # fmt: skip
            body.spot(grille, 0.02 * ambient)
