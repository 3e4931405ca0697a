"""Colors that people with any color vision tell apart, for any number of classes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Color
from segdata.palettes.color_vision import DEFICIENCIES, seen

Colors = npt.NDArray[np.uint8]

# Okabe and Ito, "Color Universal Design", 2008 (jfly.uni-koeln.de/color), black first.
OKABE_ITO: Final[tuple[Color, ...]] = (
    (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115),
    (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
)  # fmt: skip
# What is not labelled: white is farther from the colors above than any grey, to everybody.
_VOID: Color = (255, 255, 255)
_BLACK: Color = (0, 0, 0)
# Levels of a channel that colors are chosen from: 32 take 8 times as long and gain at most 8 %.
_LEVELS = 16
# Beyond so many, no two neighbors in the sequence can be told apart anyway.
_CHOSEN = 512


def color_blind_safe(class_map: ClassMap) -> ClassMap:
    """The classes in colors that differ to people with any color vision; the first one is black.

    Up to eight classes take Okabe and Ito's colors, more of them take colors each of which is as
    far as can be from all before it, to those who see it nearest (:func:`far_apart`). What is
    ignored is white.
    """
    colors = iter(palette_of(len(class_map.trained)))
    classes = tuple(
        replace(entry, color=_VOID if entry.id == class_map.ignore else next(colors))
        for entry in class_map.classes
    )
    return ClassMap(classes, class_map.ignore)


def palette_of(count: int) -> tuple[Color, ...]:
    """So many different colors, black first; the same ones each time."""
    if count <= len(OKABE_ITO):
        return OKABE_ITO[:count]
    chosen = far_apart(min(count, _CHOSEN))
    return chosen if count <= len(chosen) else chosen + _others(count - len(chosen), {*chosen})


@cache
def far_apart(count: int) -> tuple[Color, ...]:
    """Colors chosen one by one, each as far as can be from those before it and from white.

    A distance is CIELAB's, to normal vision or to those with a deficiency: the least of the four
    (farthest-point sampling: Gonzalez, "Clustering to Minimize the Maximum Intercluster Distance",
    1985). The first so many colors of a longer palette are the shorter one.
    """
    levels = np.linspace(0, 255, _LEVELS).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    colors = np.concatenate([np.array([_BLACK, _VOID], np.uint8), grid])
    looks = np.stack([seen(colors, kind) for kind in (None, *DEFICIENCIES)])
    nearest = np.minimum(_distances(looks, 0), _distances(looks, 1))
    chosen = [0]
    while len(chosen) < count:
        farthest = int(nearest.argmax())
        chosen.append(farthest)
        nearest = np.minimum(nearest, _distances(looks, farthest))
    return tuple(_color(colors[i]) for i in chosen)


def _distances(looks: npt.NDArray[np.float64], index: int) -> npt.NDArray[np.float64]:
    """How far every color is from one of them, squared, to those who see them nearest."""
    apart = looks - looks[:, index, None]
    return np.asarray(np.einsum("vcx,vcx->vc", apart, apart).min(axis=0))


def _others(count: int, taken: set[Color]) -> tuple[Color, ...]:
    """More colors than anybody can tell apart: all different, neighbors far from each other."""
    found: list[Color] = []
    number = 0
    while len(found) < count:
        number += 1
        color = _spread(number)
        if color not in taken and color != _VOID:
            found.append(color)
    return tuple(found)


def _spread(number: int) -> Color:
    """A color of its own for each of 2^24 numbers: multiplied by an odd number, none repeats.

    The factor is Knuth's, the golden section of the range (The Art of Computer Programming, 6.4).
    """
    mixed = number * 0x9E3779 % (1 << 24)
    return mixed >> 16, mixed >> 8 & 0xFF, mixed & 0xFF


def _color(values: Colors) -> Color:
    red, green, blue = (int(value) for value in values)
    return red, green, blue
