"""BDD100K semantic segmentation: masks in Cityscapes' train ids, or color maps.

``images/10k`` and ``labels/sem_seg/masks``; the release of 2018 has ``images``, ``labels`` and
``color_labels`` in ``seg``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from segdata.errors import UserError
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.cityscapes_labels import (
    IGNORE,
    from_stored_ids,
    read_colors,
    trained_classes,
)
from segdata.sources.id_tables import IdTable, read_with_table, renamed
from segdata.sources.layouts import base_with, images_in
from segdata.sources.split_folders import lists_by_folder


@dataclass(frozen=True)
class _Layout:
    """Folders of a release: photos, labels, how labels' names end, and whether they are colors."""

    photos: str
    labels: str
    ending: str
    colors: bool


_LAYOUTS = (
    _Layout("images/10k", "labels/sem_seg/masks", "", False),
    _Layout("images/10k", "labels/sem_seg/colormaps", "", True),
    _Layout("seg/images", "seg/labels", "_train_id", False),
    _Layout("seg/images", "seg/color_labels", "_train_color", True),
)


def reject(survey: Survey, hints: Hints) -> str:
    """It has the folders of BDD100K."""
    found = _find(survey, hints)
    return "" if found else "there are no folders images/10k and labels/sem_seg/masks"


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Pairs by name; ``train`` and ``val`` are folders, ``test`` has no labels."""
    found = _find(survey, hints)
    if found is None:
        raise UserError(
            f"{survey.root} has no folders images/10k and labels/sem_seg/masks",
            "unpack bdd100k_images_10k.zip and bdd100k_sem_seg_labels_trainval.zip together",
        )
    base, layout = found
    photos = images_in(survey, base / layout.photos)
    labels = images_in(survey, base / layout.labels, layout.ending)
    keys = sorted(photos.keys() & labels.keys())
    if not keys:
        raise UserError(f"no photo in {base / layout.photos} has a label in {base / layout.labels}")
    class_map = renamed(trained_classes(), hints)
    test = [key for key in photos.keys() - labels.keys() if key.startswith("test/")]
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=tuple(Item(key, photos[key], labels[key]) for key in keys),
        read=_reader(layout, IdTable(class_map, {IGNORE: -1})),
        images=base / layout.photos,
        labels=base / layout.labels,
        images_only=tuple(sorted(photos.keys() - labels.keys() - set(test))),
        labels_only=tuple(sorted(labels.keys() - photos.keys())),
        lists=lists_by_folder(keys),
        decisions={
            "labels": layout.labels,
            "ids": "Cityscapes' 19 train ids; 255 is ignored",
            **({"test": f"left out ({len(test)}): it has no labels"} if test else {}),
        },
    )


FORMAT = Format("bdd100k", "BDD100K semantic segmentation", reject, open_folder)


def _reader(layout: _Layout, table: IdTable) -> Callable[[Item], Reading]:
    if layout.colors:
        return partial(read_colors, table=from_stored_ids(table.class_map))
    return partial(read_with_table, table=table)


def _find(survey: Survey, hints: Hints) -> tuple[Path, _Layout] | None:
    for layout in _LAYOUTS:
        base = base_with(survey, layout.photos, layout.labels)
        if base is not None and hints.labels in (None, base / layout.labels):
            return base, layout
    return None
