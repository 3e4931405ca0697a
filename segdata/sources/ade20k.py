"""ADE20K: the 150 classes of SceneParsing, or the full data set with its object classes.

SceneParsing's annotations hold 0 for what is none of the 150 classes, and class ids plus one. In
the full data set red and green hold the object class, ``R // 10 * 256 + G``, and blue the instance
(ADE20K, utils/utils_ade20k.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata import builtin
from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.images import NoIds, Unreadable, read_colors
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.class_files import read_class_file
from segdata.sources.id_tables import IdTable, read_with_table, renamed
from segdata.sources.layouts import base_with, images_in
from segdata.sources.split_folders import lists_by_folder, renamed_splits

_CLASSES = 150
_IGNORE = 255
# The full data set has ids above 255, so its ignore label has 16 bits.
_FULL_IGNORE = 65535
_SEG = "_seg"
_LARGEST_JSON = 64 << 20


def reject(survey: Survey, hints: Hints) -> str:
    """It has images and annotations with ADE's names, or pictures beside their ``_seg.png``."""
    if _scene_parsing(survey) is not None or _full(survey):
        return ""
    return "there are neither annotations/training nor files named ADE_..._seg.png"


def open_folder(survey: Survey, hints: Hints) -> Source:
    """``training`` and ``validation`` become train and val."""
    base = _scene_parsing(survey)
    if base is not None:
        return _open_scene_parsing(survey, hints, base)
    pairs = _full(survey)
    if pairs:
        return _open_full(survey, hints, pairs)
    raise UserError(
        f"{survey.root} is no ADE20K", "name the folder that holds images and annotations"
    )


FORMAT = Format("ade20k", "ADE20K", reject, open_folder)


def read_object_classes(item: Item, table: IdTable) -> Reading:
    """Read a ``_seg.png`` of the full data set.

    Raises:
        Unreadable: it is no whole image.
        NoIds: it is lossy.
    """
    return table.read(object_classes(read_colors(item.label)))


def object_classes(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """``uint8 H×W×3`` -> ``uint16 H×W``: the object class of each pixel, 0 for none."""
    red, green = rgb[..., 0].astype(np.uint16), rgb[..., 1].astype(np.uint16)
    return red // 10 * 256 + green


def _open_scene_parsing(survey: Survey, hints: Hints, base: Path) -> Source:
    photos = images_in(survey, base / "images")
    labels = images_in(survey, base / "annotations")
    keys = sorted(photos.keys() & labels.keys())
    if not keys:
        raise UserError(f"no photo in {base / 'images'} has a label in {base / 'annotations'}")
    class_map = renamed(_scene_classes(), hints)
    ids = {0: -1} | {number + 1: number for number in range(_CLASSES)}
    table = IdTable(class_map, ids)
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=tuple(Item(key, photos[key], labels[key]) for key in keys),
        read=partial(read_with_table, table=table),
        images=base / "images",
        labels=base / "annotations",
        images_only=tuple(sorted(photos.keys() - labels.keys())),
        labels_only=tuple(sorted(labels.keys() - photos.keys())),
        lists=lists_by_folder(keys),
        decisions={
            "ids": "0 (none of the 150 classes) -> ignored (255); 1 to 150 -> 0 to 149",
            **renamed_splits(keys),
        },
    )


def _scene_classes() -> ClassMap:
    known = builtin.descriptor("ade20k").class_map
    classes = (replace(c, id=c.id - 1) for c in known.classes if c.id != known.ignore)
    return ClassMap(tuple(classes), _IGNORE)


def _open_full(survey: Survey, hints: Hints, pairs: dict[str, tuple[Path, Path]]) -> Source:
    class_map, said = _full_classes(hints, [seg for _, seg in pairs.values()])
    photos = sorted(pairs)
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=tuple(Item(key, *pairs[key]) for key in photos),
        read=partial(read_object_classes, table=IdTable(class_map, {0: -1})),
        images=survey.root,
        labels=survey.root,
        lists=lists_by_folder(photos),
        decisions={
            "ids": "R // 10 * 256 + G; 0 (no object) -> ignored (65535)",
            "names": said,
            "parts": "left out: only whole objects are read",
            **renamed_splits(photos),
        },
    )


def _full_classes(hints: Hints, labels: list[Path]) -> tuple[ClassMap, str]:
    if hints.classes is not None:
        given = read_class_file(hints.classes)
        classes = tuple(c for c in given.classes if c.id not in (0, given.ignore))
        return ClassMap(classes, _FULL_IGNORE), hints.classes.name
    names = _names_by_index(labels)
    said = "name_ndx of the annotations (.json)"
    if not names:
        names, said = _names_by_instance(labels), "instances in the annotations (_atr.txt, .json)"
    if not names:
        raise UserError(
            "the object classes have no names: no annotation (_atr.txt or .json) lies beside them",
            "name a file with the columns id,name with --classes FILE",
        )
    return ClassMap(_distinct(names), _FULL_IGNORE), said


