"""The palettes of PNG labels, read without decoding pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from segdata.classes import Color, pascal_color
from segdata.facts import count_values
from segdata.images import PNG_PALETTE, NoIds, Unreadable, read_label

# Classes of PASCAL VOC, the background included (VOC2012 development kit).
_VOC_CLASSES = 21
_MAGIC = b"\x89PNG\r\n\x1a\n"
# Signature and IHDR with its checksum.
_HEAD = 33


def palette_of(path: Path) -> tuple[Color, ...]:
    """The colors of a palette PNG in order of index; empty for any other file.

    Only the chunks before the pixels are read (PNG specification, 11.2.3: PLTE precedes IDAT).
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if head[:8] != _MAGIC or head[25:26] != bytes([PNG_PALETTE]):
                return ()
            values = _palette_chunk(file)
    except OSError:
        return ()
    return tuple(
        (values[at], values[at + 1], values[at + 2]) for at in range(0, len(values) - 2, 3)
    )


def _palette_chunk(file: BinaryIO) -> bytes:
    while len(prefix := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", prefix)
        if kind == b"PLTE":
            return file.read(min(length, 768))
        if kind in (b"IDAT", b"IEND"):
            break
        file.seek(length + 4, 1)
    return b""


def is_pascal(palette: tuple[Color, ...]) -> bool:
    """Whether it is PASCAL VOC's, as far as its classes go."""
    return len(palette) > 1 and all(
        color == pascal_color(number) for number, color in enumerate(palette[:_VOC_CLASSES])
    )


def differing(paths: Iterable[Path]) -> tuple[Path, Path, int] | None:
    """Two files in which the same index has two colors, and that index (fault catalogue, L16).

    Only indices that occur in both files count; entries that a shorter palette lacks do not differ.
    """
    kept: tuple[Path, tuple[Color, ...]] | None = None
    for path in paths:
        palette = palette_of(path)
        if not palette:
            continue
        if kept is None:
            kept = path, palette
            continue
        first, colors = kept
        if palette[: len(colors)] == colors[: len(palette)]:
            kept = kept if len(colors) >= len(palette) else (path, palette)
            continue
        index = _first_difference(first, colors, path, palette)
        if index is not None:
            return first, path, index
    return None


def _first_difference(
    first: Path, colors: tuple[Color, ...], path: Path, palette: tuple[Color, ...]
) -> int | None:
    try:
        used = set(count_values(read_label(first))) & set(count_values(read_label(path)))
    except (Unreadable, NoIds):
        return None
    both = (n for n in sorted(used) if n < min(len(colors), len(palette)))
    return next((n for n in both if colors[n] != palette[n]), None)
