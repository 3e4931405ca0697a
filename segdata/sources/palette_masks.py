"""Photos and palette PNGs: indices are class ids, and the palette gives classes their colors.

A palette that differs between files makes the same index mean different classes; then nothing is
read by index (fault catalogue, L16).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.images import read_colors
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.id_masks import id_table
from segdata.sources.id_tables import IdTable, read_with_table, with_distinct_colors
from segdata.sources.mask_folders import MaskReading, find_pairs, holds, is_id_mask
from segdata.sources.palettes import differing, palette_of


def reject(survey: Survey, hints: Hints) -> str:
    """Some folder holds palette PNGs, and another one photos of the same names."""
    try:
        find_pairs(survey, hints, _fits)
    except UserError as error:
        return error.message.replace("such masks", "palette PNGs")
    if hints.labels is not None and not holds(hints.labels, _fits):
        return f"{hints.labels.name} holds no palette PNGs"
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Indices are ids where all palettes agree; where not, a class file's colors tell classes."""
    pairs = find_pairs(survey, hints, _fits)
    labels = [item.label for item in pairs.joined.items]
    table, said = id_table(survey, hints, labels)
    clash = differing(labels)
    if clash is not None:
        table, read = _by_color(table.class_map, clash), read_by_color
    else:
        table = IdTable(_colored(table.class_map, labels), table.ids, table.hint)
        read, said = read_with_table, {"ids": "palette indices", **said}
    reading = MaskReading(FORMAT.name, table.class_map, partial(read, table=table))
    return pairs.source(survey, reading, said)


FORMAT = Format("palette", "palette PNGs", reject, open_folder)


def read_by_color(item: Item, table: IdTable) -> Reading:
    """Read a palette PNG by its colors, whatever their indices are.

    Raises:
        Unreadable: it is no whole image.
        NoIds: it is lossy.
    """
    rgb = read_colors(item.label)
    reading = table.class_map.to_ids(rgb)
    return Reading(reading.label, reading.unknown, rgb if reading.unknown else None)


def _by_color(class_map: ClassMap, clash: tuple[Path, Path, int]) -> IdTable:
    first, second, index = clash
    if not all(c.color is not None for c in class_map.trained):
        raise UserError(
            f"the palettes of {first} and {second} differ: index {index} is "
            f"{palette_of(first)[index]} in one and {palette_of(second)[index]} in the other, so "
            "the same id means different classes",
            "list the classes with their colors in a file: --classes FILE  (name,r,g,b)",
        )
    return IdTable(class_map)


def _colored(class_map: ClassMap, labels: list[Path]) -> ClassMap:
    """Classes without a color take that of the longest palette."""
    palette = max((palette_of(path) for path in labels), key=len, default=())
    listed = [c.color for c in class_map.classes if c.color is not None]
    classes = [
        SegClass(c.id, c.name, palette[c.id])
        if c.color is None and c.id < len(palette) and palette[c.id] not in listed
        else c
        for c in class_map.classes
    ]
    return ClassMap(with_distinct_colors(classes), class_map.ignore)


def _fits(path: Path) -> bool:
    return bool(palette_of(path)) and is_id_mask(path)
