"""Label Studio: tasks with brush strokes, outlines, boxes and ellipses, in its JSON export."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import IMAGE_SUFFIXES, Unreadable
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.assembly import Opened, Picture, a_few, annotation_files, assemble
from segdata.sources.bitmaps import decoded, mask_of
from segdata.sources.json_files import is_list, keys_of, members, read_json, read_span
from segdata.sources.names import class_map_of, cleaned
from segdata.sources.photos import Photos, size_of
from segdata.sources.shapes import (
    RASTERIZER,
    Damaged,
    LeftOut,
    Pixels,
    Points,
    Shape,
    Size,
    brush_mask,
    draw,
    drawable,
    ellipse,
    fill_each,
    placed,
    points_of,
    turned_box,
)

_SAID = frozenset({"completed_by", "original_width", "from_name", "to_name", "was_cancelled",
                   "ground_truth", "data", "result"})  # fmt: skip
_MINIMAL = frozenset({"annotation_id", "annotator", "lead_time"})
# What an upload puts before a photo's name.
_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")
_UNLABELED = "regions without a label"
_DAMAGED = "brush strokes that are damaged"


@dataclass
class _Tasks:
    """What the files of a folder hold."""

    pictures: list[Picture] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    unused: int = 0
    unfinished: int = 0


def reject(survey: Survey, hints: Hints) -> str:
    """It has Label Studio's JSON export.

    Raises:
        UserError: it has its short export, which does not say who drew what.
    """
    files = annotation_files(survey, hints, ".json")
    if not files:
        return "there is no JSON file"
    if any(map(_is_export, a_few(files))):
        return ""
    minimal = next((path for path in a_few(files) if keys_of(path) >= _MINIMAL), None)
    if minimal is not None:
        raise UserError(f"{minimal} is Label Studio's JSON-MIN", "export as JSON")
    return "no JSON file has tasks with results"


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Of each task the first completed annotation that was not cancelled is used."""
    photos = Photos.of(survey, hints)
    tasks = _Tasks()
    for path in annotation_files(survey, hints, ".json"):
        if _is_export(path):
            _add_file(path, photos, tasks)
    if not tasks.pictures:
        raise UserError(
            f"{survey.root} has no task with a completed annotation",
            "submit annotations in Label Studio and export as JSON",
        )
    class_map = class_map_of(sorted(tasks.names), hints)
    decisions = {
        "rasterizer": f"{RASTERIZER}; ellipses by the middles of pixels",
        "draw order": "as in the file, later regions on top",
        "overlaps": "the later region is on top",
        "annotators": "the first annotation of a task that was not cancelled is used; "
        f"{tasks.unused} others are not",
        "unlabeled": f"{tasks.unfinished} tasks have no completed annotation",
        "class ids": "background is 0, then the labels in alphabetical order",
    }
    read = partial(read_regions, class_map=class_map)
    opened = Opened(FORMAT.name, class_map, tasks.pictures, read, decisions)
    return assemble(opened, photos, hints)


FORMAT = Format("label-studio", "Label Studio JSON", reject, open_folder)


def read_regions(item: Item, class_map: ClassMap) -> Reading:
    """Draw the regions of one task over each other, in its order.

    Raises:
        Unreadable: they were drawn on a picture of another size.
    """
    task = read_span(item.label, [item.drawn])[0]
    annotation, _ = _first_completed(task)
    results = _results(annotation)
    size = size_of(item, _declared(results), upright=True)
    left_out: Counter[str] = Counter()
    entries = ((f"region {n}", region) for n, region in enumerate(_regions(results), 1))
    shape_of = partial(_shape, size=size, left_out=left_out)
    shapes = drawable(item.image.name, entries, shape_of, left_out)
    return draw(shapes, size, class_map, left_out)


def _is_export(path: Path) -> bool:
    keys = keys_of(path)
    return "result" in keys and len(keys & _SAID) > 2


def _add_file(path: Path, photos: Photos, tasks: _Tasks) -> None:
    """A list of tasks, or one task; of many files of one task a damaged one is left out."""
    if not is_list(path):
        try:
            _add_task(read_json(path), path, (0, path.stat().st_size), photos, tasks)
        except Unreadable:
            tasks.pictures.append(Picture(path.name, photos.of_stem(path.stem, path), path, (0, 0)))
        return
    for member in members(path):
        task = member.value
        if not repr(task).isascii():
            task = read_span(path, [(member.start, member.end)])[0]
        _add_task(task, path, (member.start, member.end), photos, tasks)


def _add_task(task: Any, path: Path, span: tuple[int, int], photos: Photos, tasks: _Tasks) -> None:
    annotation, others = _first_completed(task)
    tasks.unused += others
    if annotation is None:
        tasks.unfinished += 1
        return
    for region in _regions(_results(annotation)):
        tasks.names.update(dict.fromkeys(region.labels[:1]))
    name, photo = _photo(task, path, photos)
    tasks.pictures.append(Picture(name, photo, path, span))


