"""One whole scene: from its number to a photo and its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from scene.camera import Camera
from scene.light import Light, incident, sample_light
from scene.noise import Array, cell, cloudy
from scene.pavement import Pavement
from scene.photo import Photo, develop, reduce_labels, sample_photo
from scene.placing import Sampler
from scene.plan import Plan, sample_plan
from scene.shadows import sunlight
from scene.sprites import Stage
from scene.surfaces import Canvas, Solid, draw_surfaces
from scene.things import Things, occluders, sample_things

WIDTH, HEIGHT = 192, 144
PIXEL = 2  # canvas pixels per picture pixel, each way
SLIVER = 16  # picture pixels; an object of which fewer are seen is void
SKY, BUILDING, ROAD, SIDEWALK, VEGETATION, CAR, PERSON, POLE, SIGN, VOID = range(10)

Label = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """image: uint8 H×W×3, RGB; label: uint8 H×W, class ids; quality: of the JPEG."""

    image: npt.NDArray[np.uint8]
    label: Label
    quality: int


class _Figure(Protocol):
    @property
    def x(self) -> float: ...
    @property
    def z(self) -> float: ...
    def draw(self, stage: Stage, lit: float, label: int) -> None: ...


def _sample_pavement(rng: np.random.Generator, plan: Plan) -> Pavement:
    slabs = [(0.60, 0.54, 0.44), (0.58, 0.51, 0.41), (0.62, 0.57, 0.48)]
    slab = np.array(slabs[int(rng.integers(len(slabs)))])
    return Pavement(
        ground=plan.ground,
        asphalt=np.array([0.061, 0.074, 0.101]) * rng.uniform(0.85, 1.2),
        slabs=slab * float(rng.uniform(0.92, 1.08)),
        slab_size=float(rng.uniform(0.55, 1.2)),
        slab_spread=float(rng.uniform(0.12, 0.3)),
        grass=np.array([0.085, 0.195, 0.021]) * rng.uniform(0.85, 1.15, 3),
        worn=float(rng.uniform(0.4, 0.8)),
        seed=float(rng.uniform(0, 400)),
    )


def _draw_things(stage: Stage, plan: Plan, things: Things) -> None:
    """Objects from far to near, so that near ones cover far ones."""
    figures: list[tuple[_Figure, int]] = [
        *((tree, VEGETATION) for tree in things.trees),
        *((car, CAR) for car in things.cars),
        *((person, PERSON) for person in things.people),
        *((mast, POLE) for mast in things.masts),
        *((sign, SIGN) for sign in things.signs),
    ]
    if figures:
        # houses alone shade an object as a whole, at the height of its middle
        chests = np.array([[figure.x, 1.6, figure.z] for figure, _ in figures])
        lit = sunlight(stage.light, [house.block() for house in plan.houses], chests)
        depths = stage.camera.project(chests)[:, 2]
        for number in np.argsort(-depths, kind="stable"):
            figure, label = figures[number]
            figure.draw(stage, 0.12 + 0.88 * float(lit[number]), label)


def _draw_backdrop(stage: Stage, rng: np.random.Generator) -> None:
    """Woods or a town on the horizon, where nothing else hides the sky."""
    canvas, light = stage.canvas, stage.light
    rays = stage.camera.rays()
    rise = rays[..., 1] / np.hypot(rays[..., 0], rays[..., 2])
    azimuth = np.arctan2(rays[..., 0], rays[..., 2]) * 60.0
    level, offset = float(rng.uniform(0.02, 0.07)), float(rng.uniform(0, 400))
    woods = rng.random() < 0.6
    if woods:
        edge = level * (1.0 + 0.3 * cloudy(azimuth * 2.5 + offset, azimuth * 0 + 3))
        tone = 1.0 + 0.3 * cloudy(azimuth * 14 + offset, rise * 900)
        color: Array = np.array([0.06, 0.13, 0.03]) * tone[..., None]
    else:
        block = np.floor(azimuth / 2.6 + offset)
        edge = level * (0.5 + 1.3 * cell(block, block * 0 + 7))
        gray = 0.24 + 0.2 * cell(block, block * 0 + 9)
        panes = 1.0 - 0.4 * (np.mod(azimuth * 3, 1) < 0.5) * (np.mod(rise * 150, 1) < 0.5)
        color = (gray * panes)[..., None] * np.array([1.12, 0.82, 0.56])
    here = (rise < edge) & ~np.isfinite(canvas.depth)
    clear = np.exp(-light.haze * 130.0)
    lighted = color * (0.35 * light.sun + 0.75 * light.ambient)
    canvas.rgb[here] = (lighted * clear + 0.8 * light.horizon * (1.0 - clear))[here]
    canvas.label[here] = VEGETATION if woods else BUILDING
    canvas.depth[here] = 160.0


def _draw_bonnet(canvas: Canvas, light: Light, rng: np.random.Generator) -> None:
    """The front of the car that the camera rides in; nobody labels it."""
    height, width = canvas.label.shape
    y, x = np.mgrid[0:height, 0:width]
    rise = float(rng.uniform(0.07, 0.17)) * height
    middle, half = width * float(rng.uniform(0.4, 0.6)), width * float(rng.uniform(0.5, 0.8))
    side = (x - middle) / half
    top = height - rise * (1.0 - np.abs(side) ** 3)
    here = y >= top
    color = rng.uniform(0.02, 0.25) * (1 + rng.uniform(-0.3, 0.3, 3))
    depth = np.clip((y - top) / rise, 0.0, 1.0)
    gloss = 0.06 + 0.30 * np.exp(-7.0 * depth) + 0.10 * np.exp(-(((side - 0.35) / 0.1) ** 2))
    shine = color * (light.ambient + 0.3 * light.sun) + gloss[..., None] * 0.5 * light.horizon
    canvas.rgb[here] = shine[here]
    canvas.label[here] = VOID
    canvas.thing[here] = 0
    canvas.depth[here] = 0.0


def _rims(canvas: Canvas, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The unclear pixels around most objects (half of the trees), at the picture's resolution."""
    thing, label = canvas.thing[::PIXEL, ::PIXEL], canvas.label[::PIXEL, ::PIXEL]
    numbers = np.unique(thing[thing > 0])
    leafy = np.isin(numbers, thing[label == VEGETATION])
    plain = numbers[rng.random(len(numbers)) < np.where(leafy, 0.5, 0.2)]
    inside = ((thing > 0) & ~np.isin(thing, plain)).astype(np.uint8)
    grown = np.asarray(cv2.dilate(inside, np.ones((3, 3), np.uint8)))
    return np.asarray((grown > 0) & (thing == 0), np.bool_)


