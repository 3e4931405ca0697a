"""Random plans: where the camera stands and where roads, houses and plants are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scene.buildings import House, sample_house
from scene.camera import Pose
from scene.ground import GRASS, WALK, Ground, Strip

# kind of scene: weight
KINDS = {
    "street": 0.34,
    "one_sided": 0.17,
    "junction": 0.15,
    "plaza": 0.13,
    "park": 0.13,
    "yard": 0.08,  # from a balcony, steeply down
}


@dataclass(frozen=True)
class Plan:
    kind: str
    pose: Pose
    ground: Ground
    houses: list[House]
    sides: tuple[str, str]  # what is left and right of the first strip: houses, green or open


def _main_strip(rng: np.random.Generator, kind: str) -> Strip:
    bend = float(rng.choice([0.0, 1.0, -1.0], p=[0.35, 0.325, 0.325]) * rng.uniform(0.005, 0.022))
    end = 200.0
    if kind == "junction":
        end = float(rng.uniform(10, 26))
        bend *= 0.3
    zebras = tuple(float(z) for z in rng.uniform(6, 25, int(rng.integers(0, 2))))
    return Strip(
        x=0.0,
        z=0.0,
        heading=0.0,
        bend=bend,
        half_width=float(rng.uniform(2.6, 6.0)),
        walk=float(rng.uniform(1.6, 4.5)),
        start=-40.0,
        end=end,
        dashes=bool(rng.random() < 0.7),
        edge_lines=bool(rng.random() < 0.2),
        zebras=zebras if kind != "junction" else (end - 4.0,),
    )


def _cross_strip(rng: np.random.Generator, at: float, footpath: bool) -> Strip:
    half = float(rng.uniform(0.8, 1.6)) if footpath else float(rng.uniform(2.8, 5.0))
    return Strip(
        x=0.0,
        z=at,
        heading=math.pi / 2 + float(rng.normal(0.0, 0.25)),
        bend=float(rng.normal(0.0, 0.008)),
        half_width=half,
        walk=0.0 if footpath else float(rng.uniform(1.5, 4.0)),
        start=-150.0,
        end=150.0,
        footpath=footpath,
        dashes=bool(rng.random() < 0.7),
    )


def _sample_ground(rng: np.random.Generator, kind: str) -> tuple[Ground, tuple[str, str]]:
    strips = [_main_strip(rng, kind)]
    sides = ("houses", "houses")
    if kind == "one_sided":
        other = "green" if rng.random() < 0.7 else "open"
        sides = ("houses", other) if rng.random() < 0.5 else (other, "houses")
    elif kind == "junction":
        crossing = _cross_strip(rng, strips[0].end, footpath=False)
        strips.append(crossing)
    elif kind == "plaza":
        sides = ("open", "open") if rng.random() < 0.6 else ("open", "houses")
    elif kind == "park":
        sides = ("green", "green")
        for _ in range(int(rng.integers(1, 3))):
            strips.append(_cross_strip(rng, float(rng.uniform(4, 22)), footpath=True))
    elif kind == "yard":
        choices = ("houses", "green", "open")
        sides = (choices[int(rng.integers(3))], choices[int(rng.integers(3))])
        if rng.random() < 0.5:
            strips.append(_cross_strip(rng, float(rng.uniform(8, 30)), footpath=False))
    elif rng.random() < 0.3:
        strips.append(_cross_strip(rng, float(rng.uniform(10, 45)), footpath=False))
    base = {"houses": WALK, "green": GRASS, "open": WALK}
    left, right = (
        GRASS if side == "houses" and rng.random() < 0.2 else base[side] for side in sides
    )
    return Ground(tuple(strips), left, right), sides


def _look(rng: np.random.Generator, kind: str) -> tuple[float, float, float]:
    """Yaw, pitch and height of the camera."""
    pick = rng.random()
    if pick < 0.6:
        yaw = rng.normal(0.0, 0.15)
    elif pick < 0.8:
        yaw = rng.choice([-1, 1]) * rng.uniform(0.3, 0.8)
    else:
        yaw = rng.choice([-1, 1]) * rng.uniform(0.8, 1.5)
    height = rng.uniform(1.1, 2.3)
    pitch = rng.normal(-0.03, 0.09)
    if kind == "yard":
        height, pitch = rng.uniform(5.5, 9.5), rng.uniform(-0.62, -0.3)
    elif rng.random() < 0.15:
        height, pitch = rng.uniform(3.0, 5.5), rng.uniform(-0.35, -0.05)
    return float(yaw), float(np.clip(pitch, -0.65, 0.32)), float(height)


def _sample_pose(rng: np.random.Generator, kind: str, strip: Strip) -> Pose:
    yaw, pitch, height = _look(rng, kind)
    reach = strip.half_width + 0.8 * strip.walk
    if kind in ("plaza", "park") and rng.random() < 0.7:
        reach = 14.0
    across = float(rng.uniform(-reach, reach))
    if abs(yaw) > 0.6:  # looking sideways from the far side shows more than a wall
        across = -math.copysign(abs(across), yaw)
    x, z = strip.point(0.0, across)
    return Pose(
        x=x,
        height=height,
        z=z,
        yaw=yaw,
        pitch=pitch,
        roll=float(rng.normal(0.0, 0.055)),
        field_of_view=math.radians(rng.uniform(48, 74)),
    )


def _row(
    rng: np.random.Generator, ground: Ground, strip: Strip, side: int, reach: tuple[float, float]
) -> list[House]:
    """Houses along one side of a strip, none on any road."""
    tall = int(rng.integers(2, 7))
    setback = float(rng.choice([0.0, rng.uniform(1.0, 6.0)], p=[0.65, 0.35]))
    s, houses = reach[0], []
    while s < reach[1]:
        offset = side * (strip.half_width + strip.walk + setback + float(rng.uniform(0, 0.5)))
        direction = strip.direction(s)
        trial = sample_house(rng, 0.0, 0.0, direction, (max(1, tall - 2), tall + 1))
        start = s if side < 0 else s + trial.width
        x, z = strip.point(start, offset)
        heading = direction if side < 0 else direction + math.pi
        house = House(**{**trial.__dict__, "x": x, "z": z, "heading": heading})
        corners = house.footprint(0.1)
        if ground.is_clear(corners[:, 0], corners[:, 1], -0.15):
            houses.append(house)
        s += trial.width + float(rng.choice([0.05, rng.uniform(1.5, 7.0)], p=[0.75, 0.25]))
    return houses


def _scattered(rng: np.random.Generator, ground: Ground, count: int, pose: Pose) -> list[House]:
    """Houses anywhere in the distance, their fronts turned about to the camera."""
    houses = []
    for _ in range(count):
        bearing = pose.yaw + rng.uniform(-0.9, 0.9)
        distance = rng.uniform(14, 38)
        x = pose.x + distance * math.sin(bearing)
        z = pose.z + distance * math.cos(bearing)
        heading = bearing + math.pi / 2 + rng.normal(0.0, 0.35)
        house = sample_house(rng, float(x), float(z), float(heading), (1, 6))
        corners = house.footprint(0.5)
        if ground.is_clear(corners[:, 0], corners[:, 1], 0.0):
            houses.append(house)
    return houses


def sample_plan(rng: np.random.Generator) -> Plan:
    weights = np.array(list(KINDS.values()))
    kind = list(KINDS)[int(rng.choice(len(KINDS), p=weights / weights.sum()))]
    ground, sides = _sample_ground(rng, kind)
    first = ground.strips[0]
    pose = _sample_pose(rng, kind, first)
    houses: list[House] = []
    for side, name in zip((-1, 1), sides, strict=True):
        if name == "houses":
            houses += _row(rng, ground, first, side, (-25.0, min(90.0, first.end)))
    for strip in ground.strips[1:]:
        if not strip.footpath:
            for side in (-1, 1):
                if kind in ("junction", "street") or rng.random() < 0.4:
                    houses += _row(rng, ground, strip, side, (-55.0, 55.0))
    if kind in ("plaza", "park", "one_sided", "yard"):
        houses += _scattered(rng, ground, int(rng.integers(1, 9)), pose)
    houses = [house for house in houses if not house.contains(pose.x, pose.z, 1.5)]
    return Plan(kind, pose, ground, houses, sides)
