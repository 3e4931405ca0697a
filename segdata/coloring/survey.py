"""What was seen in many files: colors that fill areas, blends between them, known palettes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import Color
from segdata.coloring.looking import FORMS, FileLook, Form
from segdata.facts.color_looks import SHADE, distance_of, is_between
from segdata.facts.color_totals import ColorTotals, MaskFile
from segdata.palettes import Match, recognize

# Areas that are listed; photos taken for masks have thousands.
_LISTED = 512
# A color that nowhere fills an area may be a class of thin things: from this share of the pixels
# and this many on, if it is no blend; so many are looked at.
_THIN_SHARE, _THIN_PIXELS, _THIN_LOOKED_AT = 0.0002, 64, 64
# So many colors of a palette, black and white aside, are no chance.
_FEWEST, _BLACK_AND_WHITE = 3, ((0, 0, 0), (255, 255, 255))
# A compressed color is this near to what it was.
_COMPRESSED = 6.0


@dataclass(frozen=True, slots=True)
class ColorEntry:
    """One color that may be a class, or one stored value.

    Args:
        color: None of a grey value.
        value: the stored number, of grey and palette files.
        pixels: with its shades.
        share: of all pixels.
        files: that hold it.
        file: the first of them; the pixel there is ``x``, ``y``.
        shades: colors that differ from it by a few levels, counted with it.
        name: what the best known palette calls it.
    """

    color: Color | None
    value: int | None
    pixels: int
    share: float
    files: int
    file: str
    x: int
    y: int
    shades: int = 0
    name: str | None = None


@dataclass(frozen=True)
class ColorSurvey:
    """The colors of a data set.

    Args:
        source: the folder.
        files: that may be masks.
        looked_at: those of them that were opened and are no photos.
        forms: files by how they store their labels.
        entries: what may be a class, the most frequent first.
        hidden: entries that are not listed.
        blends: how many colors lie between others, along edges.
        blended: their pixels.
        pixels: of the files that were read and hold colors, or where none does, values.
        matches: known palettes that fit, the best first.
        lossy: files are JPEGs or the like.
        clash: a value that has different colors in different files, with two of them.
    """

    source: Path
    files: int
    looked_at: int
    forms: Mapping[Form, int]
    entries: tuple[ColorEntry, ...]
    hidden: int
    blends: int
    blended: int
    pixels: int
    matches: tuple[Match, ...]
    lossy: bool = False
    clash: tuple[int, str, str] | None = None

    @property
    def by_value(self) -> bool:
        """Labels are stored as numbers: grey ids or palette indices that agree."""
        return not self.forms["color"] and self.clash is None

    @property
    def match(self) -> Match | None:
        """The palette whose names the colors surely have."""
        return next((match for match in self.matches[:1] if match.sure), None)


@dataclass
class _Seen:
    first: str
    place: tuple[int, int]
    pixels: int = 0
    files: int = 0


@dataclass
class Gathering:
    """Adds up looks at files."""

    _totals: ColorTotals = field(default_factory=ColorTotals)
    _forms: Counter[Form] = field(default_factory=Counter)
    _values: dict[int, _Seen] = field(default_factory=dict)
    _palette: dict[int, tuple[Color, str]] = field(default_factory=dict)
    _clash: tuple[int, str, str] | None = None
    _pixels: int = 0
    _lossy: bool = False

    def add(self, look: FileLook) -> None:
        self._forms[look.form] += 1
        self._lossy |= look.lossy
        path = str(look.path)
        if look.rows is not None:
            self._pixels += int(look.rows.pixels.sum())
            none = np.zeros(len(look.rows.packed), dtype=np.uint8)
            self._totals.add(MaskFile(path, path), look.rows, none)
        for value, pixels in look.ids.items():
            seen = self._values.setdefault(value, _Seen(path, look.places[value]))
            seen.pixels += pixels
            seen.files += 1
        for value, color in look.palette.items():
            known, first = self._palette.setdefault(value, (color, path))
            if known != color and self._clash is None:
                self._clash = value, first, path

    def survey(self, source: Path, files: int) -> ColorSurvey:
        """What was seen, in a folder of so many masks."""
        forms = {form: self._forms[form] for form in FORMS}
        rows, of_area = self._totals.areas()
        leaders = self._leaders(rows, of_area)
        areas = [self._entry(rows, of_area, int(row)) for row in leaders]
        matches = recognize(
            {e.color: e.pixels for e in areas if e.color is not None},
            _COMPRESSED if self._lossy or any(e.shades for e in areas) else 0.0,
        )
        by_value = not forms["color"] and self._clash is None
        entries = list(self._by_value()) if by_value else areas
        best = matches[0] if matches and matches[0].likely else None
        named = [_named(entry, best) for entry in entries]
        blended = 0 if by_value else self._pixels - sum(entry.pixels for entry in areas)
        counted = sum(1 + entry.shades for entry in areas)
        return ColorSurvey(
            source=source,
            files=files,
            looked_at=sum(forms.values()) - forms["photo"],
            forms=forms,
            entries=tuple(named[:_LISTED]),
            hidden=max(0, len(named) - _LISTED),
            blends=0 if by_value else len(rows) - counted,
            blended=blended,
            pixels=sum(seen.pixels for seen in self._values.values()) if by_value else self._pixels,
            matches=tuple(match for match in matches if _tells(match, areas)),
            lossy=self._lossy,
            clash=self._clash,
        )

    def _leaders(
        self, rows: npt.NDArray[np.void], of_area: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """Areas, and thin things that are no blend of two areas, the most frequent first."""
        areas = np.flatnonzero(of_area == -1)
        areas = areas[np.argsort(-rows["pixels"][areas], kind="stable")]
        others = np.flatnonzero(
            (of_area == -2) & (rows["pixels"] >= max(_THIN_PIXELS, _THIN_SHARE * self._pixels))
        )
        others = others[np.argsort(-rows["pixels"][others], kind="stable")][:_THIN_LOOKED_AT]
        colors = [_color(rows["packed"][row]) for row in areas[:_THIN_LOOKED_AT]]
        thin: list[np.int64] = []
        listed = list(colors)
        for row in others:
            color = _color(rows["packed"][row])
            if not _blends(color, colors) and not (self._lossy and _near(color, listed)):
                thin.append(row)
                listed.append(color)
        found = np.concatenate([areas, np.array(thin, dtype=np.int64)])
        return found[np.argsort(-rows["pixels"][found], kind="stable")]

    def _entry(
        self, rows: npt.NDArray[np.void], of_area: npt.NDArray[np.int64], row: int
    ) -> ColorEntry:
        shades = np.flatnonzero(of_area == row) if self._few(of_area) else np.empty(0, np.int64)
        pixels = int(rows["pixels"][row] + rows["pixels"][shades].sum())
        found = rows[row]
        return ColorEntry(
            color=_color(found["packed"]),
            value=None,
            pixels=pixels,
            share=pixels / max(1, self._pixels),
            files=int(found["files"]),
            file=self._totals.file_of(found).mask,
            x=int(found["x"]),
            y=int(found["y"]),
            shades=len(shades),
        )

    def _few(self, of_area: npt.NDArray[np.int64]) -> bool:
        return bool((of_area == -1).sum() <= _LISTED)

    def _by_value(self) -> Iterator[ColorEntry]:
        total = max(1, sum(seen.pixels for seen in self._values.values()))
        for value, seen in sorted(self._values.items()):
            color = self._palette[value][0] if value in self._palette else None
            share = seen.pixels / total
            yield ColorEntry(color, value, seen.pixels, share, seen.files, seen.first, *seen.place)


def _tells(match: Match, areas: list[ColorEntry]) -> bool:
    """Whether a palette is worth naming: black and white masks are a part of nearly any."""
    colors = [entry.color for entry in areas if entry.color is not None]
    own = [
        color
        for color in colors
        if match.name_of(color) is not None
        and all(distance_of(color, plain) > match.tolerance for plain in _BLACK_AND_WHITE)
    ]
    return match.sure or len(own) >= _FEWEST


def _named(entry: ColorEntry, match: Match | None) -> ColorEntry:
    if match is None or entry.color is None:
        return entry
    name = match.name_of(entry.color)
    return entry if name is None else replace(entry, name=name)


def _blends(color: Color, others: list[Color]) -> bool:
    """Whether a color lies between two others."""
    point = np.array(color, dtype=np.uint8)
    return any(is_between(point, a, b) for n, a in enumerate(others) for b in others[:n])


def _near(color: Color, others: list[Color]) -> bool:
    """Whether compression may have made a color of another."""
    return any(distance_of(color, other) <= SHADE for other in others)


def _color(packed: np.uint32) -> Color:
    return int(packed) & 255, int(packed) >> 8 & 255, int(packed) >> 16
