"""Render the street scenes of sample_data/streets: `python sample_data/render_streets.py OUT`.

Every picture depends on its number alone, so one can be rendered without the others. Masks come
from float64 geometry; with the locked versions of NumPy and OpenCV they are the same everywhere.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from scene_camera import Camera
from scene_cars import draw_car
from scene_light import Light, sample_light, sunlight
from scene_materials import Pavement
from scene_noise import Array, cell, cloudy
from scene_photo import develop, reduce_labels, sample_photo
from scene_plan import Plan, sample_plan
from scene_sprites import Stage, draw_mast, draw_person, draw_railing, draw_sign
from scene_surfaces import Canvas, draw_surfaces
from scene_things import Things, occluders, sample_things
from scene_trees import draw_tree

WIDTH, HEIGHT = 192, 144
PIXEL = 2  # canvas pixels per picture pixel, each way
SEED = 20180207
SPLITS = {"train": 200, "val": 40, "test": 20}
CLASSES: dict[str, tuple[int, int, int]] = {
    "sky": (70, 130, 180),
    "building": (110, 70, 70),
    "road": (128, 64, 128),
    "sidewalk": (244, 35, 232),
    "vegetation": (107, 142, 35),
    "car": (0, 0, 142),
    "person": (220, 20, 60),
    "pole": (190, 153, 153),
    "sign": (220, 220, 0),
    "void": (0, 0, 0),
}
IDS = {name: number for number, name in enumerate(CLASSES)}

Label = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    image: npt.NDArray[np.uint8]
    label: Label
    quality: int  # of the JPEG


def _pavement(rng: np.random.Generator, plan: Plan) -> Pavement:
    grays = np.array([1.0, 1.0, 1.0]) + rng.uniform(-0.06, 0.06, 3)
    slabs = [(0.34, 0.33, 0.31), (0.22, 0.21, 0.20), (0.32, 0.20, 0.15), (0.42, 0.37, 0.28)]
    slab = np.array(slabs[int(rng.choice(4, p=[0.45, 0.25, 0.15, 0.15]))])
    return Pavement(
        ground=plan.ground,
        asphalt=grays * float(rng.uniform(0.08, 0.24)),
        slabs=slab * float(rng.uniform(0.8, 1.2)),
        slab_size=float(rng.uniform(0.45, 1.3)),
        slab_spread=float(rng.uniform(0.1, 0.45)),
        grass=np.array([0.10, 0.17, 0.04]) * rng.uniform(0.7, 1.3, 3),
        worn=float(rng.uniform(0.5, 1.0)),
        seed=float(rng.uniform(0, 400)),
    )


def _draw_things(stage: Stage, things: Things, lit_at: list[float]) -> None:
    """Objects from far to near, so that near ones cover far ones."""
    drawing = [
        (item, draw, name)
        for items, draw, name in (
            (things.trees, draw_tree, "vegetation"),
            (things.cars, draw_car, "car"),
            (things.people, draw_person, "person"),
            (things.masts, draw_mast, "pole"),
            (things.signs, draw_sign, "sign"),
        )
        for item in items
    ]
    places = np.array([[item.x, 0.0, item.z] for item, _, _ in drawing]).reshape(-1, 3)
    depths = stage.camera.project(places)[:, 2] if len(places) else np.zeros(0)
    # a sign hangs before its own mast
    depths = depths - np.array([0.15 * (name == "sign") for _, _, name in drawing])
    for number in np.argsort(-depths, kind="stable"):
        item, draw, name = drawing[number]
        draw(stage, item, lit_at[number], IDS[name])  # type: ignore[operator]
    for railing in things.railings:
        draw_railing(stage, railing, 0.7, IDS["pole"])


def _light_at(light: Light, plan: Plan, things: Things) -> list[float]:
    """Whether the sun reaches each object, seen at chest height; houses shade, nothing else."""
    items = [*things.trees, *things.cars, *things.people, *things.masts, *things.signs]
    if not items:
        return []
    points = np.array([[item.x, 1.6, item.z] for item in items])
    lit = sunlight(light, [house.block() for house in plan.houses], points)
    return [float(0.12 + 0.88 * value) for value in lit]


def _draw_backdrop(stage: Stage, rng: np.random.Generator, far: str) -> None:
    """Woods or a town on the horizon, where nothing else hides the sky."""
    canvas, camera, light = stage.canvas, stage.camera, stage.light
    rays = camera.rays()
    rise = rays[..., 1] / np.hypot(rays[..., 0], rays[..., 2])
    azimuth = np.arctan2(rays[..., 0], rays[..., 2]) * 60.0
    level, offset = float(rng.uniform(0.02, 0.07)), float(rng.uniform(0, 400))
    if far == "vegetation":
        edge = level * (1.0 + 0.3 * cloudy(azimuth * 2.5 + offset, azimuth * 0 + 3))
        tone = 1.0 + 0.3 * cloudy(azimuth * 14 + offset, rise * 900)
        color: Array = np.array([0.06, 0.09, 0.035]) * tone[..., None]
    else:
        block = np.floor(azimuth / 2.6 + offset)
        edge = level * (0.5 + 1.3 * cell(block, block * 0 + 7))
        gray = 0.12 + 0.3 * cell(block, block * 0 + 9)
        panes = 1.0 - 0.4 * (np.mod(azimuth * 3, 1) < 0.5) * (np.mod(rise * 150, 1) < 0.5)
        color = (gray * panes)[..., None] * np.array([1.0, 0.96, 0.9])
    here = (rise < edge) & (canvas.label == IDS["sky"]) & ~np.isfinite(canvas.depth)
    lighted = color * (0.35 * light.sun + 0.75 * light.ambient)
    strength = 1.0 - np.exp(-light.haze * 160.0)
    canvas.rgb[here] = (lighted * (1 - strength) + 0.8 * light.horizon * strength)[here]
    canvas.label[here] = IDS[far]
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
    color = rng.uniform(0.02, 0.3) * (1 + rng.uniform(-0.3, 0.3, 3))
    depth = np.clip((y - top) / rise, 0.0, 1.0)
    gloss = 0.10 + 0.35 * np.exp(-6.0 * depth) + 0.12 * np.exp(-(((side - 0.35) / 0.1) ** 2))
    shine = color * (light.ambient + 0.3 * light.sun) + gloss[..., None] * 0.5 * light.horizon
    canvas.rgb[here] = shine[here]
    canvas.label[here] = IDS["void"]


def _outline(canvas: Canvas, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The unclear rim of some objects, at the picture's resolution."""
    thing = canvas.thing[::PIXEL, ::PIXEL]
    numbers = np.unique(thing[thing > 0])
    chosen = numbers[rng.random(len(numbers)) < 0.4]
    inside = np.isin(thing, chosen).astype(np.uint8)
    grown = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    return (grown > 0) & (inside == 0) & (thing == 0)


