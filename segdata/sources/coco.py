"""COCO: outlines and run lengths of objects, all pictures of a split in one JSON file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.assembly import Opened, Picture, a_few, annotation_files, assemble
from segdata.sources.coco_tables import (
    Key,
    Table,
    category_colors,
    category_names,
    is_coco,
    read_table,
    splits_of,
)
from segdata.sources.json_files import read_span
from segdata.sources.names import class_map_of, cleaned
from segdata.sources.photos import Photos, size_of
from segdata.sources.shapes import (
    RASTERIZER,
    Damaged,
    LeftOut,
    Shape,
    Size,
    by_area,
    coco_runs,
    draw,
    drawable,
    fill_each,
)

# Of so many JSON files a few tell whether they are COCO's; there, one file holds many pictures.
_MANY = 200


@dataclass(frozen=True)
class Drawn:
    """Where the annotations of one picture lie in its file."""

    spans: array[int]
    size: Size | None


def reject(survey: Survey, hints: Hints) -> str:
    """It has a JSON file with images, annotations and categories."""
    files = annotation_files(survey, hints, ".json")
    if not files:
        return "there is no JSON file"
    if not any(is_coco(path) for path in (files if len(files) < _MANY else a_few(files))):
        return "no JSON file has images, annotations and categories"
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Read every file once; of annotations only their places are kept."""
    files = _without_doubles([p for p in annotation_files(survey, hints, ".json") if is_coco(p)])
    if not files:
        raise UserError(
            f"{survey.root} has no JSON file with images, annotations and categories",
            "name it with --labels FILE",
        )
    tables = [table for table in map(read_table, files) if table.labeled]
    if not tables:
        raise UserError(f"{files[0]} lists images and no annotations", "export the annotations")
    photos = Photos.of(survey, hints)
    class_map = class_map_of(category_names(tables), hints, category_colors(tables))
    names = {str(table.path): table.categories for table in tables}
    opened = Opened(
        FORMAT.name,
        class_map,
        pictures(tables, photos),
        partial(read_annotations, names=names, class_map=class_map),
        _decisions(tables),
    )
    return assemble(opened, photos, hints)


FORMAT = Format("coco", "COCO instances", reject, open_folder)


def read_annotations(
    item: Item, names: Mapping[str, Mapping[Key, str]], class_map: ClassMap
) -> Reading:
    """Draw the annotations of one picture, larger ones first.

    Raises:
        Unreadable: some are damaged, or were drawn on a picture of another size.
    """
    drawn: Drawn = item.drawn
    size = size_of(item, drawn.size)
    spans = list(zip(drawn.spans[::2], drawn.spans[1::2], strict=True))
    left_out: Counter[str] = Counter()
    shapes = drawable(
        item.image.name,
        map(_named, read_span(item.label, spans)),
        partial(_shape, names=names[str(item.label)], size=size, left_out=left_out),
        left_out,
    )
    return draw(by_area(shapes), size, class_map, left_out)


def pictures(tables: list[Table], photos: Photos) -> list[Picture]:
    """Every image of the tables, once, with its photo and the splits that list it.

    Raises:
        UserError: two files label one photo differently.
    """
    splits = splits_of([table.path for table in tables])
    found: dict[Path, Picture] = {}
    lost: list[Picture] = []
    for table in tables:
        split = splits[table.path]
        for number, image in table.images.items():
            photo = photos.find(image.name, table.path, split=split) if image.name else None
            drawn = Drawn(table.spans.get(number, array("q")), image.size)
            name = image.name or f"image {cleaned(number)}"
            picture = Picture(name, photo, table.path, drawn, (split,) if split else ())
            if photo is None:
                lost.append(picture)
            else:
                found[photo] = _joined(found[photo], picture) if photo in found else picture
    return [*found.values(), *lost]


def _named(annotation: Any) -> tuple[str, Any]:
    number = annotation.get("id") if isinstance(annotation, dict) else None
    return f"annotation {cleaned(number)}" if number is not None else "an annotation", annotation


def _shape(annotation: Any, names: Mapping[Key, str], size: Size, left_out: Counter[str]) -> Shape:
    if not isinstance(annotation, dict):
        raise Damaged("no object")
    number = annotation.get("category_id")
    known = names.get(number) if isinstance(number, int | str) else None
    name = None if annotation.get("iscrowd") else known or f"category {cleaned(number)}"
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, dict):
        runs = coco_runs(segmentation, size)
        if not runs.area:
            raise LeftOut("masks without a pixel")
        return Shape(name, runs)
    if not isinstance(segmentation, list) or not segmentation:
        raise LeftOut("boxes without an outline")
    parts = segmentation if isinstance(segmentation[0], list) else [segmentation]
    return Shape(name, fill_each(parts, size, left_out))


def _joined(first: Picture, second: Picture) -> Picture:
    """One photo that is listed twice: in two lists of the same labels, or in two parts of a file.

    Raises:
        UserError: two files label it differently.
    """
    splits = tuple(dict.fromkeys((*first.splits, *second.splits)))
    drawn: Drawn = first.drawn
    if first.label == second.label:
        drawn = Drawn(first.drawn.spans + second.drawn.spans, first.drawn.size)
    elif _segmentations(first) != _segmentations(second):
        raise UserError(
            f"{first.label.name} and {second.label.name} label {first.photo} differently",
            "choose one of the files with --labels FILE",
        )
    return Picture(first.name, first.photo, first.label, drawn, splits)


def _segmentations(picture: Picture) -> list[Any]:
    spans: array[int] = picture.drawn.spans
    found = read_span(picture.label, list(zip(spans[::2], spans[1::2], strict=True)))
    return [a.get("segmentation") if isinstance(a, dict) else a for a in found]


def _without_doubles(paths: list[Path]) -> list[Path]:
    """COCO's own persons with keypoints are in its instances, too."""
    if not any(path.stem.startswith("instances_") for path in paths):
        return paths
    return [path for path in paths if not path.stem.startswith("person_keypoints_")]


def _decisions(tables: list[Table]) -> dict[str, str]:
    decisions = {
        "rasterizer": RASTERIZER,
        "draw order": "larger areas first, so that small objects stay visible",
        "overlaps": "the smaller object is on top",
        "holes": "outlines of one object are united; run lengths keep their holes",
        "crowds": "iscrowd is drawn as the ignore label",
        "class ids": "background is 0, then the categories in order of their ids",
    }
    strays = sum(table.strays for table in tables)
    if strays:
        decisions["annotations of no image"] = f"{strays} left out"
    return decisions