def _slivers(canvas: Canvas) -> npt.NDArray[np.bool_]:
    """Objects of which too little is seen to tell what they are."""
    thing = canvas.thing[::PIXEL, ::PIXEL]
    seen = np.bincount(thing.ravel())
    return np.asarray((thing > 0) & (seen[thing] < SLIVER), np.bool_)


def _label(canvas: Canvas, rng: np.random.Generator) -> Label:
    """Labels of the picture, with void where a person would hesitate."""
    thin = (POLE, SIGN)
    label = reduce_labels(canvas.label, PIXEL, VOID + 1, thin)
    unsure = _rims(canvas, rng)
    if rng.random() < 0.35:
        depth = canvas.depth[::PIXEL, ::PIXEL]
        unsure |= np.isfinite(depth) & (depth > float(rng.uniform(60, 110)))
    label[unsure & ~np.isin(label, thin)] = VOID
    label[_slivers(canvas)] = VOID
    return label


def compose(rng: np.random.Generator) -> Picture:
    """A random scene, as a photo of WIDTH×HEIGHT pixels and its labels."""
    plan, light = sample_plan(rng), sample_light(rng)
    photo: Photo = sample_photo(rng, incident(light))
    camera = Camera(plan.pose, WIDTH * PIXEL, HEIGHT * PIXEL)
    things = sample_things(Sampler(rng, plan, camera), VEGETATION)
    walls = [quad for house in plan.houses for quad in house.quads(BUILDING)]
    solid = Solid(
        quads=walls + things.hedges,
        pavement=_sample_pavement(rng, plan),
        ground_labels=(ROAD, SIDEWALK, VEGETATION),
        occluders=occluders(plan, things),
    )
    stage = Stage(camera, light, draw_surfaces(camera, light, solid), PIXEL)
    _draw_backdrop(stage, rng)
    _draw_things(stage, plan, things)
    if plan.pose.height < 2.5 and rng.random() < 0.06:
        _draw_bonnet(stage.canvas, light, rng)
    label = _label(stage.canvas, rng)
    return Picture(develop(stage.canvas.rgb, photo, PIXEL, rng), label, photo.quality)
