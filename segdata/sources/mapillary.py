"""Mapillary Vistas: palette PNGs of ids, their names in config.json.

Version 1.2 has 66 classes and the ignored one is 65, "Unlabeled"; version 2.0 has 124 and keeps
the labels of both below each split.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.sources import Format, Hints, Item, Source, Survey
from segdata.sources.id_tables import IdTable, read_with_table, renamed, with_distinct_colors
from segdata.sources.layouts import images_in
from segdata.sources.split_folders import lists_by_folder, renamed_splits

# Config files and the folder of labels below a split that each describes; the newest first.
_VERSIONS = (
    ("config_v2.0.json", "v2.0/labels"),
    ("config_v1.2.json", "v1.2/labels"),
    ("config_v1.2.json", "labels"),
    ("config.json", "labels"),
)
_SPLITS = ("training", "validation")
_UNLABELED = "void--unlabeled"
_LARGEST_CONFIG = 4 << 20


@dataclass(frozen=True)
class _Found:
    """The config file, and the folder of labels below each split."""

    config: Path
    labels: str


def reject(survey: Survey, hints: Hints) -> str:
    """It has training/images, labels, and a config file that lists Mapillary's labels."""
    found = _find(survey, hints)
    if found is None:
        return "there are no folders training/images and training/labels beside a config.json"
    try:
        _read_config(found.config)
    except UserError as error:
        return error.message
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """``training`` and ``validation`` become train and val; of two versions the newer is taken.

    The older one is chosen by naming its config file as the class file.
    """
    found = _find(survey, hints)
    if found is None:
        raise UserError(
            f"{survey.root} has no training/images, training/labels and config.json",
            "name the folder that was unpacked from Mapillary's archive",
        )
    photos: dict[str, Path] = {}
    labels: dict[str, Path] = {}
    for split in _SPLITS:
        for files, inner in ((photos, "images"), (labels, found.labels)):
            if survey.has(f"{split}/{inner}"):
                pictures = images_in(survey, survey.root / split / inner)
                files |= {f"{split}/{key}": path for key, path in pictures.items()}
    keys = sorted(photos.keys() & labels.keys())
    if not keys:
        raise UserError(f"no photo in {survey.root} has a label in {found.labels}")
    class_map = _read_config(found.config)
    if hints.classes is not None and hints.classes.name != found.config.name:
        class_map = renamed(class_map, hints)
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=tuple(Item(key, photos[key], labels[key]) for key in keys),
        read=partial(read_with_table, table=IdTable(class_map)),
        images=survey.root,
        labels=survey.root,
        images_only=tuple(sorted(photos.keys() - labels.keys())),
        labels_only=tuple(sorted(labels.keys() - photos.keys())),
        lists=lists_by_folder(keys),
        decisions={
            "labels": f"{found.labels}, named by {found.config.name}",
            "ids": f"palette indices; {class_map.ignore} (unlabeled) is ignored",
            **renamed_splits(keys),
        },
    )


FORMAT = Format("mapillary", "Mapillary Vistas", reject, open_folder)


def _find(survey: Survey, hints: Hints) -> _Found | None:
    asked = hints.classes.name if hints.classes is not None else ""
    fitting = [
        (config, labels)
        for config, labels in _VERSIONS
        if (survey.root / config).is_file()
        and any(survey.has(f"{s}/{labels}") and survey.has(f"{s}/images") for s in _SPLITS)
    ]
    fitting.sort(key=lambda version: version[0] != asked)
    return _Found(survey.root / fitting[0][0], fitting[0][1]) if fitting else None


def _read_config(path: Path) -> ClassMap:
    """The classes of a config file: an id is the place in its list of labels.

    Raises:
        UserError: it is none of Mapillary's.
    """
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise UserError(f"{path} is too large for a config file of Mapillary's")
        data = json.loads(path.read_text("utf-8-sig"))
        labels = data["labels"]
        classes = [SegClass(n, _title(label), _color(label)) for n, label in enumerate(labels)]
        names = [str(label["name"]) for label in labels]
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        what = error if isinstance(error, ValueError) else "it lists no labels"
        raise UserError(f"{path} is no config file of Mapillary's: {what}") from None
    ignore = names.index(_UNLABELED) if _UNLABELED in names else None
    return ClassMap(with_distinct_colors(classes), ignore)


def _title(label: dict[str, Any]) -> str:
    return str(label.get("readable") or label["name"])


def _color(label: dict[str, Any]) -> tuple[int, int, int]:
    red, green, blue = (int(channel) for channel in label["color"][:3])
    if not all(0 <= channel <= 255 for channel in (red, green, blue)):
        raise ValueError(f"{label['color']} is no color")
    return red, green, blue
