"""Supervisely: a project folder with meta.json and, for each photo, a JSON file of objects."""

from __future__ import annotations

import zlib
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from segdata.classes import ClassMap, Color
from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.assembly import Opened, Picture, a_few, annotation_files, assemble
from segdata.sources.bitmaps import decoded, mask_of
from segdata.sources.class_files.entries import packed_color
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

_META = "meta.json"
_ANNOTATIONS, _IMAGES = "ann", "img"
_DAMAGED = "no bitmap or points"
# A PNG of a mask is no larger than its pixels and what stands around them.
_AROUND = 1 << 16


def reject(survey: Survey, hints: Hints) -> str:
    """It has a meta.json with classes, and folders called ann."""
    if _meta(survey) is None:
        return "there is no meta.json with classes"
    files = _files(survey, hints)
    if not any({"objects", "size"} <= keys_of(path) for path in a_few(files)):
        return "no folder ann holds JSON files with objects"
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Classes and colors are those of the project; photos lie in folders called img."""
    meta = _meta(survey)
    files = _files(survey, hints)
    if meta is None or not files:
        what = "JSON files in a folder ann" if meta else "meta.json with classes"
        raise UserError(f"{survey.root} has no {what}", "name the folder of the project")
    names, colors = _classes(meta)
    class_map = class_map_of(names, hints, colors)
    photos = Photos.of(survey, hints)
    decisions = {
        "rasterizer": f"{PILLOW}; pixels on an outline belong to the object, as in Supervisely",
        "draw order": "as in the file, later objects on top",
        "holes": "interiors are cut out together with their outlines",
        "overlaps": "the later object is on top",
        "class ids": "background is 0, then the classes in the project's order",
    }
    read = partial(read_objects, class_map=class_map)
    pictures = [_picture(path, photos) for path in files]
    return assemble(Opened(FORMAT.name, class_map, pictures, read, decisions), photos, hints)


FORMAT = Format("supervisely", "Supervisely project", reject, open_folder)


def read_objects(item: Item, class_map: ClassMap) -> Reading:
    """Draw the objects of one picture over each other, in the file's order.

    Raises:
        Unreadable: the file is damaged, or its photo has another size.
    """
    data = read_json(item.label)
    objects = data.get("objects") if isinstance(data, dict) else None
    if not isinstance(objects, list):
        raise Unreadable(f"{item.label} has no list of objects", "export the project again")
    size = size_of(item, _declared(data), upright=True)
    left_out: Counter[str] = Counter()
    entries = ((f"object {n}", entry) for n, entry in enumerate(objects, 1))
    shapes = drawable(item.image.name, entries, partial(_shape, size=size), left_out)
    return draw(shapes, size, class_map, left_out)


def _meta(survey: Survey) -> Path | None:
    """The project's file: of the folder itself, or of the only project in it."""
    found = [
        path
        for path in survey.files(_META)
        if path.name == _META and "classes" in keys_of(path) and not path.is_symlink()
    ]
    top = [path for path in found if path.parent == survey.root]
    return top[0] if top else found[0] if len(found) == 1 else None


def _files(survey: Survey, hints: Hints) -> list[Path]:
    files = annotation_files(survey, hints, ".json")
    return [path for path in files if path.parent.name == _ANNOTATIONS]


def _classes(path: Path) -> tuple[list[str], dict[str, Color]]:
    """Names in the project's order, and their colors.

    Raises:
        UserError: the file is damaged.
    """
    meta = read_json(path)
    listed = meta.get("classes") if isinstance(meta, dict) else None
    if not isinstance(listed, list):
        raise UserError(f"{path} has no list of classes", "export the project again")
    names, colors = [], {}
    for entry in listed:
        if isinstance(entry, dict) and "title" in entry:
            name = cleaned(entry["title"])
            names.append(name)
            color = packed_color(str(entry.get("color"))[:40])
            if color is not None:
                colors[name] = color
    return names, colors


def _picture(path: Path, photos: Photos) -> Picture:
    """``ds/ann/a.jpg.json`` is of ``ds/img/a.jpg``; older exports leave the suffix out."""
    folder = f"{path.parent.parent.name}/{_IMAGES}"
    photo = photos.find(f"{folder}/{path.stem}", path) or photos.of_stem(
        f"{folder}/{path.stem}", path
    )
    return Picture(path.stem, photo, path)


def _declared(data: dict[str, Any]) -> Size | None:
    size = data.get("size")
    if not isinstance(size, dict):
        return None
    height, width = size.get("height"), size.get("width")
    return (height, width) if isinstance(height, int) and isinstance(width, int) else None


def _shape(entry: Any, size: Size) -> Shape:
    if not isinstance(entry, dict):
        raise Damaged(_DAMAGED)
    return Shape(cleaned(entry.get("classTitle", "unnamed")), _pixels(entry, size))


def _pixels(entry: dict[str, Any], size: Size) -> Pixels:
    """The pixels of an object of any kind.

    Raises:
        LeftOut: it has none.
        Damaged: they are lost.
    """
    kind = entry.get("geometryType", "bitmap" if "bitmap" in entry else "polygon")
    if kind in ("bitmap", "alpha_mask"):
        return _bitmap(entry.get("bitmap"), size)
    places = entry.get("points")
    if not isinstance(places, dict):
        raise Damaged(_DAMAGED)
    outline = _whole(places.get("exterior"))
    if kind == "polygon":
        holes = places.get("interior")
        return pillow.polygon(
            outline, size, [_whole(hole) for hole in holes] if isinstance(holes, list) else []
        )
    if kind == "rectangle":
        return pillow.rectangle(outline, size)
    if kind in ("line", "point"):
        raise LeftOut(f"{kind}s without an area")
    raise LeftOut(f"objects of type {cleaned(kind)[:20]}")


def _whole(values: Any) -> Points:
    """Points as whole pixels, which is what Supervisely's coordinates are."""
    points: Points = np.floor(points_of([] if values is None else values))
    return points


def _bitmap(bitmap: Any, size: Size) -> Pixels:
    if not isinstance(bitmap, dict):
        raise Damaged(_DAMAGED)
    corner = _whole(bitmap.get("origin"))
    if len(corner) != 1:
        raise Damaged(_DAMAGED)
    packed = decoded(bitmap.get("data"))
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, 4 * size[0] * size[1] + _AROUND)
    except zlib.error:
        data = packed
    left, top = np.clip(corner[0], -1e9, 1e9).astype(np.int64).tolist()
    return placed(mask_of(data, size), top, left, size)
