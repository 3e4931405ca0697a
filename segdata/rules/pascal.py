"""PASCAL VOC's colors read as grey, and the way back to ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

# PASCAL VOC: 20 classes and the background; its void is id 255.
_CLASSES = 21
_VOID = 255
# Grey levels that people choose, too; labels with no others may come from anywhere.
_COMMON = frozenset({0, 128, 220, 255})


@dataclass(frozen=True)
class FromPascal:
    """Which ids grey levels were, before a program read their palette as grey.

    Args:
        reader: the program.
        ids: the id of each level that only one class has.
        open: the ids that each other level may have been.
    """

    reader: str
    ids: Mapping[int, int] = field(default_factory=dict)
    open: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def from_pascal(levels: Collection[int], num_classes: int) -> FromPascal | None:
    """The way back, where all levels are the brightness of PASCAL's colors; else None.

    Args:
        levels: values of labels.
        num_classes: of the data set; classes beyond are no candidates.
    """
    if set(levels) <= _COMMON:
        return None
    for reader, weights, rounding, shift in (
        # libpng's weights in 1/32768 (png_set_rgb_to_gray), Pillow's in 1/65536 (Convert.c, L24).
        ("TensorFlow or OpenCV", (9798, 19235, 3735), 0, 15),
        ("Pillow", (19595, 38470, 7471), 0x8000, 16),
    ):
        of_level = _ids_by_level(weights, rounding, shift, num_classes)
        if set(levels) <= of_level.keys():
            sure = {level: of_level[level][0] for level in levels if len(of_level[level]) == 1}
            unsure = {level: of_level[level] for level in levels if level not in sure}
            return FromPascal(reader, sure, unsure)
    return None


def _ids_by_level(
    weights: tuple[int, int, int], rounding: int, shift: int, num_classes: int
) -> dict[int, tuple[int, ...]]:
    # Imported here, because the manual of the rules is shown without loading OpenCV.
    from segdata.classes import VOID_COLOR, pascal_color

    colors = {i: pascal_color(i) for i in range(min(_CLASSES, num_classes))}
    found: dict[int, tuple[int, ...]] = {}
    for class_id, color in (*colors.items(), (_VOID, VOID_COLOR)):
        level = sum(w * c for w, c in zip(weights, color, strict=True)) + rounding >> shift
        found[level] = (*found.get(level, ()), class_id)
    return found
