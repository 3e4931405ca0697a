"""Photos and class-id PNGs: grey, 1-bit, 16-bit, or grey stored as RGB."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.sources import Format, Hints, Source, Survey
from segdata.sources.class_files import (
    find_class_file,
    has_class_file,
    read_class_file,
    read_id_mapping,
)
from segdata.sources.id_tables import IdTable, ids_in, read_with_table, stand_in
from segdata.sources.mask_folders import MaskReading, find_pairs, holds, is_id_mask
from segdata.sources.palettes import palette_of
from segdata.spread import spread

# The usual ignore labels of 8 and 16 bits.
_IGNORES = (255, 65535)
# Labels looked at for what the class file does not say.
_SAMPLED = 2000
# Without a class file: more ids than this are instances, depths or grey levels.
_MOST_UNNAMED = 1000
_BLACK_AND_WHITE = frozenset({0, 255})
# One object as id, and as white.
_TWO_SCALES = frozenset({1, 255})


def reject(survey: Survey, hints: Hints) -> str:
    """Some folder holds id masks, and another one photos of the same names."""
    try:
        if hints.classes is not None:
            read_class_file(hints.classes)
        find_pairs(survey, hints, _fits)
    except UserError as error:
        return error.message.replace("such masks", "grey images of class ids")
    if hints.labels is not None and not holds(hints.labels, _fits):
        return f"{hints.labels.name} holds no grey images of class ids"
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Names come from a class file; without one every id that occurs is a class."""
    pairs = find_pairs(survey, hints, _fits)
    labels = [item.label for item in pairs.joined.items]
    table, said = id_table(survey, hints, labels)
    reading = MaskReading(FORMAT.name, table.class_map, partial(read_with_table, table=table))
    return pairs.source(survey, reading, said)


FORMAT = Format("ids", "class-id PNGs", reject, open_folder)


def id_table(survey: Survey, hints: Hints, labels: list[Path]) -> tuple[IdTable, dict[str, str]]:
    """What the ids mean, and what was decided about it.

    Raises:
        UserError: the class file is wrong, or without one the ids can be no classes.
    """
    if hints.classes is None and not has_class_file(survey.root):
        seen = ids_in(labels)
        _refuse_mixed_scales(labels, seen)
        return _unnamed(seen)
    path = hints.classes or find_class_file(survey.root)
    class_map, mapping = read_class_file(path), read_id_mapping(path)
    seen = ids_in(spread(labels, _SAMPLED))
    said = {"names": path.name}
    if not mapping and set(class_map.names) == {0, 1} and class_map.ignore is None:
        _refuse_mixed_scales(labels, seen)
    if not mapping and _is_black_and_white(seen) and set(class_map.names) == {0}:
        raise UserError(
            f"the masks are black and white (0 and 255), and {path} lists one class: it would be "
            "the black one",
            "list both, black first:  background  and then the class",
        )
    if not mapping and _is_black_and_white(seen) and set(class_map.names) == {0, 1}:
        mapping = {255: 1}
        said["ids"] = "255 -> 1: the masks are black and white, and there are two classes"
    elif mapping:
        said["ids"] = f"label_mapping: {IdTable(class_map, mapping).said}"
    needs = any(number < 0 for number in mapping.values()) or bool(seen & {255} - set(mapping))
    if class_map.ignore is None and needs and 255 not in class_map.names:
        class_map = ClassMap(class_map.classes, 255)
        said["ignore"] = "255, which the class file does not list"
    return IdTable(class_map, mapping, _hint(seen, class_map)), said


def _unnamed(seen: set[int]) -> tuple[IdTable, dict[str, str]]:
    if len(seen) > _MOST_UNNAMED:
        raise UserError(
            f"the masks hold {len(seen)} different ids: instances, depths or grey levels?",
            "if these are classes, name them in a file:  --classes FILE  (columns id,name)",
        )
    said = {"names": "missing: name the ids with --classes FILE"}
    if _is_black_and_white(seen):
        said["ids"] = "255 -> 1: the masks are black and white (0 and 255)"
        return IdTable(stand_in((0, 1), None), {255: 1}), said
    if _is_spread(seen):
        levels = ", ".join(map(str, sorted(seen)))
        raise UserError(
            f"the masks hold the grey levels {levels}: classes spread from black to white to be "
            "seen, or ids of which 255 is ignored?",
            "say what each level is in a file:  --classes FILE  (columns id,name; void is ignored)",
        )
    # 255 far above the others is no class.
    ignore = next((i for i in _IGNORES if i in seen and i - 1 not in seen and len(seen) > 1), None)
    if ignore is not None:
        said["ignore"] = f"{ignore}, the usual ignore label"
    return IdTable(stand_in(sorted(seen), ignore)), said


def _refuse_mixed_scales(labels: list[Path], seen: set[int]) -> None:
    """Ids 1 and 255 that no file has both of may be one object on two scales.

    Raises:
        UserError: it is so, and no class file says what 255 is.
    """
    if not _TWO_SCALES <= seen <= _TWO_SCALES | {0}:
        return
    first: dict[int, Path] = {}
    for path in labels:
        both = ids_in([path]) & _TWO_SCALES
        if both == _TWO_SCALES:
            return
        for number in both:
            first.setdefault(number, path)
    if first.keys() >= _TWO_SCALES:
        raise UserError(
            f"some masks hold 0 and 1 ({first[1]}), others 0 and 255 ({first[255]}), and none "
            "holds 1 and 255: the same object on two scales, or an ignore label?",
            "if 255 is the object too, name a file with --classes names.yaml that says  names: "
            "{0: background, 1: object}  and in a second line  label_mapping: {255: 1}; if it is "
            "to be ignored, one that says  id,name  0,background  1,object  255,void  "
            "line by line (--classes names.csv)",
        )


def _is_spread(seen: set[int]) -> bool:
    """Whether ids lie at equal steps up to white: ``0, 85, 170, 255``."""
    levels = sorted(seen)
    steps = [high - low for low, high in pairwise(levels)]
    return len(steps) > 1 and levels[-1] == 255 and max(steps) - 1 <= min(steps) > 1


def _is_black_and_white(seen: set[int]) -> bool:
    return seen == _BLACK_AND_WHITE


def _hint(seen: set[int], class_map: ClassMap) -> str:
    """What an unlisted id may come from (fault catalogue, L06 to L08)."""
    strange = seen - set(class_map.names) - {class_map.ignore}
    if seen == _BLACK_AND_WHITE:
        return "the masks are black and white: 255 may stand for class 1"
    if strange and strange == {len(class_map.names)} and 0 not in seen:
        return "ids begin at 1: is the first class 0 in the class file?"
    return ""


def _fits(path: Path) -> bool:
    return not palette_of(path) and is_id_mask(path)
