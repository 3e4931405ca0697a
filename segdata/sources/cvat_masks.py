"""CVAT's "segmentation mask": SegmentationClass in the colors of labelmap.txt."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import NoIds, Unreadable, read_colors
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.class_files import is_cvat_labelmap, read_class_file
from segdata.sources.folders import choose_images, existing, join_by_name, usual_lists
from segdata.sources.layouts import base_with, images_in
from segdata.spread import spread

_LABELS = "SegmentationClass"
_OBJECTS = "SegmentationObject"
_LABELMAP = "labelmap.txt"
# CVAT's list of a task that was not divided.
_NO_SPLIT = "default"
_SAMPLED = 5
_BACKGROUND = ("background", "_background_")


def reject(survey: Survey, hints: Hints) -> str:
    """It has SegmentationClass and CVAT's labelmap.txt, and masks in its colors."""
    base = _find(survey)
    if base is None:
        return "there is no folder SegmentationClass beside a labelmap.txt of CVAT's"
    class_map = read_class_file(base / _LABELMAP)
    if not any(c.color is not None for c in class_map.classes):
        return "labelmap.txt has no colors"
    return _not_in_colors(survey, base / _LABELS, class_map)


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Photos are in the export only if it was asked for; else they are named with ``--images``."""
    base = _find(survey)
    if base is None:
        raise UserError(
            f"{survey.root} has no SegmentationClass beside a labelmap.txt",
            'export the task from CVAT as "Segmentation mask 1.1" and name the unpacked folder',
        )
    labels = base / _LABELS
    images = existing(hints.images) or _photos(survey, base)
    joined = join_by_name(images, labels)
    lists = usual_lists(base)
    class_map, moved = background_first(read_class_file(hints.classes or base / _LABELMAP))
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=joined.items,
        read=partial(read_cvat_mask, class_map=class_map),
        images=images,
        labels=labels,
        images_only=joined.images_only,
        labels_only=joined.labels_only,
        lists={} if set(lists) == {_NO_SPLIT} else lists,
        decisions={"ids": moved or "in the order of labelmap.txt"},
    )


FORMAT = Format("cvat-masks", "CVAT segmentation masks", reject, open_folder)


def read_cvat_mask(item: Item, class_map: ClassMap) -> Reading:
    """Read one mask by its colors.

    Raises:
        Unreadable: it is no whole image.
        NoIds: it is lossy.
    """
    rgb = read_colors(item.label)
    reading = class_map.to_ids(rgb)
    return Reading(reading.label, reading.unknown, rgb if reading.unknown else None)


def background_first(class_map: ClassMap) -> tuple[ClassMap, str]:
    """The background with id 0, the classes before it one up, and what was done (L17)."""
    ground = next((c for c in class_map.classes if c.name.lower() in _BACKGROUND), None)
    if ground is None or ground.id == 0:
        return class_map, ""
    moved = {c.id: c.id + 1 for c in class_map.classes if c.id < ground.id} | {ground.id: 0}
    classes = tuple(replace(c, id=moved.get(c.id, c.id)) for c in class_map.classes)
    ignore = class_map.ignore
    before = ", ".join(f"{a} -> {b}" for a, b in sorted(moved.items()))
    said = f"{before}: {ground.name} is not first in labelmap.txt, and id 0 is its place"
    return ClassMap(classes, moved.get(ignore, ignore) if ignore is not None else None), said


def _find(survey: Survey) -> Path | None:
    base = base_with(survey, _LABELS)
    if base is None:
        return None
    path = base / _LABELMAP
    return base if path.is_file() and is_cvat_labelmap(path) else None


def _photos(survey: Survey, base: Path) -> Path:
    others = [f for f in survey.image_folders() if not f.is_relative_to(base / _OBJECTS)]
    if all(folder.is_relative_to(base / _LABELS) for folder in others):
        raise UserError(
            f"{survey.root} holds masks and no photos",
            'name the photos with --images DIR, or export again from CVAT with "Save images"',
        )
    usual = base / "JPEGImages"
    return usual if usual.is_dir() else choose_images(survey, base / _LABELS)


def _not_in_colors(survey: Survey, labels: Path, class_map: ClassMap) -> str:
    """Why masks are not in the colors of the file; CVAT also takes grey masks of ids."""
    for path in spread(sorted(images_in(survey, labels).values()), _SAMPLED):
        try:
            rgb = read_colors(path)
        except (Unreadable, NoIds):
            continue
        unknown = sum(color.count for color in class_map.to_ids(rgb).unknown)
        gray = bool((rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 0] == rgb[..., 2]).all())
        if gray and unknown and rgb.max() < len(class_map.classes):
            return "the masks are grey ids, not the colors of labelmap.txt"
    return ""
