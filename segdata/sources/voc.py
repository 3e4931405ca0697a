"""PASCAL VOC: JPEGImages, SegmentationClass and lists in ImageSets/Segmentation.

Labels are palette PNGs or grey ids; 255 is void. SegmentationObject holds instances and is never
read. Tools write the same layout for other classes: PASCAL's names are used only where palette
and file names speak for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from segdata import builtin
from segdata.classes import ClassMap, Color, SegClass
from segdata.errors import UserError
from segdata.images import NoIds, Unreadable, read_colors, read_header, read_label
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.class_files import find_class_file, has_class_file, read_class_file
from segdata.sources.folders import join_by_name, usual_lists
from segdata.sources.id_tables import (
    IdTable,
    ids_in,
    stand_in,
    with_distinct_colors,
)
from segdata.sources.layouts import base_with, images_in
from segdata.sources.palettes import is_pascal, palette_of
from segdata.spread import spread

_PHOTOS = "JPEGImages"
# Equally many labels: the devkit's own folder first. Of several the fullest is taken.
_LABELS = (
    "SegmentationClass",
    "SegmentationClassAug",
    "SegmentationClassRaw",
    "SegmentationClassPNG",
)
_SAMPLED = 8
_VOID = 255
_VOC_IDS = frozenset(range(21)) | {_VOID}
# 2007_000032, and 000032 in VOC2007's own archive.
_VOC_NAME = re.compile(r"(?:\d{4}_)?\d{6}")


@dataclass(frozen=True)
class _Found:
    """Where photos and labels lie, and why these labels were chosen."""

    base: Path
    labels: Path
    reason: str

    @property
    def photos(self) -> Path:
        return self.base / _PHOTOS


def reject(survey: Survey, hints: Hints) -> str:
    """It has JPEGImages and SegmentationClass, and nothing beside them names colors."""
    found = _find(survey, hints)
    if found is None:
        return f"there are no folders {_PHOTOS} and {_LABELS[0]}"
    files = _label_files(survey, found)
    if not files:
        return f"there is no image in {found.labels.name}"
    if hints.classes is not None or has_class_file(found.base):
        class_map = read_class_file(hints.classes or find_class_file(found.base))
        if any(c.color is not None for c in class_map.classes):
            return _other_masks(survey, found, files)
    elif _in_strange_colors(files):
        return "the masks hold colors that are not PASCAL's, and no class file lists them"
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Labels in the lists that have no photo, and photos that no list names, are left out."""
    found = _find(survey, hints)
    if found is None:
        raise UserError(
            f"{survey.root} has no {_PHOTOS} and {_LABELS[0]}",
            "name the folder VOCdevkit/VOC2012 or one like it",
        )
    joined = join_by_name(found.photos, found.labels)
    lists = usual_lists(found.base)
    class_map, names = _classes(hints, found, [item.label for item in joined.items])
    listed = {name for keys in lists.values() for name in keys}
    lonely = tuple(key for key in joined.images_only if not lists or key in listed)
    outside = len(joined.images_only) - len(lonely)
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=joined.items,
        read=partial(read_voc_label, table=IdTable(class_map)),
        images=found.photos,
        labels=found.labels,
        images_only=lonely,
        labels_only=joined.labels_only,
        lists=lists,
        decisions={
            "labels": found.reason,
            "names": names,
            "ids": f"as stored (palette indices); {class_map.ignore} is void",
            **(
                {"photos": f"{outside} without a label are in no list: left out"} if outside else {}
            ),
        },
    )


FORMAT = Format("voc", "PASCAL VOC", reject, open_folder)


def read_voc_label(item: Item, table: IdTable) -> Reading:
    """Read indices or grey ids; a mask that a tool wrote as RGB is read by its colors.

    Raises:
        Unreadable: it is no whole image.
        NoIds: it is lossy, or has colors and the classes have none.
    """
    try:
        return table.read(read_label(item.label))
    except NoIds as error:
        colored = any(c.color is not None for c in table.class_map.classes)
        if error.kind != "color" or not colored:
            raise
    rgb = read_colors(item.label)
    reading = _with_void_color(table.class_map).to_ids(rgb)
    return Reading(reading.label, reading.unknown, rgb if reading.unknown else None)


def _with_void_color(class_map: ClassMap) -> ClassMap:
    """Void has a color in masks, also where no class is named so."""
    ignore = class_map.ignore
    if ignore is None or ignore in class_map.names:
        return class_map
    color = class_map.color(ignore)
    return ClassMap((*class_map.classes, SegClass(ignore, "void", color)), ignore)


