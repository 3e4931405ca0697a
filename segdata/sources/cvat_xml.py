"""CVAT for images: the shapes of all pictures in one XML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from segdata.classes import ClassMap, Color
from segdata.errors import UserError
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.assembly import Opened, Picture, a_few, annotation_files, assemble
from segdata.sources.class_files.entries import packed_color
from segdata.sources.names import class_map_of, cleaned
from segdata.sources.photos import Photos, size_of, split_of
from segdata.sources.shapes import (
    RASTERIZER,
    Damaged,
    LeftOut,
    Pixels,
    Shape,
    Size,
    draw,
    drawable,
    ellipse,
    fill_each,
    placed,
    row_runs,
    turned_box,
)
from segdata.sources.xml_files import Handlers, head_of, read_xml

# Elements of an image that are no areas, as CVAT's own export of masks leaves them out.
_NO_AREA = {"polyline": "lines without an area", "points": "points without an area",
            "cuboid": "cuboids", "skeleton": "skeletons", "tag": "tags of pictures"}  # fmt: skip
_DAMAGED = "coordinates that are no numbers"
# The subset of a task that has none (CVAT, export of a project).
_DEFAULT = "default"


@dataclass(frozen=True)
class Drawn:
    """The shapes of one picture: each one's element and attributes."""

    size: Size | None
    shapes: tuple[tuple[str, Mapping[str, str]], ...]


@dataclass
class _Image:
    attributes: Mapping[str, str]
    shapes: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)


@dataclass
class _File:
    """What one file holds."""

    labels: list[str] = field(default_factory=list)
    colors: dict[str, Color] = field(default_factory=dict)
    images: list[_Image] = field(default_factory=list)
    tracks: int = 0

    def start(self, path: tuple[str, ...], attributes: dict[str, str]) -> None:
        if path == ("annotations", "image"):
            self.images.append(_Image(attributes))
        elif path[:2] == ("annotations", "image") and len(path) == 3:
            self.images[-1].shapes.append((path[2], attributes))
        elif path == ("annotations", "track"):
            self.tracks += 1

    def end(self, path: tuple[str, ...], text: str) -> None:
        if path[-3:-1] != ("labels", "label"):
            return
        if path[-1] == "name":
            self.labels.append(cleaned(text))
        elif path[-1] == "color" and self.labels and (color := packed_color(text)):
            self.colors.setdefault(self.labels[-1], color)
        elif path[-1] == "parent" and text and self.labels:
            # The points of a skeleton are listed as labels, too.
            self.labels.pop()