def _label(canvas: Canvas, rng: np.random.Generator) -> Label:
    """Labels of the picture, with void where a person would hesitate."""
    thin = (IDS["pole"], IDS["sign"])
    label = reduce_labels(canvas.label, PIXEL, len(CLASSES), thin)
    far = canvas.depth[::PIXEL, ::PIXEL]
    if rng.random() < 0.5:
        unclear = np.isfinite(far) & (far > float(rng.uniform(60, 110)))
        label[unclear & ~np.isin(label, thin)] = IDS["void"]
    keep = np.isin(label, thin)
    label[_outline(canvas, rng) & ~keep] = IDS["void"]
    return label


def render(number: int) -> Picture:
    """Picture `number` of the set; the same number always gives the same picture."""
    rng = np.random.default_rng((SEED, number))
    plan, light = sample_plan(rng), sample_light(rng)
    dark = light.kind == "dusk"
    camera = Camera(plan.pose, WIDTH * PIXEL, HEIGHT * PIXEL)
    things = sample_things(rng, plan, camera, dark, IDS["vegetation"])
    photo = sample_photo(rng, dark)
    quads = [quad for house in plan.houses for quad in house.quads(IDS["building"])]
    canvas = draw_surfaces(
        camera,
        light,
        quads + things.hedges,
        _pavement(rng, plan),
        (IDS["road"], IDS["sidewalk"], IDS["vegetation"]),
        occluders(plan, things),
    )
    stage = Stage(camera, light, canvas, PIXEL)
    _draw_backdrop(stage, rng, "vegetation" if rng.random() < 0.6 else "building")
    _draw_things(stage, things, _light_at(light, plan, things))
    if plan.pose.height < 2.5 and rng.random() < 0.25:
        _draw_bonnet(canvas, light, rng)
    label = _label(canvas, rng)
    return Picture(develop(canvas.rgb, photo, PIXEL, rng), label, photo.quality)


def name_of(number: int) -> str:
    return f"street_{number:04d}"


def color_mask(label: Label) -> npt.NDArray[np.uint8]:
    """Class ids to an RGB mask: uint8 H×W×3."""
    return np.array(list(CLASSES.values()), np.uint8)[label]


def _write_lists(out: Path) -> None:
    with (out / "classes.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "r", "g", "b"])
        rows.writerows([name, *color] for name, color in CLASSES.items())
    (out / "splits").mkdir(exist_ok=True)
    start = 0
    for split, count in SPLITS.items():
        names = [name_of(number) for number in range(start, start + count)]
        text = "".join(f"{name}\n" for name in names)
        (out / "splits" / f"{split}.txt").write_text(text, encoding="utf-8", newline="\n")
        start += count


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--count", type=int, default=sum(SPLITS.values()), help="only the first N")
    options = parser.parse_args(arguments)
    for folder in ("images", "masks"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    _write_lists(options.out)
    for number in range(options.count):
        picture, name = render(number), name_of(number)
        image = Image.fromarray(picture.image)
        image.save(options.out / "images" / f"{name}.jpg", quality=picture.quality, optimize=True)
        mask = Image.fromarray(color_mask(picture.label))
        mask.save(options.out / "masks" / f"{name}.png", optimize=True)
        sys.stderr.write(f"\r{number + 1}/{options.count}")
    sys.stderr.write("\n")


if __name__ == "__main__":
    main()