def _find(survey: Survey, hints: Hints) -> _Found | None:
    if hints.images is not None:
        return None
    if hints.labels is not None:
        named = hints.labels.name in _LABELS and (hints.labels.parent / _PHOTOS).is_dir()
        return _Found(hints.labels.parent, hints.labels, "named with --labels") if named else None
    base = next((b for name in _LABELS if (b := base_with(survey, _PHOTOS, name))), None)
    if base is None:
        return None
    counts = {
        name: len(images_in(survey, base / name)) for name in _LABELS if (base / name).is_dir()
    }
    fullest = max(counts, key=lambda name: counts[name])
    if len(counts) > 1 and not _holds_ids(survey, base / fullest):
        ids = [name for name in counts if counts[name] and _holds_ids(survey, base / name)]
        fullest = max(ids, key=lambda name: counts[name], default=fullest)
    others = ", ".join(f"{name} has {n}" for name, n in counts.items() if name != fullest)
    reason = f"{fullest}: {counts[fullest]} labels" + (f"; {others}" if others else "")
    return _Found(base, base / fullest, reason)


def _holds_ids(survey: Survey, folder: Path) -> bool:
    return all(
        _mode(path) != "RGB"
        for path in spread(sorted(images_in(survey, folder).values()), _SAMPLED)
    )


def _mode(path: Path) -> str:
    try:
        return read_header(path).mode
    except Unreadable:
        return ""


def _label_files(survey: Survey, found: _Found) -> Sequence[Path]:
    return spread(sorted(images_in(survey, found.labels).values()), _SAMPLED)


def _in_strange_colors(files: Sequence[Path]) -> bool:
    class_map = _with_void_color(builtin.descriptor("pascal_voc_seg").class_map)
    for path in files:
        try:
            read_label(path)
        except NoIds as error:
            if error.kind == "color" and class_map.to_ids(read_colors(path)).unknown:
                return True
        except Unreadable:
            continue
    return False


def _other_masks(survey: Survey, found: _Found, files: Sequence[Path]) -> str:
    """Why a class file with colors speaks for reading colors."""
    if any(_mode(path) in ("P", "RGB", "RGBA") for path in files):
        return "a class file lists the colors of the masks"
    known = (_PHOTOS, "SegmentationObject", "SegmentationClassVisualization", *_LABELS)
    for folder in survey.image_folders():
        if not any(folder.is_relative_to(found.base / name) for name in known):
            name = folder.relative_to(survey.root).as_posix()
            return f"a class file lists colors, and {name} may hold them"
    return ""


def _classes(hints: Hints, found: _Found, labels: list[Path]) -> tuple[ClassMap, str]:
    if hints.classes is not None:
        return _with_void(read_class_file(hints.classes)), hints.classes.name
    if has_class_file(found.base):
        path = find_class_file(found.base)
        return _with_void(read_class_file(path)), path.name
    some = spread(labels, _SAMPLED)
    seen = ids_in(some)
    palettes = [palette_of(path) for path in some]
    if seen <= _VOC_IDS and _is_pascal(some, seen, palettes):
        return builtin.descriptor("pascal_voc_seg").class_map, "PASCAL VOC's 21"
    palette = max(palettes, key=len, default=())
    found_ids = ids_in(labels)
    bare = stand_in(sorted(found_ids), _VOID if max(found_ids, default=0) <= _VOID else None)
    colored = (
        SegClass(c.id, c.name, palette[c.id] if c.id < len(palette) else None) for c in bare.classes
    )
    said = "missing: name them with --classes FILE; ids as they occur"
    return ClassMap(with_distinct_colors(colored), bare.ignore), said


def _is_pascal(files: Sequence[Path], seen: set[int], palettes: list[tuple[Color, ...]]) -> bool:
    """Names like 2007_000032, or PASCAL's palette with its void border or its instances."""
    named = sum(_VOC_NAME.fullmatch(path.stem) is not None for path in files) * 2 > len(files)
    if not seen:
        return True  # colors, and PASCAL's: reject() looked at them
    colored = any(palettes) and all(is_pascal(palette) for palette in palettes if palette)
    instances = any((path.parent.parent / "SegmentationObject").is_dir() for path in files[:1])
    # A palette that is not PASCAL's contradicts, whatever the files are called.
    return (named and (colored or not any(palettes))) or (colored and (_VOID in seen or instances))


def _with_void(class_map: ClassMap) -> ClassMap:
    """255 is void in this format, whether or not the class file has a line for it."""
    if class_map.ignore is not None or _VOID in class_map.names:
        return class_map
    return ClassMap(class_map.classes, _VOID)
