"""Roboflow's semantic masks: ``X.jpg``, ``X_mask.png`` and ``_classes.csv`` in each split."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.sources import Format, Hints, Item, Source, Survey
from segdata.sources.class_files import read_class_file
from segdata.sources.id_tables import IdTable, read_with_table
from segdata.sources.layouts import images_in
from segdata.sources.split_folders import lists_by_folder, renamed_splits

_CLASSES = "_classes.csv"
_MASK = "_mask"


def reject(survey: Survey, hints: Hints) -> str:
    """It has _classes.csv beside files that end in ``_mask.png``."""
    folders = _folders(survey)
    if not folders:
        return "there is no _classes.csv"
    if not any(name.endswith(f"{_MASK}.png") for f in folders for name in survey.folders[f]):
        return "no file beside _classes.csv ends in _mask.png"
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """``train``, ``valid`` and ``test`` are folders that hold photos and masks together."""
    folders = _folders(survey)
    if not folders:
        raise UserError(
            f"{survey.root} has no _classes.csv",
            'export the project from Roboflow as "Semantic Segmentation Masks"',
        )
    files = images_in(survey, survey.root)
    inside = {key: path for key, path in files.items() if _folder(survey, path) in folders}
    masks = {k.removesuffix(_MASK): p for k, p in inside.items() if k.endswith(_MASK)}
    photos = {key: path for key, path in inside.items() if not key.endswith(_MASK)}
    keys = sorted(photos.keys() & masks.keys())
    if not keys:
        raise UserError(
            f"no photo in {survey.root} has a mask", "a mask is named as its photo and _mask.png"
        )
    class_map = read_class_file(hints.classes) if hints.classes else _classes(survey, folders)
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=tuple(Item(key, photos[key], masks[key]) for key in keys),
        read=partial(read_with_table, table=IdTable(class_map)),
        images=survey.root,
        labels=survey.root,
        images_only=tuple(sorted(photos.keys() - masks.keys())),
        labels_only=tuple(sorted(masks.keys() - photos.keys())),
        lists=lists_by_folder(keys),
        decisions={"ids": f"pixel values of {_CLASSES}", **renamed_splits(keys)},
    )


FORMAT = Format("roboflow", "Roboflow semantic masks", reject, open_folder)


def _folders(survey: Survey) -> list[str]:
    return [folder for folder, names in survey.folders.items() if _CLASSES in names]


def _folder(survey: Survey, path: Path) -> str:
    return path.parent.relative_to(survey.root).as_posix()


def _classes(survey: Survey, folders: list[str]) -> ClassMap:
    """The classes of all splits, which must be the same."""
    first = survey.root / folders[0] / _CLASSES
    class_map = read_class_file(first)
    for folder in folders[1:]:
        other = survey.root / folder / _CLASSES
        if read_class_file(other) != class_map:
            raise UserError(
                f"{first} and {other} list different classes",
                "export the project again, or name one of them with --classes FILE",
            )
    return class_map
