"""YOLO segmentation: a text file of outlines for each photo, in shares of its width and height."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import Unreadable
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.assembly import Opened, Picture, annotation_files, assemble
from segdata.sources.class_files import read_class_file
from segdata.sources.names import class_map_of
from segdata.sources.photos import Photos, size_of
from segdata.sources.shapes import (
    RASTERIZER,
    Damaged,
    LeftOut,
    Shape,
    Size,
    by_area,
    draw,
    drawable,
    fill_each,
    points_of,
)
from segdata.spread import spread

_LABELS, _IMAGES = "labels", "images"
# Where the names of classes stand: Ultralytics, then exports of Label Studio and CVAT.
_DATA_FILES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_NAME_FILES = ("classes.txt", "obj.names", "_darknet.labels")
# Text files that lie beside labels and are none.
_NO_LABELS = frozenset({*_NAME_FILES, "train.txt", "val.txt", "valid.txt", "test.txt", "readme.txt",
                        "notes.txt", "labels.txt", "requirements.txt"})  # fmt: skip
# Files that are opened until one is not empty.
_LOOKED_AT = 50
# A class and a box; an outline has at least three points.
_BOX, _OUTLINE = 5, 7
# Outlines may leave the picture a little; pixels instead of shares are far beyond.
_FARTHEST = 2.0
_DAMAGED = "lines that are damaged"


def reject(survey: Survey, hints: Hints) -> str:
    """Its text files hold a class and at least three points in each line."""
    files = _label_files(survey, hints)
    if not files:
        return "there are no text files in a folder labels or beside photos"
    filled = 0
    for path in spread(files, _LOOKED_AT):
        lengths = _lengths(path)
        if lengths is None:
            return f"{path.name} holds no lines of numbers"
        if any(length >= _OUTLINE for length in lengths):
            return ""
        filled += bool(lengths)
    return "the text files hold boxes, no outlines" if filled else "the text files are empty"


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Text files name their photos; a photo without one is not labeled."""
    files = _label_files(survey, hints)
    if not files:
        raise UserError(
            f"{survey.root} has no text files in a folder labels or beside photos",
            "name their folder with --labels DIR",
        )
    photos = Photos.of(survey, hints)
    pictures = [_picture(path, survey.root, photos) for path in files]
    names = _names(survey, files)
    class_map = class_map_of([names[number] for number in sorted(names)], hints)
    decisions = {
        "rasterizer": RASTERIZER,
        "draw order": "larger areas first, as Ultralytics",
        "overlaps": "the smaller object is on top",
        "empty text files": "background only",
        "class ids": "background is 0, then the classes in order of their numbers",
    }
    read = partial(read_outlines, names=names, class_map=class_map)
    return assemble(Opened(FORMAT.name, class_map, pictures, read, decisions), photos, hints)


FORMAT = Format("yolo", "YOLO segmentation", reject, open_folder)


def read_outlines(item: Item, names: Mapping[int, str], class_map: ClassMap) -> Reading:
    """Draw the outlines of one text file, larger ones first.

    Raises:
        Unreadable: it is no text.
    """
    rows = _rows(item.label)
    size = size_of(item, None, upright=True)
    left_out: Counter[str] = Counter()
    entries = ((f"object {n}", row) for n, row in enumerate(rows, 1))
    shape_of = partial(_shape, names=names, size=size, left_out=left_out)
    shapes = drawable(item.image.name, entries, shape_of, left_out)
    return draw(by_area(shapes), size, class_map, left_out)


def _shape(row: list[str], names: Mapping[int, str], size: Size, left_out: Counter[str]) -> Shape:
    number = _class_number(row[0])
    if number is None or len(row) % 2 == 0:
        raise Damaged(_DAMAGED)
    if len(row) == _BOX:
        raise LeftOut("boxes without an outline")
    shares = points_of(row[1:])
    if (np.abs(shares) > _FARTHEST).any():
        raise Damaged("coordinates that are no shares of the picture")
    pixels = fill_each([shares * np.array([size[1], size[0]])], size, left_out)
    return Shape(names.get(number, f"class {number}"), pixels)


def _picture(path: Path, root: Path, photos: Photos) -> Picture:
    """A text file and its photo: ``labels/train/a.txt`` is of ``images/train/a.jpg``."""
    parts = list((path.relative_to(root) if path.is_relative_to(root) else path).parts)
    if _LABELS in parts[:-1]:
        parts[len(parts) - 2 - parts[-2::-1].index(_LABELS)] = _IMAGES
    wanted = "/".join([*parts[:-1], path.stem])
    return Picture(path.name, photos.of_stem(wanted, path), path)


def _label_files(survey: Survey, hints: Hints) -> list[Path]:
    """Text files in a folder called labels; without one, those beside a photo of their name."""
    files = [p for p in annotation_files(survey, hints, ".txt") if p.name.lower() not in _NO_LABELS]
    if hints.labels is not None:
        return files
    root = survey.root
    named = [path for path in files if _LABELS in path.relative_to(root).parts[:-1]]
    if named:
        return named
    photos = Photos(survey)
    beside = []
    for path in files:
        photo = photos.of_stem("/".join(path.relative_to(root).with_suffix("").parts), path)
        if photo is not None and photo.parent == path.parent:
            beside.append(path)
    return beside


def _rows(path: Path) -> list[list[str]]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read as text: {error}") from error
    return [line.split() for line in lines if line.strip()]


def _lengths(path: Path) -> list[int] | None:
    """How many numbers stand in each line; None where something else does."""
    try:
        rows = _rows(path)
        for row in rows:
            [float(number) for number in row]
    except (Unreadable, ValueError):
        return None
    return [len(row) for row in rows if _class_number(row[0]) is not None]


def _class_number(text: str) -> int | None:
    """``3``, or ``3.0`` as some tools write it."""
    whole, _, rest = text.partition(".")
    sound = whole.isascii() and whole.isdigit() and not rest.strip("0") and len(whole) < 10
    return int(whole) if sound else None


def _names(survey: Survey, files: list[Path]) -> dict[int, str]:
    """Names by number, from the data file or a list of names; else the numbers that are used.

    Raises:
        UserError: the data file is wrong.
    """
    here = survey.folders["."]
    lists = [name for name in _NAME_FILES if name in here]
    others = [name for name in here if name.endswith((".yaml", ".yml")) and name not in _DATA_FILES]
    for name in (name for name in _DATA_FILES if name in here):
        return dict(read_class_file(survey.root / name).names)
    for name in (*others, *lists):
        try:
            return dict(read_class_file(survey.root / name).names)
        except UserError:
            continue
    numbers = {_class_number(row[0]) for path in files for row in _readable_rows(path)}
    return {number: f"class {number}" for number in numbers if number is not None}


def _readable_rows(path: Path) -> list[list[str]]:
    try:
        return _rows(path)
    except Unreadable:
        return []
