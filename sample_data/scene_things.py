"""Random objects for a plan: cars, people, trees, hedges, masts, signs and railings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from scene_camera import Camera
from scene_cars import SHAPES, Car
from scene_ground import GRASS, ROAD, WALK, Strip
from scene_light import Block, Crown
from scene_materials import Leaves
from scene_noise import Array
from scene_plan import Plan
from scene_sprites import Mast, Person, Railing, Sign
from scene_surfaces import Quad
from scene_trees import Tree

_PAINTS = [(0.60, 0.60, 0.60), (0.33, 0.34, 0.35), (0.13, 0.13, 0.14), (0.02, 0.02, 0.02),
           (0.38, 0.02, 0.02), (0.02, 0.07, 0.28), (0.04, 0.16, 0.06), (0.20, 0.24, 0.08),
           (0.55, 0.40, 0.05), (0.32, 0.26, 0.18), (0.05, 0.22, 0.30), (0.40, 0.13, 0.03)]  # fmt: skip
_CLOTHES = [(0.02, 0.02, 0.03), (0.05, 0.07, 0.16), (0.45, 0.44, 0.42), (0.40, 0.03, 0.04),
            (0.10, 0.20, 0.07), (0.14, 0.14, 0.15), (0.55, 0.42, 0.08), (0.30, 0.18, 0.10),
            (0.10, 0.25, 0.45), (0.42, 0.12, 0.25), (0.32, 0.30, 0.22), (0.60, 0.25, 0.05)]  # fmt: skip
_SKINS = [(0.55, 0.36, 0.27), (0.42, 0.26, 0.18), (0.25, 0.14, 0.09), (0.11, 0.06, 0.04)]
_HAIRS = [(0.015, 0.012, 0.01), (0.06, 0.035, 0.02), (0.25, 0.15, 0.06), (0.35, 0.33, 0.31)]
_LEAVES = [(0.085, 0.145, 0.035), (0.05, 0.10, 0.03), (0.12, 0.18, 0.05), (0.07, 0.11, 0.05),
           (0.26, 0.13, 0.03), (0.20, 0.17, 0.04)]  # fmt: skip
_METALS = [(0.05, 0.055, 0.05), (0.04, 0.08, 0.06), (0.42, 0.43, 0.44), (0.55, 0.55, 0.53),
           (0.10, 0.10, 0.11), (0.50, 0.42, 0.06)]  # fmt: skip
_RED, _BLUE, _WHITE = (0.60, 0.012, 0.015), (0.01, 0.07, 0.48), (0.85, 0.85, 0.85)
_YELLOW, _BLACK, _GREEN = (0.80, 0.48, 0.01), (0.02, 0.02, 0.02), (0.01, 0.26, 0.10)
# shape, rim, face, mark, mark's shape
_SIGNS = [
    ("disk", _RED, _WHITE, _BLACK, "dot"), ("disk", _RED, _RED, _WHITE, "bar"),
    ("triangle", _RED, _WHITE, _BLACK, "dot"), ("triangle", _RED, _YELLOW, _BLACK, "arrow"),
    ("octagon", _WHITE, _RED, _WHITE, "bar"), ("square", _BLUE, _BLUE, _WHITE, "arrow"),
    ("disk", _BLUE, _BLUE, _WHITE, "arrow"), ("diamond", _WHITE, _YELLOW, _YELLOW, "none"),
    ("disk", _RED, _BLUE, _RED, "bar"), ("board", _WHITE, _BLUE, _WHITE, "bar"),
    ("board", _WHITE, _GREEN, _WHITE, "bar"),
]  # fmt: skip


@dataclass
class Things:
    trees: list[Tree] = field(default_factory=list)
    hedges: list[Quad] = field(default_factory=list)
    cars: list[Car] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    masts: list[Mast] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    railings: list[Railing] = field(default_factory=list)


class Sampler:
    """Finds free and visible places for objects in one plan."""

    def __init__(self, rng: np.random.Generator, plan: Plan, camera: Camera) -> None:
        self.rng, self.plan, self.camera = rng, plan, camera

    def pick(self, palette: list[tuple[float, float, float]]) -> Array:
        color = np.array(palette[int(self.rng.integers(len(palette)))])
        return np.clip(color * self.rng.uniform(0.75, 1.3, 3) * self.rng.uniform(0.8, 1.2), 0, 0.9)

    def in_view(self, x: float, z: float, height: float) -> bool:
        seen = self.camera.project(np.array([[x, 0.5 * height, z]]))[0]
        inside = 0 < seen[0] < self.camera.width and 0 < seen[1] < self.camera.height
        return bool(seen[2] > 1.5 and inside)

    def is_free(self, x: float, z: float, margin: float) -> bool:
        return not any(house.contains(x, z, margin) for house in self.plan.houses)

    def ahead(self, near: float, far: float) -> tuple[float, float]:
        """A random place before the camera, more often near than far."""
        pose = self.plan.pose
        distance = near * (far / near) ** self.rng.random()
        bearing = pose.yaw + self.rng.uniform(-0.55, 0.55) * pose.field_of_view
        return (
            float(pose.x + distance * math.sin(bearing)),
            float(pose.z + distance * math.cos(bearing)),
        )

    def spot(self, kinds: tuple[int, ...], reach: tuple[float, float]) -> tuple[float, float] | None:
        """A place before the camera on one of these kinds of ground and in no house."""
        for _ in range(12):
            x, z = self.ahead(*reach)
            kind = int(self.plan.ground.kinds(np.array([x]), np.array([z]))[0])
            if kind in kinds and self.is_free(x, z, 0.4):
                return x, z
        return None

    def roads(self) -> list[Strip]:
        return [strip for strip in self.plan.ground.strips if not strip.footpath]


def _cars(sampler: Sampler) -> list[Car]:
    rng, cars = sampler.rng, list[Car]()
    pose = sampler.plan.pose
    parked, driving = rng.uniform(0, 0.75), rng.uniform(0.05, 0.45)
    bays = sampler.plan.kind == "yard" and rng.random() < 0.6
    for strip in sampler.roads():
        for side in (-1, 1):
            lane = strip.half_width - 1.15
            s = -6.0 + float(rng.uniform(0, 6))
            while s < 70 and s < strip.end - 3:
                kind = str(rng.choice(list(SHAPES), p=[0.3, 0.3, 0.22, 0.13, 0.05]))
                length = SHAPES[kind].length
                for offset, chance in ((lane, parked), (0.42 * strip.half_width, 0.35 * driving)):
                    if rng.random() > chance or (offset != lane and strip.half_width < 3.6):
                        continue
                    wobble = float(rng.normal(0, 0.03))
                    turn = math.pi / 2 if bays and offset == lane else 0.0
                    x, z = strip.point(s, side * offset + float(rng.normal(0, 0.12)))
                    heading = strip.direction(s) + wobble + turn + (0.0 if side > 0 else math.pi)
                    if math.hypot(x - pose.x, z - pose.z) > 3.2 + 0.4 * length:
                        cars.append(Car(x, z, heading, kind, sampler.pick(_PAINTS),
                                        bool(rng.random() < 0.3)))  # fmt: skip
                    break
                s += (2.6 if bays else length + 0.7) + float(rng.exponential(1.2))
    return cars


def _people(sampler: Sampler) -> list[Person]:
    rng, people = sampler.rng, list[Person]()
    most = {"plaza": 12, "park": 8}.get(sampler.plan.kind, 7)
    for _ in range(int(rng.integers(0, most + 1))):
        kinds = (WALK, GRASS) if rng.random() < 0.9 else (ROAD,)
        place = sampler.spot(kinds, (3.5, 26.0))
        for _ in range(int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08]))):
            if place is None:
                break
            x, z = place[0] + float(rng.normal(0, 0.45)), place[1] + float(rng.normal(0, 0.45))
            people.append(
                Person(
                    x=x,
                    z=z,
                    height=float(rng.choice([rng.uniform(1.1, 1.4), rng.normal(1.72, 0.08)], p=[0.1, 0.9])),
                    stride=float(rng.uniform(-0.28, 0.28)),
                    skin=sampler.pick(_SKINS),
                    hair=sampler.pick(_HAIRS),
                    top=sampler.pick(_CLOTHES),
                    legs=sampler.pick(_CLOTHES),
                    coat=float(rng.choice([0.85, 0.5, 0.35], p=[0.7, 0.18, 0.12])),
                    bag=sampler.pick(_CLOTHES) if rng.random() < 0.3 else None,
                    long_hair=bool(rng.random() < 0.4),
                )
            )
    return people


def _tree(sampler: Sampler, x: float, z: float, size: float) -> Tree:
    rng = sampler.rng
    shape = str(rng.choice(["round", "cone", "column"], p=[0.74, 0.13, 0.13]))
    radius = float(rng.uniform(1.3, 2.9)) * size * (0.6 if shape == "column" else 1.0)
    crown = radius * float(rng.uniform(1.7, 2.4)) * (1.7 if shape != "round" else 1.0)
    trunk = float(rng.uniform(1.6, 3.0)) if shape == "round" else float(rng.uniform(0.2, 1.2))
    return Tree(
        x=x,
        z=z,
        trunk=trunk * min(size, 1.0),
        radius=radius,
        crown=crown,
        shape=shape,
        leaf=sampler.pick(_LEAVES),
        bark=sampler.pick([(0.12, 0.09, 0.06), (0.16, 0.14, 0.12)]),
        seed=float(rng.uniform(0, 400)),
    )


def _bush(sampler: Sampler, x: float, z: float) -> Tree:
    rng = sampler.rng
    radius = float(rng.uniform(0.5, 1.3))
    return Tree(x, z, 0.0, radius, radius * float(rng.uniform(1.2, 2.0)), "round",
                sampler.pick(_LEAVES), np.zeros(3), float(rng.uniform(0, 400)))  # fmt: skip


def _trees(sampler: Sampler) -> list[Tree]:
    rng, plan, trees = sampler.rng, sampler.plan, list[Tree]()
    strip = plan.ground.strips[0]
    for side, name in zip((-1, 1), plan.sides, strict=True):
        if rng.random() < (0.4 if name == "houses" else 0.55):
            step, size = float(rng.uniform(6, 14)), float(rng.uniform(0.7, 1.3))
            offset = strip.half_width + 0.9 + (strip.walk if rng.random() < 0.4 else 0.0)
            for s in np.arange(float(rng.uniform(4, 9)), min(70.0, strip.end - 2), step):
                x, z = strip.point(float(s), side * offset)
                if sampler.is_free(x, z, 0.5):
                    trees.append(_tree(sampler, x, z, size * float(rng.uniform(0.8, 1.2))))
    green = "green" in plan.sides
    for _ in range(int(rng.integers(5, 22)) if green else int(rng.integers(0, 3))):
        place = sampler.spot((GRASS,) if green else (WALK, GRASS), (6.0, 60.0))
        if place is not None:
            near = math.hypot(place[0] - plan.pose.x, place[1] - plan.pose.z) < 8.0
            trees.append(_tree(sampler, *place, 0.6 if near else float(rng.uniform(0.8, 1.7))))
    for _ in range(int(rng.integers(0, 9)) if green else int(rng.integers(0, 3))):
        place = sampler.spot((GRASS,) if green else (WALK,), (4.0, 30.0))
        if place is not None:
            trees.append(_bush(sampler, *place))
    return trees


def _hedges(sampler: Sampler, label: int) -> list[Quad]:
    rng, plan, quads = sampler.rng, sampler.plan, list[Quad]()
    strip = plan.ground.strips[0]
    for side in (-1, 1):
        if rng.random() > (0.3 if plan.sides[(side + 1) // 2] == "houses" else 0.4):
            continue
        leaves = Leaves(sampler.pick(_LEAVES), float(rng.uniform(0, 400)))
        height, begin = float(rng.uniform(0.8, 2.2)), float(rng.uniform(-4, 12))
        offset = side * (strip.half_width + strip.walk + 0.15)
        steps = np.arange(begin, begin + float(rng.uniform(10, 40)), 3.0)
        for s in steps[steps < strip.end - 6]:
            x, z = strip.point(float(s), offset)
            xe, ze = strip.point(float(s) + 3.05, offset)
            way = np.array([xe - x, 0.0, ze - z])
            size = float(np.linalg.norm(way))
            quads.append(Quad(np.array([x, 0.0, z]), way / size, np.array([0.0, 1.0, 0.0]), size,
                              height, leaves, label, "ragged", two_sided=True))  # fmt: skip
    return quads


def _masts(sampler: Sampler, night: bool) -> list[Mast]:
    rng, plan, masts = sampler.rng, sampler.plan, list[Mast]()
    strip = plan.ground.strips[0]
    color = sampler.pick(_METALS)
    if rng.random() < 0.75:
        side = int(rng.choice([-1, 1]))
        height, arm = float(rng.uniform(4.5, 8.5)), float(rng.choice([0.0, 1.2, 1.8]))
        offset = strip.half_width + 0.5
        for s in np.arange(float(rng.uniform(2, 9)), min(60.0, strip.end), float(rng.uniform(9, 18))):
            x, z = strip.point(float(s), side * offset)
            masts.append(Mast(x, z, height, 0.09, color, arm, 1.0 if night else 0.0))
    for _ in range(int(rng.integers(0, 5))):
        place = sampler.spot((WALK, GRASS), (4.0, 22.0))
        if place is not None:
            height = float(rng.choice([rng.uniform(0.9, 1.2), rng.uniform(3.0, 7.0)], p=[0.3, 0.7]))
            masts.append(Mast(*place, height, float(rng.uniform(0.05, 0.1)), sampler.pick(_METALS)))
    return masts


def _signs(sampler: Sampler) -> tuple[list[Sign], list[Mast]]:
    """Signs for about half of the pictures, each on its own mast."""
    rng, signs, masts = sampler.rng, list[Sign](), list[Mast]()
    if rng.random() > 0.6:
        return signs, masts
    for _ in range(int(rng.integers(2, 6))):
        place = sampler.spot((WALK, GRASS), (4.5, 20.0))
        height = float(rng.uniform(2.0, 3.0))
        if place is None or not sampler.in_view(*place, 2.0 * height):
            continue
        shape, rim, face, mark, mark_shape = _SIGNS[int(rng.integers(len(_SIGNS)))]
        fade = float(rng.uniform(0.8, 1.1))
        colors = (np.array(rim) * fade, np.array(face) * fade, np.array(mark) * fade)
        signs.append(Sign(*place, height, shape, *colors, mark_shape))
        masts.append(Mast(*place, height + 0.3, 0.04, sampler.pick(_METALS[2:4])))
    return signs, masts


def _railings(sampler: Sampler) -> list[Railing]:
    rng, railings = sampler.rng, list[Railing]()
    if rng.random() > 0.4:
        return railings
    strip = sampler.plan.ground.strips[0]
    for side in (-1, 1):
        if rng.random() < 0.6:
            begin = float(rng.uniform(1, 8))
            places = np.arange(begin, begin + float(rng.uniform(4, 12)), 1.6)
            offset = side * (strip.half_width + 0.35)
            points = tuple(strip.point(float(s), offset) for s in places if s < strip.end - 1)
            railings.append(Railing(points, sampler.pick(_METALS)))
    return railings


def sample_things(
    rng: np.random.Generator, plan: Plan, camera: Camera, night: bool, leaf_label: int
) -> Things:
    sampler = Sampler(rng, plan, camera)
    signs, posts = _signs(sampler)
    return Things(
        trees=_trees(sampler),
        hedges=_hedges(sampler, leaf_label),
        cars=_cars(sampler),
        people=_people(sampler),
        masts=_masts(sampler, night) + posts,
        signs=signs,
        railings=_railings(sampler),
    )


def occluders(plan: Plan, things: Things) -> list[Block | Crown]:
    """All that casts a shadow, simplified."""
    found: list[Block | Crown] = [house.block() for house in plan.houses]
    for tree in things.trees:
        middle = tree.trunk + tree.crown / 2
        found.append(Crown(tree.x, middle, tree.z, tree.radius, tree.crown / 2))
        if tree.trunk > 0:
            found.append(Block(tree.x, tree.z, 0.0, 0.14, 0.14, tree.trunk + 0.5))
    for car in things.cars:
        shape = SHAPES[car.shape]
        low = Block(car.x, car.z, car.heading, 0.49 * shape.length, 0.47 * shape.width,
                    shape.belt * shape.height, 0.12)  # fmt: skip
        cabin = Block(car.x, car.z, car.heading, 0.27 * shape.length, 0.4 * shape.width,
                      shape.height, 0.3)  # fmt: skip
        found += [low, cabin]
    for person in things.people:
        found.append(Block(person.x, person.z, 0.0, 0.16, 0.16, person.height))
    for mast in things.masts:
        found.append(Block(mast.x, mast.z, 0.0, mast.radius, mast.radius, mast.height))
    return found
