"""The colors of data sets that everybody uses, and which of them some masks are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from segdata import builtin
from segdata.classes import VOID_COLOR, ClassMap, Color
from segdata.dataset import DatasetDescriptor
from segdata.errors import UserError
from segdata.facts.color_looks import distance_of
from segdata.sources.cityscapes_labels import color_classes

# Masks are taken for those of a data set, names are proposed, a palette is named from these shares
# of their pixels on; ...
_ALIKE, _LIKELY, _LEAST = 0.99, 0.75, 0.5
# ... the first two if so many of its colors occur: two or three occur in anybody's masks.
_FEWEST = 4


@dataclass(frozen=True)
class Palette:
    """The colors of one data set.

    Args:
        name: a word for the command line.
        title: as people call it.
        class_map: its classes with their ids and colors.
        marks: a color that must occur: many tools paint with PASCAL VOC's colors, but only VOC has
            its border.
    """

    name: str
    title: str
    class_map: ClassMap
    marks: Color | None = None

    @property
    def colors(self) -> Mapping[Color, str]:
        """Names by color."""
        return {c.color: c.name for c in self.class_map.classes if c.color is not None}


@dataclass(frozen=True)
class Match:
    """How well colors fit a palette.

    Args:
        swapped: red and blue are exchanged.
        share: of the pixels.
        found: how many of its colors occur.
        tolerance: how far a color may be from one of the palette's, in RGB.
        marked: what marks the palette occurs.
    """

    palette: Palette
    swapped: bool
    share: float
    found: int
    tolerance: float
    marked: bool

    @property
    def sure(self) -> bool:
        """The share and the colors suffice to take all classes from the palette."""
        return self.share >= _ALIKE and self.likely

    @property
    def likely(self) -> bool:
        """They suffice to propose names, for those colors that fit."""
        return self.share >= _LIKELY and self.found >= _FEWEST and self.marked

    @property
    def title(self) -> str:
        return f"{self.palette.title}{', red and blue swapped' if self.swapped else ''}"

    def name_of(self, color: Color) -> str | None:
        """The class of a color as it is stored; None if it is no class's."""
        true = color[::-1] if self.swapped else color
        near = min(self.palette.colors, key=lambda known: distance_of(known, true))
        return self.palette.colors[near] if distance_of(near, true) <= self.tolerance else None


@cache
def palettes() -> tuple[Palette, ...]:
    """Those that segdata knows."""
    return (
        Palette("voc", "PASCAL VOC", _builtin("pascal_voc_seg"), VOID_COLOR),
        Palette("camvid", "CamVid, 11 classes", _builtin("camvid")),
        Palette("camvid32", "CamVid, 32 classes", _own("camvid32")),
        Palette("cityscapes", "Cityscapes, 19 classes", _builtin("cityscapes")),
        Palette("cityscapes34", "Cityscapes, all labels", ClassMap(color_classes().classes, 0)),
        Palette("ade20k", "ADE20K, 150 classes", _builtin("ade20k")),
        Palette("mapillary", "Mapillary Vistas 1.2", _own("mapillary")),
    )


def palette(name: str) -> Palette:
    """The palette of that name.

    Raises:
        UserError: there is none.
    """
    for known in palettes():
        if known.name == name:
            return known
    raise UserError(
        f"there is no palette {name!r}", f"known: {', '.join(known.name for known in palettes())}"
    )


def recognize(pixels: Mapping[Color, int], tolerance: float = 0.0) -> tuple[Match, ...]:
    """Palettes that fit colors, the best first; none that less than half of the pixels fit.

    Of two that fit equally well the one comes first of whose colors more occur.

    Args:
        pixels: how often each color occurs; blends of edges left out.
        tolerance: how far compression may have moved a color.
    """
    found = [
        match for match in _matches(pixels, tolerance) if match.share > 1 / 2 and match.found > 1
    ]
    return tuple(
        sorted(
            found,
            key=lambda m: (-round(m.share, 3), m.swapped, -m.found / len(m.palette.colors)),
        )
    )


def surely(pixels: Mapping[Color, int], tolerance: float = 0.0) -> Match | None:
    """The palette whose names the masks' colors surely have; None if it may be another's."""
    return next((match for match in recognize(pixels, tolerance)[:1] if match.sure), None)


def _matches(pixels: Mapping[Color, int], tolerance: float) -> Iterator[Match]:
    for known in palettes():
        for swapped in (False, True):
            true = {color[::-1] if swapped else color: n for color, n in pixels.items()}
            meant = _meant(true, known, tolerance)
            share = sum(true[color] for color in meant) / max(1, sum(true.values()))
            common = set(meant.values())
            marked = known.marks is None or known.marks in common
            yield Match(known, swapped, share, len(common), tolerance, marked)


def _meant(colors: Mapping[Color, int], known: Palette, tolerance: float) -> dict[Color, Color]:
    """For each color that is the palette's, which one."""
    if not tolerance:
        return {color: color for color in colors.keys() & known.colors.keys()}
    near = {color: min(known.colors, key=lambda k: distance_of(k, color)) for color in colors}
    return {color: k for color, k in near.items() if distance_of(k, color) <= tolerance}


def _builtin(name: str) -> ClassMap:
    return builtin.descriptor(name).class_map


def _own(name: str) -> ClassMap:
    text = (resources.files(__name__) / f"{name}.toml").read_text("utf-8")
    return DatasetDescriptor.from_toml(text, f"the palette {name}").class_map