def reject(survey: Survey, hints: Hints) -> str:
    """It has an XML file of CVAT's."""
    files = annotation_files(survey, hints, ".xml")
    if not files:
        return "there is no XML file"
    return "" if any(map(_is_cvat, a_few(files))) else "no XML file has annotations of images"


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Read every file once; shapes stay text until they are drawn."""
    paths = [path for path in annotation_files(survey, hints, ".xml") if _is_cvat(path)]
    files = {path: _read(path) for path in paths}
    if not any(file.images for file in files.values()):
        tracks = sum(file.tracks for file in files.values())
        raise UserError(
            f"{survey.root} has no CVAT file with images" + (" (it is of a video)" * bool(tracks)),
            'export the task as "CVAT for images 1.1"',
        )
    photos = Photos.of(survey, hints)
    listed = [label for file in files.values() for label in file.labels]
    drawn = {_label(s) for f in files.values() for i in f.images for s in i.shapes if _has_area(s)}
    colors = {k: v for file in reversed(files.values()) for k, v in file.colors.items()}
    class_map = class_map_of([*listed, *sorted(drawn - set(listed))], hints, colors)
    decisions = {
        "rasterizer": f"{RASTERIZER}; ellipses by the middles of pixels, rounded as CVAT does",
        "draw order": "z_order, then as in the file",
        "overlaps": "the shape drawn last is on top",
        "class ids": "background is 0, then the labels in the task's order",
    }
    pictures = [_picture(p, i, photos) for p, file in files.items() for i in file.images]
    read = partial(read_shapes, class_map=class_map)
    return assemble(Opened(FORMAT.name, class_map, pictures, read, decisions), photos, hints)


FORMAT = Format("cvat", "CVAT for images (XML)", reject, open_folder)


def read_shapes(item: Item, class_map: ClassMap) -> Reading:
    """Draw the shapes of one picture in the order of their layers.

    Raises:
        Unreadable: they were drawn on a picture of another size.
    """
    drawn: Drawn = item.drawn
    size = size_of(item, drawn.size, upright=True)
    left_out: Counter[str] = Counter()
    layers = sorted(drawn.shapes, key=lambda shape: _layer(shape[1]))
    number = {id(shape): n for n, shape in enumerate(drawn.shapes, 1)}
    entries = ((f"shape {number[id(shape)]} ({shape[0]})", shape) for shape in layers)
    shape_of = partial(_shape, size=size, left_out=left_out)
    shapes = drawable(item.image.name, entries, shape_of, left_out)
    return draw(shapes, size, class_map, left_out)


def _is_cvat(path: Path) -> bool:
    head = head_of(path)
    return b"<annotations" in head and any(
        mark in head for mark in (b"<meta", b"<image ", b"<version>")
    )


def _read(path: Path) -> _File:
    file = _File()
    read_xml(path, Handlers(file.start, file.end))
    return file


def _picture(path: Path, image: _Image, photos: Photos) -> Picture:
    name, subset = image.attributes.get("name", ""), image.attributes.get("subset") or _DEFAULT
    split = split_of(subset) or subset
    try:
        size = int(image.attributes["height"]), int(image.attributes["width"])
    except (KeyError, ValueError):
        size = None
    photo = photos.find(name, path, split=split)
    return Picture(name, photo, path, Drawn(size, tuple(image.shapes)), (cleaned(split),))


def _shape(shape: tuple[str, Mapping[str, str]], size: Size, left_out: Counter[str]) -> Shape:
    return Shape(_label(shape), _pixels(*shape, size, left_out))


def _pixels(kind: str, attributes: Mapping[str, str], size: Size, left_out: Counter[str]) -> Pixels:
    """The pixels of a shape of any kind.

    Raises:
        LeftOut: it has none.
        Damaged: they are lost.
    """
    if kind == "polygon":
        points = attributes.get("points", "").replace(";", ",").split(",")
        return fill_each([points], size, left_out)
    if kind == "box":
        left, top, right, bottom = _numbers(attributes, "xtl", "ytl", "xbr", "ybr")
        corner, opposite = np.array([left, top]), np.array([right, bottom])
        (degrees,) = _numbers(attributes, "rotation")
        box = turned_box(corner, opposite, (corner + opposite) / 2, degrees)
        return fill_each([box], size, left_out)
    if kind == "ellipse":
        return _ellipse(attributes, size)
    if kind == "mask":
        left, top, width, height = (
            int(number) for number in _numbers(attributes, "left", "top", "width", "height")
        )
        if not (0 < width <= size[1] and 0 < height <= size[0]):
            raise Damaged("masks larger than the picture")
        return placed(
            row_runs(_integers(attributes.get("rle", "")), (height, width)), top, left, size
        )
    raise LeftOut(_NO_AREA.get(kind, f"shapes of type {cleaned(kind)[:20]}"))


def _ellipse(attributes: Mapping[str, str], size: Size) -> Pixels:
    """CVAT draws ellipses with OpenCV, which rounds: to whole pixels, all drawn, and degrees."""
    numbers = _numbers(attributes, "cx", "cy", "rx", "ry")
    (degrees,) = _numbers(attributes, "rotation")
    center, radii = np.round(numbers[:2]) + 0.5, np.round(numbers[2:]) + 0.5
    return ellipse(center, radii, round(degrees), size)


def _numbers(attributes: Mapping[str, str], *names: str) -> list[float]:
    """Attributes as numbers; a missing rotation is none.

    Raises:
        Damaged: one of them is no finite number.
    """
    try:
        numbers = [float(attributes.get(n, "0" if n == "rotation" else "nan")) for n in names]
    except ValueError:
        raise Damaged(_DAMAGED) from None
    if not np.isfinite(numbers).all():
        raise Damaged(_DAMAGED)
    return numbers


def _integers(text: str) -> list[Any]:
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise Damaged("run lengths that are damaged") from None


def _layer(attributes: Mapping[str, str]) -> int:
    try:
        return int(attributes.get("z_order", "0"))
    except ValueError:
        return 0


def _has_area(shape: tuple[str, Mapping[str, str]]) -> bool:
    return shape[0] not in _NO_AREA


def _label(shape: tuple[str, Mapping[str, str]]) -> str:
    return cleaned(shape[1].get("label", "unnamed"))
