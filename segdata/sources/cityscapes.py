"""Cityscapes: leftImg8bit and gtFine or gtCoarse, with the 19 classes of the benchmark.

Of each picture the best label there is: train ids, stored ids, colors, else the polygons, drawn as
cityscapesScripts draws them (preparation/json2labelImg.py).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from PIL import Image, ImageDraw

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import NoIds, Unreadable, read_header, read_label
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.cityscapes_labels import (
    IGNORE,
    from_stored_ids,
    labelled,
    read_colors,
    trained_classes,
)
from segdata.sources.id_tables import IdTable, renamed
from segdata.sources.layouts import base_with, images_in

# Endings of label files, best first, and what each holds.
_KINDS = ("labelTrainIds.png", "labelIds.png", "color.png", "polygons.json")
_PHOTO = "_leftImg8bit"
_PHOTOS = "leftImg8bit"
_LABELS = ("gtFine", "gtCoarse")
# An annotation of a real picture has some hundred kilobytes.
_LARGEST_JSON = 64 << 20
# A hundred times a picture of Cityscapes.
_MOST_PIXELS = 1 << 28


@dataclass(frozen=True)
class _Found:
    """Where photos and labels lie, and the ending of the folder's label files."""

    photos: Path
    labels: Path

    @property
    def name(self) -> str:
        return self.labels.name


