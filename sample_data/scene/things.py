"""Random objects for a plan: cars, people, trees and hedges, with its street furniture."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from scene.cars import SHAPES, Car
from scene.furniture import sample_masts, sample_signs
from scene.ground import GRASS, ROAD, WALK, Strip
from scene.materials import Leaves
from scene.palettes import BARKS, HAIRS, JACKETS, LEAVES, PAINTS, SKINS, TROUSERS
from scene.people import Person
from scene.placing import Sampler
from scene.plan import Plan
from scene.posts import Mast, Sign
from scene.shadows import Block, Crown, Occluder
from scene.surfaces import Quad
from scene.trees import Tree, sample_lobes


@dataclass
class Things:
    trees: list[Tree] = field(default_factory=list)
    hedges: list[Quad] = field(default_factory=list)
    cars: list[Car] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    masts: list[Mast] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)


def _cars(sampler: Sampler) -> list[Car]:
    rng, cars = sampler.rng, list[Car]()
    pose = sampler.plan.pose
    parked, driving = rng.uniform(0.1, 0.85), rng.uniform(0.1, 0.7)
    bays = sampler.plan.kind == "yard" and rng.random() < 0.6
    for strip in sampler.roads():
        for side in (-1, 1):
            s = -6.0 + float(rng.uniform(0, 6))
            while s < 26 and s < strip.end - 3:
                kind = str(rng.choice(list(SHAPES), p=[0.32, 0.32, 0.24, 0.10, 0.02]))
                length = SHAPES[kind].length
                offset = _lane(rng, strip, parked, driving)
                if offset is not None:
                    lane, at_kerb = offset
                    turn = (math.pi / 2 if bays and at_kerb else 0.0) + float(rng.normal(0, 0.03))
                    x, z = strip.point(s, side * lane + float(rng.normal(0, 0.12)))
                    heading = strip.direction(s) + turn + (0.0 if side > 0 else math.pi)
                    car = Car(x, z, heading, kind, sampler.pick(PAINTS), bool(rng.random() < 0.3))
                    if math.hypot(x - pose.x, z - pose.z) > 3.2 + 0.4 * length:
                        cars.append(car)
                s += (2.6 if bays else length + 0.7) + float(rng.exponential(1.2))
    return cars


def _lane(
    rng: np.random.Generator, strip: Strip, parked: float, driving: float
) -> tuple[float, bool] | None:
    """Distance of a car from the middle line and whether it is parked; None for no car."""
    if rng.random() < parked:
        return strip.half_width - 1.15, True
    if rng.random() < 0.35 * driving and strip.half_width > 3.6:
        return 0.42 * strip.half_width, False
    return None


def _people(sampler: Sampler) -> list[Person]:
    rng, people = sampler.rng, list[Person]()
    most = {"plaza": 10, "park": 7}.get(sampler.plan.kind, 6)
    for _ in range(int(rng.integers(0, most + 1))):
        kinds = (WALK, GRASS) if rng.random() < 0.9 else (ROAD,)
        place = sampler.spot(kinds, (2.8, 9.0))
        for _ in range(int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08]))):
            if place is None:
                break
            x, z = place[0] + float(rng.normal(0, 0.45)), place[1] + float(rng.normal(0, 0.45))
            child = rng.random() < 0.1
            people.append(
                Person(
                    x=x,
                    z=z,
                    height=float(rng.uniform(1.1, 1.4) if child else rng.normal(1.72, 0.08)),
                    stride=float(rng.uniform(-0.28, 0.28)),
                    skin=sampler.pick(SKINS),
                    hair=sampler.pick(HAIRS),
                    top=sampler.pick(JACKETS),
                    legs=sampler.pick(TROUSERS),
                    coat=float(rng.choice([0.85, 0.5, 0.35], p=[0.7, 0.18, 0.12])),
                    bag=sampler.pick(JACKETS) if rng.random() < 0.3 else None,
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
        leaf=sampler.pick(LEAVES),
        bark=sampler.pick(BARKS),
        lobes=sample_lobes(rng, shape),
        seed=float(rng.uniform(0, 400)),
    )


def _bush(sampler: Sampler, x: float, z: float) -> Tree:
    rng = sampler.rng
    radius = float(rng.uniform(0.5, 1.3))
    return Tree(x, z, 0.0, radius, radius * float(rng.uniform(1.2, 2.0)), "round",
                sampler.pick(LEAVES), np.zeros(3), sample_lobes(rng, "round"),
                float(rng.uniform(0, 400)))  # fmt: skip


def _trees(sampler: Sampler) -> list[Tree]:
    rng, plan, trees = sampler.rng, sampler.plan, list[Tree]()
    strip = plan.ground.strips[0]
    for side, name in zip((-1, 1), plan.sides, strict=True):
        if rng.random() < (0.4 if name == "houses" else 0.55):
            step, size = float(rng.uniform(6, 14)), float(rng.uniform(0.7, 1.3))
            offset = strip.half_width + 0.9 + (strip.walk if rng.random() < 0.4 else 0.0)
            for s in np.arange(float(rng.uniform(4, 9)), min(45.0, strip.end - 2), step):
                x, z = strip.point(float(s), side * offset)
                if sampler.is_free(x, z, 0.5):
                    trees.append(_tree(sampler, x, z, size * float(rng.uniform(0.8, 1.2))))
    green = "green" in plan.sides
    for _ in range(int(rng.integers(4, 14)) if green else int(rng.integers(0, 3))):
        place = sampler.spot((GRASS,) if green else (WALK, GRASS), (6.0, 34.0))
        if place is not None:
            near = math.hypot(place[0] - plan.pose.x, place[1] - plan.pose.z) < 8.0
            trees.append(_tree(sampler, *place, 0.6 if near else float(rng.uniform(0.8, 1.7))))
    for _ in range(int(rng.integers(0, 9)) if green else int(rng.integers(0, 3))):
        place = sampler.spot((GRASS,) if green else (WALK,), (4.0, 18.0))
        if place is not None:
            trees.append(_bush(sampler, *place))
    return trees


def _hedges(sampler: Sampler, label: int) -> list[Quad]:
    rng, plan, quads = sampler.rng, sampler.plan, list[Quad]()
    strip = plan.ground.strips[0]
    for side in (-1, 1):
        if rng.random() > (0.3 if plan.sides[(side + 1) // 2] == "houses" else 0.4):
            continue
        leaves = Leaves(sampler.pick(LEAVES), float(rng.uniform(0, 400)))
        height, begin = float(rng.uniform(0.8, 2.2)), float(rng.uniform(-4, 12))
        offset = side * (strip.half_width + strip.walk + 0.15)
        steps = np.arange(begin, begin + float(rng.uniform(10, 40)), 3.0)
        for s in steps[steps < strip.end - 6]:
            x, z = strip.point(float(s), offset)
            xe, ze = strip.point(float(s) + 3.05, offset)
            on_road = (plan.ground.kinds(np.array([x, xe]), np.array([z, ze])) == ROAD).any()
            if on_road or math.hypot(x - plan.pose.x, z - plan.pose.z) < 6.0:  # or it hides all
                continue
            way = np.array([xe - x, 0.0, ze - z])
            size = float(np.linalg.norm(way))
            quads.append(Quad(np.array([x, 0.0, z]), way / size, np.array([0.0, 1.0, 0.0]), size,
                              height, leaves, label, "ragged", two_sided=True))  # fmt: skip
    return quads


def sample_things(sampler: Sampler, leaf_label: int) -> Things:
    signs, posts = sample_signs(sampler)
    return Things(
        trees=_trees(sampler),
        hedges=_hedges(sampler, leaf_label),
        cars=_cars(sampler),
        people=_people(sampler),
        masts=sample_masts(sampler) + posts,
        signs=signs,
    )


def occluders(plan: Plan, things: Things) -> list[Occluder]:
    """All that casts a shadow, simplified."""
    found: list[Occluder] = [house.block() for house in plan.houses]
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