def _distinct(names: Mapping[int, str]) -> tuple[SegClass, ...]:
    """Several object classes share a name; the later ones get their id behind it."""
    seen: set[str] = set()
    classes = []
    for number, name in sorted(names.items()):
        classes.append(SegClass(number, f"{name} ({number})" if name in seen else name))
        seen.add(name)
    return tuple(classes)


def _names_by_index(labels: Iterable[Path]) -> dict[int, str]:
    """Names by the index that annotations of 2021 give; none where pixels contradict it."""
    names: dict[int, str] = {}
    checked = False
    for path in labels:
        objects = [o for o in _json_objects(path) if _is_whole(o)]
        here = {o["name_ndx"]: str(o.get("name") or "") for o in objects if _has_index(o)}
        if here and not checked:
            checked = True
            if not _present(path) <= set(here):
                return {}
        names |= {number: name for number, name in here.items() if name.strip()}
    return names


def _has_index(entry: Mapping[str, Any]) -> bool:
    index = entry.get("name_ndx")
    return isinstance(index, int) and 0 < index < _FULL_IGNORE


def _present(path: Path) -> set[int]:
    try:
        return {int(n) for n in np.unique(object_classes(read_colors(path)))} - {0}
    except (Unreadable, NoIds):
        return set()


def _names_by_instance(labels: Iterable[Path]) -> dict[int, str]:
    """Names by looking up which instance an object class belongs to: blue's n-th value is n."""
    names: dict[int, str] = {}
    for path in labels:
        instances = _instance_names(path)
        if not instances:
            continue
        try:
            rgb = read_colors(path)
        except (Unreadable, NoIds):
            continue
        values, place = np.unique(rgb[..., 2], return_index=True)
        classes = object_classes(rgb).ravel()[place]
        first = 0 if values[0] == 0 else 1
        for number, class_id in enumerate(classes, first):
            if class_id and number in instances:
                names.setdefault(int(class_id), instances[number])
    return names


def _instance_names(path: Path) -> dict[int, str]:
    """Names of whole objects by their number, from 1."""
    attributes = path.with_name(path.name.removesuffix("_seg.png") + "_atr.txt")
    if not attributes.is_file():
        return {
            number: str(o["name"])
            for number, o in enumerate(filter(_is_whole, _json_objects(path)), 1)
            if o.get("name")
        }
    found = {}
    for line in attributes.read_text("utf-8", "replace").splitlines():
        # instance # part level # occluded # WordNet name # name # attributes
        cells = [cell.strip() for cell in line.split("#")]
        if len(cells) >= 5 and cells[0].isdigit() and cells[1] == "0" and cells[3]:
            found[int(cells[0])] = cells[3]
    return found


def _json_objects(path: Path) -> list[dict[str, Any]]:
    """Objects of the annotation beside a ``_seg.png``; none where there is no sound one."""
    annotation = path.with_name(path.name.removesuffix("_seg.png") + ".json")
    try:
        if annotation.stat().st_size > _LARGEST_JSON:
            return []
        # Some files of 2021 are in Latin-1.
        data = json.loads(annotation.read_bytes().decode("utf-8", "replace"))
        objects = data["annotation"]["object"]
        return [o for o in objects if isinstance(o, dict)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _is_whole(entry: Mapping[str, Any]) -> bool:
    parts = entry.get("parts")
    level = parts.get("part_level", 0) if isinstance(parts, dict) else 0
    return level in (0, "0")


def _scene_parsing(survey: Survey) -> Path | None:
    """The folder with images and annotations by split, with ADE's file names in it."""
    for split in ("training", "validation"):
        base = base_with(survey, f"annotations/{split}", f"images/{split}")
        if base is not None:
            under = (base / "annotations").relative_to(survey.root).as_posix()
            first = next(survey.files(".png", under=under), None)
            if first is not None and first.name.startswith("ADE_"):
                return base
    return None


def _full(survey: Survey) -> dict[str, tuple[Path, Path]]:
    """Photo and ``_seg.png`` by key."""
    pairs = {}
    for path in survey.files("_seg.png"):
        photo = path.with_name(path.name[: -len("_seg.png")] + ".jpg")
        folder = path.parent.relative_to(survey.root).as_posix()
        if path.name.startswith("ADE_") and photo.name in survey.folders[folder]:
            pairs[photo.relative_to(survey.root).with_suffix("").as_posix()] = (photo, path)
    return pairs
