"""Colors that were read as grey, and the way back to ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segdata.classes import Color
    from segdata.dataset import DatasetDescriptor

# PASCAL VOC: 20 classes and the background; its void is id 255.
_PASCAL_CLASSES = 21
_PASCAL_VOID = 255
# Grey levels that people choose, too; labels with no others may come from anywhere.
_COMMON = frozenset({0, 128, 220, 255})


@dataclass(frozen=True)
class ReadAsGrey:
    """Which ids grey levels were, before a program read their colors as grey.

    Args:
        palette: whose colors.
        reader: the program.
        ids: the id of each level that only one class has.
        open: the ids that each other level may have been.
    """

    palette: str
    reader: str
    ids: Mapping[int, int] = field(default_factory=dict)
    open: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def read_as_grey(levels: Collection[int], descriptor: DatasetDescriptor) -> ReadAsGrey | None:
    """The way back, where all levels are the brightness of known colors; else None.

    Known are the colors of the data set's own classes, and PASCAL VOC's of as many classes.

    Args:
        levels: values of labels.
    """
    if set(levels) <= _COMMON:
        return None
    for palette, colors in _palettes(descriptor).items():
        for reader, weights, rounding, shift in (
            # libpng's weights in 1/32768 (png_set_rgb_to_gray); Pillow's in 1/65536 (Convert.c).
            ("TensorFlow or OpenCV", (9798, 19235, 3735), 0, 15),
            ("Pillow", (19595, 38470, 7471), 0x8000, 16),
        ):
            of_level: dict[int, tuple[int, ...]] = {}
            for class_id, color in colors.items():
                level = sum(w * c for w, c in zip(weights, color, strict=True)) + rounding >> shift
                of_level[level] = (*of_level.get(level, ()), class_id)
            if set(levels) <= of_level.keys():
                sure = {level: of_level[level][0] for level in levels if len(of_level[level]) == 1}
                unsure = {level: of_level[level] for level in levels if level not in sure}
                return ReadAsGrey(palette, reader, sure, unsure)
    return None


def _palettes(descriptor: DatasetDescriptor) -> dict[str, dict[int, Color]]:
    # Imported here, because the manual of the rules is shown without loading OpenCV.
    from segdata.classes import VOID_COLOR, pascal_color

    own = {entry.id: entry.color for entry in descriptor.classes if entry.color is not None}
    known = {"the classes' own colors": own} if len(own) == len(descriptor.classes) else {}
    pascal = {i: pascal_color(i) for i in range(min(_PASCAL_CLASSES, descriptor.num_classes))}
    return {**known, "PASCAL VOC's palette": {**pascal, _PASCAL_VOID: VOID_COLOR}}