def _first_completed(task: Any) -> tuple[dict[str, Any] | None, int]:
    """The annotation that counts, and how many others were completed."""
    if not isinstance(task, dict):
        return None, 0
    if "result" in task:
        return task, 0
    listed = task.get("annotations", task.get("completions"))
    done = [
        a for a in (listed if isinstance(listed, list) else [])
        if isinstance(a, dict) and not a.get("was_cancelled") and isinstance(a.get("result"), list)
    ]  # fmt: skip
    return (done[0], len(done) - 1) if done else (None, 0)


def _photo(task: dict[str, Any], path: Path, photos: Photos) -> tuple[str, Path | None]:
    """The name of a task's photo, and the photo: with what an upload puts before it or without."""
    inner = task.get("task")
    data = inner.get("data") if isinstance(inner, dict) else task.get("data")
    values = list(data.values()) if isinstance(data, dict) else []
    texts = [_path_of(v) for v in (*values, task.get("file_upload")) if isinstance(v, str)]
    names = [text for text in texts if text.lower().endswith(IMAGE_SUFFIXES)]
    for name in names:
        folder, slash, last = name.rpartition("/")
        for spelled in (name, folder + slash + _UPLOADED.sub("", last, count=1)):
            photo = photos.find(spelled, path)
            if photo is not None:
                return name, photo
    return (names[0] if names else f"task {cleaned(task.get('id'))}"), None


def _path_of(address: str) -> str:
    """The path in an address: of ``/data/local-files/?d=a%20b.jpg`` it is ``a b.jpg``."""
    try:
        parts = urlsplit(address)
        local = parse_qs(parts.query).get("d")
    except ValueError:
        return address
    return local[0] if local else unquote(parts.path)


@dataclass(frozen=True)
class _Region:
    """One region: where it is, its labels, and what the picture's size was."""

    value: Mapping[str, Any]
    labels: list[str]
    turned: bool


def _results(annotation: dict[str, Any] | None) -> list[dict[str, Any]]:
    found = annotation.get("result") if annotation else None
    return [r for r in found if isinstance(r, dict)] if isinstance(found, list) else []


def _regions(results: list[dict[str, Any]]) -> Iterator[_Region]:
    """Regions in order; where the label is a result of its own, it has the region's id."""
    named: dict[str, list[str]] = {}
    for result in results:
        value = result.get("value")
        labels = _labels(value) if isinstance(value, dict) else []
        if labels and isinstance(result.get("id"), str):
            named.setdefault(result["id"], labels)
    seen: set[str] = set()
    for result in results:
        value, number = result.get("value"), str(result.get("id"))
        if not isinstance(value, dict) or not _is_place(value) or number in seen:
            continue
        if result.get("id") is not None:
            seen.add(number)
        turned = result.get("image_rotation") not in (None, 0)
        yield _Region(value, _labels(value) or named.get(number, []), turned)


def _labels(value: Mapping[str, Any]) -> list[str]:
    for key, labels in value.items():
        if key.endswith("labels") and isinstance(labels, list):
            return [cleaned(label) for label in labels]
    return []


def _is_place(value: Mapping[str, Any]) -> bool:
    return any(key in value for key in ("rle", "points", "x", "imageDataURL", "vertices"))


def _declared(results: list[dict[str, Any]]) -> Size | None:
    for result in results:
        height, width = result.get("original_height"), result.get("original_width")
        if isinstance(height, int) and isinstance(width, int):
            return height, width
    return None


def _shape(region: _Region, size: Size, left_out: Counter[str]) -> Shape:
    if not region.labels:
        raise LeftOut(_UNLABELED)
    if region.turned:
        raise LeftOut("regions drawn on a turned view")
    if len(region.labels) > 1:
        left_out["second labels of a region"] += len(region.labels) - 1
    return Shape(region.labels[0], _pixels(region.value, size, left_out))


def _pixels(value: Mapping[str, Any], size: Size, left_out: Counter[str]) -> Pixels:
    """The pixels of a region of any kind; its places are percents of the picture.

    Raises:
        LeftOut: it has none.
        Damaged: they are lost.
    """
    percent = np.array([size[1], size[0]]) / 100
    if "rle" in value:
        return placed(brush_mask(_bytes(value["rle"]), size), 0, 0, size)
    if "imageDataURL" in value:
        return placed(mask_of(decoded(value["imageDataURL"]), size), 0, 0, size)
    if "points" in value:
        return fill_each([points_of(value["points"]) * percent], size, left_out)
    if "radiusX" in value:
        radii = _point(value, "radiusX", "radiusY") * percent
        return ellipse(_point(value, "x", "y") * percent, radii, _degrees(value), size)
    if "height" in value:
        corner = _point(value, "x", "y") * percent
        opposite = corner + _point(value, "width", "height") * percent
        return fill_each([turned_box(corner, opposite, corner, _degrees(value))], size, left_out)
    raise LeftOut("points without an area")


def _point(value: Mapping[str, Any], first: str, second: str) -> Points:
    point: Points = points_of([value.get(first), value.get(second)])[0]
    return point


def _degrees(value: Mapping[str, Any]) -> float:
    return float(points_of([value.get("rotation", 0) or 0, 0])[0][0])


def _bytes(numbers: Any) -> bytes:
    try:
        return bytes(numbers) if isinstance(numbers, list) else b""
    except (TypeError, ValueError):
        raise Damaged(_DAMAGED) from None
