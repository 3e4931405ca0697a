"""Pictures of labels that a reader can take apart: ids inside the page, colors by what is chosen.

The page carries every picture twice: drawn, for paper and for browsers without scripts, and as ids
that a script paints over the photo.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.drawing import ERROR_KINDS
from segdata.reports.frame import hex_color

# Bytes of all pictures of a page; the page itself stays below 15 MB.
PICTURE_BYTES = 10_000_000

Ids = npt.NDArray[np.uint8 | np.uint16]


@dataclass(frozen=True)
class Layer:
    """One picture of an exhibit.

    Args:
        caption: what it shows.
        source: the drawn picture, a ``data:`` address.
        flat: it has flat colors.
        palette: the key of the palette that paints its ids; empty for a photo.
        ids: what :func:`packed` made of its ids; empty for a photo.
        wide: the ids are 16 bits wide.
    """

    caption: str
    source: str
    flat: bool
    palette: str = ""
    ids: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Exhibit:
    """One image with its pictures, all ``width`` × ``height`` pixels large."""

    key: str
    told: str
    width: int
    height: int
    layers: tuple[Layer, ...]

    @property
    def bytes(self) -> int:
        return sum(len(layer.source) + len(layer.ids) for layer in self.layers)


@dataclass(frozen=True)
class Gallery:
    """Exhibits under one heading, and how many more had no room."""

    name: str
    title: str
    exhibits: tuple[Exhibit, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Paint:
    """What a value of the ids means and looks like."""

    id: int
    name: str
    color: str
    meaning: str = ""
    striped: bool = False


@dataclass(frozen=True)
class Palette:
    """The paints of a kind of picture, by its key; each can be switched off."""

    key: str
    title: str
    paints: tuple[Paint, ...]


def id_layer(caption: str, source: str, palette: str, ids: Ids, *, flat: bool = True) -> Layer:
    """A layer with its ids, ``uint8 or uint16 H×W``."""
    return Layer(caption, source, flat, palette, packed(ids), ids.dtype.itemsize > 1)


def packed(ids: Ids) -> str:
    """Ids row by row, little end first, as base64 of a zlib stream."""
    data = np.ascontiguousarray(ids.astype(ids.dtype.newbyteorder("<"), copy=False)).tobytes()
    return base64.b64encode(zlib.compress(data, 9)).decode()


def class_palette(ids: Iterable[int], class_map: ClassMap) -> Palette:
    """The classes that are among the ids, and what else is among them."""
    paints = tuple(
        Paint(i, class_map.name(i), hex_color(class_map.color(i)), striped=i == class_map.ignore)
        for i in sorted(ids)
    )
    return Palette("classes", "Classes", paints)


def error_palette(kinds: Iterable[int]) -> Palette:
    """The kinds of error that are there."""
    paints = tuple(
        Paint(i, kind.name, hex_color(kind.color), kind.meaning, striped=kind.name == "void")
        for i, kind in enumerate(ERROR_KINDS)
        if i in set(kinds)
    )
    return Palette("errors", "Errors", paints)


def within(galleries: Sequence[Gallery], most: int = PICTURE_BYTES) -> Iterator[Gallery]:
    """The galleries with as many exhibits as have room, each with the same share of it."""
    room = most // max(1, len(galleries))
    for gallery in galleries:
        used, kept = 0, 0
        for exhibit in gallery.exhibits:
            used += exhibit.bytes
            if used > room:
                break
            kept += 1
        left_out = len(gallery.exhibits) - kept
        yield Gallery(gallery.name, gallery.title, gallery.exhibits[:kept], left_out)
