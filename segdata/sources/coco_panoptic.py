"""COCO panoptic: PNGs whose colors are numbers of segments, and a JSON file that names them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.errors import UserError
from segdata.images import NoIds, read_stored
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.assembly import Opened, Picture, a_few, annotation_files, assemble
from segdata.sources.coco_tables import (
    Key,
    Table,
    category_colors,
    category_names,
    read_table,
    splits_of,
)
from segdata.sources.json_files import keys_of, read_span
from segdata.sources.names import class_map_of, cleaned, ids_by_name, plain
from segdata.sources.photos import Photos, size_of

# Annotations that are held at once while the PNGs are looked up.
_BATCH = 256
_VOID = 0
_UNNAMED = "segments that no annotation names"


@dataclass(frozen=True)
class Drawn:
    """Where the segments of one picture are listed."""

    path: Path
    spans: array[int]


def reject(survey: Survey, hints: Hints) -> str:
    """It has a JSON file with segments_info."""
    files = annotation_files(survey, hints, ".json")
    if not files:
        return "there is no JSON file"
    return "" if any(map(_is_panoptic, a_few(files))) else "no JSON file has segments_info"


def open_folder(survey: Survey, hints: Hints) -> Source:
    """The PNGs lie in a folder that is called as the JSON file, or anywhere below the folder."""
    files = [path for path in annotation_files(survey, hints, ".json") if _is_panoptic(path)]
    if not files:
        raise UserError(
            f"{survey.root} has no JSON file with segments_info", "name it with --labels FILE"
        )
    tables = [read_table(path) for path in files]
    where = survey
    if hints.labels is not None and hints.labels.is_dir():
        where = Survey.of(hints.labels)
    masks = [_masks(table, Photos(where, (".png",))) for table in tables]
    photos = Photos.of(survey, hints, {mask for found in masks for mask in found.values()})
    class_map = class_map_of(
        category_names(tables), hints, category_colors(tables), background=False
    )
    names = {str(table.path): table.categories for table in tables}
    read = partial(read_segments, names=names, class_map=class_map)
    decisions = {
        "segments": "number = R + 256 G + 65536 B",
        "void": "number 0 is the ignore label; there is no background",
        "crowds": "have the class of their category",
        "class ids": "the categories in order of their ids",
    }
    pictures = _pictures(tables, masks, photos)
    return assemble(Opened(FORMAT.name, class_map, pictures, read, decisions), photos, hints)


FORMAT = Format("coco-panoptic", "COCO panoptic PNGs", reject, open_folder)


def read_segments(
    item: Item, names: Mapping[str, Mapping[Key, str]], class_map: ClassMap
) -> Reading:
    """Read one PNG by its segments.

    Raises:
        Unreadable: it is no whole image, or its photo has another size.
        NoIds: it is not in colors.
    """
    numbers = _numbers(item.label)
    size_of(item, (numbers.shape[0], numbers.shape[1]))
    drawn: Drawn = item.drawn
    spans = list(zip(drawn.spans[::2], drawn.spans[1::2], strict=True))
    segments = _segments(read_span(drawn.path, spans), names[str(drawn.path)])
    return _reading(numbers, segments, class_map)


def _reading(
    numbers: npt.NDArray[np.uint32], segments: dict[int, str | None], class_map: ClassMap
) -> Reading:
    """Segments as class ids; numbers that no segment has are of no class, and counted."""
    known = ids_by_name(class_map)
    listed = np.array(sorted(segments), dtype=np.uint32)
    names = [plain(segments[number]) for number in listed.tolist()]
    ids = [known.get(name, class_map.no_class) for name in names]
    wide = class_map.dtype is np.uint16 or max([*ids, class_map.no_class]) > np.iinfo(np.uint8).max
    table: Label = np.array(ids, dtype=np.uint16 if wide else np.uint8)
    place = np.minimum(np.searchsorted(listed, numbers), len(listed) - 1)
    foreign = listed[place] != numbers
    label: Label = np.take(table, place)
    label[foreign] = class_map.no_class
    counts = np.bincount(place[~foreign], minlength=len(listed))
    unlisted: dict[str, int] = {}
    for name, count in zip(names, counts.tolist(), strict=True):
        if name is not None and name not in known and count:
            unlisted[name] = unlisted.get(name, 0) + count
    if foreign.any():
        unlisted[_UNNAMED] = int(np.count_nonzero(foreign))
    absent = int(np.count_nonzero(counts[listed != _VOID] == 0))
    return Reading(
        label,
        unlisted=unlisted,
        left_out={"segments that are not in the PNG": absent} if absent else {},
    )


def _numbers(path: Path) -> npt.NDArray[np.uint32]:
    stored = read_stored(path)
    if stored.header.mode not in ("RGB", "RGBA") or stored.header.format != "png":
        raise NoIds(f"{path} is no panoptic PNG: its mode is {stored.header.mode}, not RGB")
    rgb: npt.NDArray[np.uint32] = stored.pixels[..., :3].astype(np.uint32)
    red, green, blue = np.moveaxis(rgb, 2, 0)
    numbers: npt.NDArray[np.uint32] = np.bitwise_or.reduce([red, green << 8, blue << 16])
    return numbers


def _segments(annotations: list[Any], names: Mapping[Key, str]) -> dict[int, str | None]:
    """Names by number of segment."""
    found: dict[int, str | None] = {_VOID: None}
    for annotation in annotations:
        infos = annotation.get("segments_info") if isinstance(annotation, dict) else None
        for info in infos if isinstance(infos, list) else []:
            number = info.get("id") if isinstance(info, dict) else None
            if isinstance(number, int) and 0 < number < 1 << 24:
                category = info.get("category_id")
                known = names.get(category) if isinstance(category, int | str) else None
                found[number] = known or f"category {cleaned(category)}"
    return found


def _is_panoptic(path: Path) -> bool:
    return {"segments_info", "category_id"} <= keys_of(path)


def _masks(table: Table, files: Photos) -> dict[Key, Path]:
    """The PNG of each image that has one."""
    split = splits_of([table.path])[table.path]
    found = {}
    for number, annotation in _annotations(table):
        name = annotation.get("file_name") if isinstance(annotation, dict) else None
        if isinstance(name, str):
            inside = f"{table.path.stem}/{name}"
            path = files.find(inside, table.path, split=split)
            if path is not None:
                found[number] = path
    return found


def _annotations(table: Table) -> Iterator[tuple[Key, Any]]:
    numbers = list(table.spans)
    for first in range(0, len(numbers), _BATCH):
        batch = numbers[first : first + _BATCH]
        spans = [(table.spans[number][0], table.spans[number][1]) for number in batch]
        yield from zip(batch, read_span(table.path, spans), strict=True)


def _pictures(tables: list[Table], masks: list[dict[Key, Path]], photos: Photos) -> list[Picture]:
    splits = splits_of([table.path for table in tables])
    pictures = []
    for table, found in zip(tables, masks, strict=True):
        split = splits[table.path]
        for number, image in table.images.items():
            if number not in found:
                continue
            photo = photos.find(image.name, table.path, split=split) if image.name else None
            drawn = Drawn(table.path, table.spans[number])
            name = image.name or f"image {cleaned(number)}"
            pictures.append(Picture(name, photo, found[number], drawn, (split,) if split else ()))
    return pictures