def reject(survey: Survey, hints: Hints) -> str:
    """It has leftImg8bit and gtFine or gtCoarse, with files that Cityscapes names so."""
    found = _find(survey, hints)
    if found is None:
        return "there are no folders leftImg8bit and gtFine or gtCoarse"
    if not _labels(survey, found):
        return f"no file in {found.name} ends in _{found.name}_labelIds.png, ..."
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Pairs by city, sequence and frame; ``train``, ``val`` and ``test`` are folders."""
    found = _find(survey, hints)
    if found is None:
        raise UserError(
            f"{survey.root} has no folders leftImg8bit and gtFine or gtCoarse",
            "unpack leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip into one folder",
        )
    photos = images_in(survey, found.photos, _PHOTO)
    labels = _labels(survey, found)
    keys = sorted(photos.keys() & labels.keys())
    if not keys:
        raise UserError(f"no photo in {found.photos} has a label in {found.labels}")
    items = tuple(Item(key, photos[key], *labels[key]) for key in keys)
    class_map = renamed(trained_classes(), hints)
    read = partial(read_city_label, class_map=class_map)
    kept, withheld = _without_withheld(items, read)
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=kept,
        read=read,
        images=found.photos,
        labels=found.labels,
        images_only=tuple(sorted(photos.keys() - labels.keys())),
        labels_only=tuple(sorted(labels.keys() - photos.keys())),
        lists=_lists(kept),
        decisions=_decisions(found, kept) | withheld,
    )


FORMAT = Format("cityscapes", "Cityscapes", reject, open_folder)


def read_city_label(item: Item, class_map: ClassMap) -> Reading:
    """Read one label in any of the four kinds.

    Raises:
        Unreadable: it is no whole image, or no annotation.
        NoIds: its pixels cannot be ids.
    """
    if item.drawn == "labelTrainIds.png":
        return IdTable(class_map, {IGNORE: -1}).read(read_label(item.label))
    if item.drawn == "labelIds.png":
        return from_stored_ids(class_map).read(read_label(item.label))
    if item.drawn == "color.png":
        return read_colors(item, from_stored_ids(class_map))
    return _read_polygons(item, class_map)


def _read_polygons(item: Item, class_map: ClassMap) -> Reading:
    """Objects cover what stands before them in the file; what none covers is ignored."""
    data = _annotation(item.label)
    photo = read_header(item.image)
    if photo.width * photo.height > _MOST_PIXELS:
        raise Unreadable(f"{item.image} claims {photo.width}×{photo.height} pixels")
    if (data.get("imgWidth"), data.get("imgHeight")) != (photo.width, photo.height):
        raise Unreadable(
            f"{item.label}: drawn for {data.get('imgWidth')}×{data.get('imgHeight')} pixels, and "
            f"{item.image.name} has {photo.width}×{photo.height}"
        )
    canvas = Image.new("L", (photo.width, photo.height), IGNORE)
    pen = ImageDraw.Draw(canvas)
    unlisted: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for entry in data["objects"]:
        points = _points(entry, item.label)
        if entry.get("deleted"):
            left_out["deleted objects"] += 1
            continue
        label = labelled(str(entry.get("label")))
        if label is None:
            unlisted[str(entry.get("label"))] += _area(points, canvas.size)
        elif label.id < 0:
            left_out[f"{label.name}s, which are never drawn"] += 1
        elif len(points) < 2:
            left_out["objects without an area"] += 1
        else:
            pen.polygon(points, fill=label.train_id)
    return replace(
        IdTable(class_map, {IGNORE: -1}).read(np.asarray(canvas)),
        unlisted=dict(unlisted),
        left_out=dict(left_out),
    )


def _annotation(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise Unreadable(f"{path} has {path.stat().st_size >> 20} MiB: no annotation has")
        data = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path} is damaged or cut off ({error})", "fetch it again") from error
    if not isinstance(data, dict) or not isinstance(data.get("objects"), list):
        raise Unreadable(f"{path} is no Cityscapes annotation: it has no list of objects")
    if not all(isinstance(entry, dict) for entry in data["objects"]):
        raise Unreadable(f"{path} is no Cityscapes annotation: an object is none")
    return data


def _points(entry: dict[str, Any], path: Path) -> list[tuple[float, float]]:
    # Pillow computes with C integers: what is far outside is outside all the same.
    far = 1 << 20
    try:
        return [
            (min(max(float(x), -far), far), min(max(float(y), -far), far))
            for x, y in entry["polygon"]
        ]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Unreadable(f"{path}: the polygon of a {entry.get('label')!r} is none") from None


def _area(points: list[tuple[float, float]], size: tuple[int, int]) -> int:
    """Pixels that a polygon would cover."""
    canvas = Image.new("1", size, 0)
    if len(points) > 1:
        ImageDraw.Draw(canvas).polygon(points, fill=1)
    return int(np.count_nonzero(np.asarray(canvas)))


def _find(survey: Survey, hints: Hints) -> _Found | None:
    if hints.labels is not None and hints.labels.is_dir():
        names: tuple[str, ...] = (hints.labels.name,)
    else:
        names = _LABELS
    for name in names:
        base = base_with(survey, _PHOTOS, name) if name in _LABELS else None
        if base is not None:
            return _Found(base / _PHOTOS, base / name)
    return None


def _labels(survey: Survey, found: _Found) -> dict[str, tuple[Path, str]]:
    """The best label of each picture, and its kind."""
    under = found.labels.relative_to(survey.root).as_posix()
    best: dict[str, tuple[Path, str]] = {}
    for kind in _KINDS:
        ending = f"_{found.name}_{kind}"
        for path in survey.files(ending, under=under):
            key = path.relative_to(found.labels).as_posix()
            best.setdefault(key[: -len(ending)], (path, kind))
    return best


def _lists(items: tuple[Item, ...]) -> dict[str, tuple[str, ...]]:
    """The first folder is the split: train, val, test, and train_extra of the coarse labels."""
    lists: dict[str, list[str]] = {}
    for item in items:
        split, slash, _ = item.key.partition("/")
        if slash:
            lists.setdefault(split, []).append(item.key)
    return {split: tuple(keys) for split, keys in lists.items()}


def _without_withheld(
    items: tuple[Item, ...], read: Any
) -> tuple[tuple[Item, ...], dict[str, str]]:
    """The labels of test are blank: who measures with them measures nothing."""
    test = [item for item in items if item.key.startswith("test/")]
    if not test or len(test) == len(items):
        return items, {}
    try:
        blank = bool((read(test[0]).label == IGNORE).all())
    except (Unreadable, NoIds):
        blank = False
    if not blank:
        return items, {}
    kept = tuple(item for item in items if not item.key.startswith("test/"))
    return kept, {"test": f"left out ({len(test)}): its labels are withheld, and blank"}


def _decisions(found: _Found, items: tuple[Item, ...]) -> dict[str, str]:
    kinds = Counter(item.drawn for item in items)
    said = {
        "labels": f"{found.name}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()),
        "ids": "the 19 train ids of the benchmark; every other label is ignored (255)",
    }
    if "polygons.json" in kinds:
        said["rasterizer"] = f"Pillow {PIL.__version__}, as cityscapesScripts"
        said["draw order"] = "as in the file; groups (cargroup) as their label"
    if "color.png" in kinds:
        said["colors"] = "polegroup has the color of pole, license plate that of car"
    return said
