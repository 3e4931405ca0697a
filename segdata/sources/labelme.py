"""LabelMe: one JSON file of shapes beside each photo, or with the photo inside it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.assembly import Opened, Picture, a_few, annotation_files, assemble
from segdata.sources.bitmaps import decoded, mask_of
from segdata.sources.json_files import keys_of, read_json
from segdata.sources.names import class_map_of, cleaned
from segdata.sources.photos import Photos, size_of
from segdata.sources.shapes import (
    PILLOW,
    Damaged,
    LeftOut,
    Pixels,
    Points,
    Shape,
    Size,
    draw,
    drawable,
    pillow,
    placed,
    points_of,
)

# What LabelMe's exporter draws lines and points with (labelme.utils.shape: line_width, point_size).
_LINE_WIDTH, _POINT_SIZE = 10, 5
# The list of labels that LabelMe's exporter takes.
_LABELS_FILE = "labels.txt"
_OUTLINES = ("polygon", "oriented_rectangle", "rotation", None, "")
# What FF D8 FF, with which every JPEG begins, is in base64.
_JPEG = "/9j/"
_LINES = ("line", "linestrip")
_POINTS = ("point", "points")


def reject(survey: Survey, hints: Hints) -> str:
    """Its JSON files have shapes."""
    files = annotation_files(survey, hints, ".json")
    if not files:
        return "there is no JSON file"
    if not any(_is_labelme(path) for path in a_few(files)):
        return "no JSON file has shapes and an imagePath"
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Every file is read once: its shapes name the classes, unless the user's class file does."""
    photos = Photos.of(survey, hints)
    names: set[str] = set()
    pictures = []
    for path in annotation_files(survey, hints, ".json"):
        if _is_labelme(path):
            picture, found = _picture(path, photos)
            pictures.append(picture)
            names |= found
    if not pictures:
        raise UserError(f"{survey.root} has no LabelMe file", "name the folder with --labels DIR")
    class_map = _classes(survey, hints, names)
    decisions = {
        "rasterizer": PILLOW,
        "draw order": "as in the file, later shapes on top, as LabelMe's exporter",
        "lines and points": f"{_LINE_WIDTH} pixels wide, disks of radius {_POINT_SIZE}",
        "overlaps": "the later shape is on top",
        "class ids": "background is 0, then the labels in alphabetical order"
        if hints.classes is None
        else f"as in {hints.classes.name}",
    }
    read = partial(read_shapes, class_map=class_map)
    return assemble(Opened(FORMAT.name, class_map, pictures, read, decisions), photos, hints)


FORMAT = Format("labelme", "LabelMe JSON", reject, open_folder)


def read_shapes(item: Item, class_map: ClassMap) -> Reading:
    """Draw the shapes of one file over each other, in its order.

    Raises:
        Unreadable: the file is damaged, or its photo has another size.
    """
    data = _document(item.label)
    size = size_of(item, _declared(data), upright=True)
    left_out: Counter[str] = Counter()
    entries = ((f"shape {n}", shape) for n, shape in enumerate(data["shapes"], 1))
    shapes = drawable(item.image.name, entries, partial(_shape, size=size), left_out)
    return draw(shapes, size, class_map, left_out)


def embedded_photo(path: Path) -> bytes:
    """The photo that a file holds.

    Raises:
        Unreadable: it holds none, or a damaged one.
    """
    try:
        return decoded(_document(path).get("imageData"))
    except Damaged:
        raise Unreadable(f"{path} holds a photo that is damaged", "export it again") from None


def _is_labelme(path: Path) -> bool:
    """By the keys in the first and last part: embedded photos stand before or behind shapes."""
    keys = keys_of(path)
    said = {"imagePath", "imageData", "imageHeight", "lineColor"}
    return bool(keys & {"shapes", "shape_type"}) and bool(keys & said)


def _picture(path: Path, photos: Photos) -> tuple[Picture, set[str]]:
    """What a file speaks of, and the labels in it; a damaged file keeps the photo of its name."""
    try:
        data = _document(path)
    except Unreadable:
        return Picture(path.name, photos.of_stem(path.stem, path), path), set()
    named = data.get("imagePath")
    named = named if isinstance(named, str) else ""
    photo = photos.find(named, path) or photos.of_stem(path.stem, path)
    names = {str(s["label"]) for s in data["shapes"] if isinstance(s, dict) and "label" in s}
    if photo is not None or not isinstance(data.get("imageData"), str):
        return Picture(named or path.name, photo, path), names
    photo = path.with_suffix(".jpg" if data["imageData"].startswith(_JPEG) else ".png")
    return Picture(named, photo, path, embedded=partial(embedded_photo, path)), names


def _document(path: Path) -> dict[str, Any]:
    data = read_json(path)
    if not isinstance(data, dict) or not isinstance(data.get("shapes"), list):
        raise Unreadable(f"{path} has no list of shapes", "save it again with LabelMe")
    return data


def _declared(data: dict[str, Any]) -> Size | None:
    height, width = data.get("imageHeight"), data.get("imageWidth")
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _classes(survey: Survey, hints: Hints, names: Iterable[str]) -> ClassMap:
    """Classes of the user's file, of LabelMe's own list of labels, or of the shapes."""
    listed = survey.root / _LABELS_FILE
    if hints.classes is None and _LABELS_FILE in survey.folders["."]:
        hints = Hints(listed, hints.images, hints.labels)
    return class_map_of(sorted(names), hints)


def _shape(shape: Any, size: Size) -> Shape:
    if not isinstance(shape, dict):
        raise Damaged("no object")
    return Shape(cleaned(shape.get("label", "unnamed")), _pixels(shape, size))


def _pixels(shape: dict[str, Any], size: Size) -> Pixels:
    """The pixels of a shape of any type.

    Raises:
        LeftOut: it has none.
        Damaged: they are lost.
    """
    kind, points = shape.get("shape_type"), points_of(shape.get("points", []))
    if not len(points):
        raise LeftOut("shapes without points")
    if kind in _OUTLINES:
        return pillow.polygon(points, size)
    if kind == "rectangle":
        return pillow.rectangle(points, size)
    if kind in _LINES:
        return pillow.line(points, _LINE_WIDTH, size)
    if kind == "circle" and len(points) > 1:
        return pillow.disk(points[0], math.dist(points[0], points[1]), size)
    if kind in _POINTS:
        return _disks(points, size)
    if kind == "mask":
        return _placed_mask(shape, points, size)
    raise LeftOut(f"shapes of type {cleaned(kind)[:20]}")


def _disks(points: Points, size: Size) -> Pixels:
    disks = [pillow.disk(point, _POINT_SIZE, size) for point in points]
    if len(disks) == 1:
        return disks[0]
    mask = np.zeros(size, dtype=np.bool_)
    for disk in disks:
        height, width = disk.mask.shape
        mask[disk.top : disk.top + height, disk.left : disk.left + width] |= disk.mask
    return placed(mask, 0, 0, size)


def _placed_mask(shape: dict[str, Any], points: Points, size: Size) -> Pixels:
    """A picture of the mask, whose upper left corner is the first point."""
    mask = mask_of(decoded(shape.get("mask")), size)
    left, top = np.clip(points[0], -1e9, 1e9).astype(np.int64).tolist()
    return placed(mask, top, left, size)
