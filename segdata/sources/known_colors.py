"""The classes of color masks without a class file, where their colors tell them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from segdata.classes import ClassMap, Color, SegClass
from segdata.facts.color_looks import is_flat, rows_of, unpack
from segdata.images import (
    LOSSY_FORMATS,
    NoIds,
    Unreadable,
    read_colors,
    read_header,
    read_photo,
)
from segdata.palettes import Match, surely
from segdata.sources import Hints, Survey
from segdata.sources.folders import files_of
from segdata.spread import spread

# Files looked at in each folder, and folders; a mask shows a few of the classes.
_SAMPLED, _FOLDERS = 16, 12
# JPEG moves the inside of an area by so much at most, in RGB.
_COMPRESSED = 6.0
_BLACK: Color = (0, 0, 0)
_WHITE: Color = (255, 255, 255)
_BINARY = ClassMap((SegClass(0, "background", _BLACK), SegClass(1, "object", _WHITE)))


def recognized(survey: Survey, hints: Hints) -> tuple[ClassMap, dict[str, str]] | None:
    """Classes that the colors of masks surely are, and how that was told; None if they are not."""
    folders = tuple(survey.image_folders()) if hints.labels is None else (hints.labels,)
    return _of_folders(folders)


@lru_cache(maxsize=1)
def _of_folders(folders: tuple[Path, ...]) -> tuple[ClassMap, dict[str, str]] | None:
    colors, lossy = _areas(folders)
    match = surely(colors, _COMPRESSED if lossy else 0.0)
    if match is not None:
        return _of_match(match), {"names": f"{match.title}: known by {match.found} of its colors"}
    if lossy and colors and all(_near(color) for color in colors):
        return _BINARY, {"names": "black is background and white is object"}
    return None


def _areas(folders: tuple[Path, ...]) -> tuple[dict[Color, int], bool]:
    """Colors that fill areas in some color masks of these folders; whether some are lossy."""
    found: Counter[Color] = Counter()
    lossy = False
    for folder in folders[:_FOLDERS]:
        for path in spread(list(files_of(folder).values()), _SAMPLED):
            try:
                header = read_header(path)
                compressed = header.format in LOSSY_FORMATS
                if not compressed and header.mode not in ("RGB", "RGBA"):
                    continue
                rgb = read_photo(path) if compressed else read_colors(path)
            except (Unreadable, NoIds):
                continue
            if is_flat(rgb):
                rows = rows_of(rgb)
                for (red, green, blue), pixels in zip(
                    unpack(rows.packed[rows.area]).tolist(), rows.pixels[rows.area], strict=True
                ):
                    found[red, green, blue] += int(pixels)
                lossy |= compressed
    return dict(found), lossy


def _of_match(match: Match) -> ClassMap:
    class_map = match.palette.class_map
    if not match.swapped:
        return class_map
    swapped = (replace(c, color=c.color[::-1] if c.color else None) for c in class_map.classes)
    return ClassMap(tuple(swapped), class_map.ignore)


def _near(color: Color) -> bool:
    """Whether it is black or white, give or take compression."""
    return all(abs(a - b) <= _COMPRESSED for a, b in zip(color, _BLACK, strict=True)) or all(
        abs(a - b) <= _COMPRESSED for a, b in zip(color, _WHITE, strict=True)
    )
