"""What other programs read from a label file: TensorFlow's ``decode_png(channels=1)``, OpenCV's
grayscale.

Both decode PNG with libpng and agree to the last bit. Where the grey they read is a function of
the stored number, it is worked out from our one decode; the function of a palette is taken from
libpng itself, by letting OpenCV decode a picture of one row that has the file's own color chunks.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segdata.images import PNG_GRAY, PNG_PALETTE, Stored

Histogram = Mapping[int, int]

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# PNG specification: the chunks that decide which grey libpng makes of a color.
_COLOR_CHUNKS = frozenset({b"PLTE", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"})
_ODD_CHUNKS = {b"gAMA": "gAMA", b"iCCP": "ICC profile", b"cICP": "cICP"}
# Where IHDR's interlace method stands: magic, length, kind, then the thirteenth byte.
_INTERLACE = 8 + 8 + 12
# cv2.calcHist counts in float32, exact to 2^24.
_CALC_HIST_PIXELS = 1 << 24


def count_values(
    values: npt.NDArray[Any], where: npt.NDArray[np.bool_] | None = None
) -> dict[int, int]:
    """Pixels per value of ``uint8 or uint16 H×W``; ``where``: only of these pixels."""
    if values.dtype == np.uint8 and 0 < values.size <= _CALC_HIST_PIXELS:
        mask = None if where is None else where.view(np.uint8)
        counts = cv2.calcHist([np.ascontiguousarray(values)], [0], mask, [256], [0, 256]).ravel()
    else:
        counts = np.bincount((values if where is None else values[where]).ravel())
    return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}


def as_others_read(
    stored: Stored, ids: Histogram | None, data: bytes
) -> tuple[Histogram | None, Histogram | None]:
    """Histograms of what TensorFlow and OpenCV read.

    Args:
        stored: our one decode.
        ids: the histogram of the ids that we read; None where the pixels are no ids.
        data: the file's bytes.

    Returns:
        TensorFlow's and OpenCV's; None where it cannot read the format. A JPEG is decoded by
        TensorFlow to values at most 2 away from OpenCV's, which are not worked out here.
    """
    gray: Histogram | None
    header = stored.header
    color_type, depth = header.png_color_type, header.bit_depth
    if ids is not None and color_type == PNG_GRAY:
        gray = _through(ids, _gray_of(depth))
        return gray, gray
    if ids is not None and color_type == PNG_PALETTE:
        table = _palette_as_gray(_color_chunks(data))
        gray = _through(ids, lambda index: table[index] if index < len(table) else 0)
        return gray, gray
    decoded = read_as_gray(data)
    gray = None if decoded is None else count_values(decoded)
    return (gray if header.format == "png" else None), gray


def palette_of(data: bytes) -> tuple[tuple[int, int, int], ...]:
    """The colors of a PNG's palette, by index."""
    for kind, start, end in _chunks(data):
        if kind == b"PLTE":
            table = data[start + 8 : end - 4]
            return tuple(
                (table[i], table[i + 1], table[i + 2]) for i in range(0, len(table) - 2, 3)
            )
    return ()


def oddities_of(data: bytes) -> tuple[str, ...]:
    """What a PNG has that some program might heed and labels have no use for."""
    if not data.startswith(_PNG_MAGIC) or len(data) <= _INTERLACE:
        return ()
    kinds = {kind for kind, _, _ in _chunks(data)}
    found = [name for kind, name in _ODD_CHUNKS.items() if kind in kinds]
    return (*found, "interlace") if data[_INTERLACE] else tuple(found)


def _gray_of(depth: int) -> Callable[[int], int]:
    """libpng takes the high byte of 16 bits, and stretches fewer than 8 to 0..255."""
    if depth == 16:
        return lambda value: value >> 8
    return lambda value: value * 255 // (2**depth - 1)


def _through(ids: Histogram, gray_of: Callable[[int], int]) -> Histogram:
    out: dict[int, int] = {}
    for value, count in ids.items():
        gray = gray_of(value)
        out[gray] = out.get(gray, 0) + count
    return ids if out == ids else out


def _color_chunks(data: bytes) -> bytes:
    """The chunks before the pixels that decide about colors, as they stand in the file."""
    found = []
    for kind, start, end in _chunks(data):
        if kind == b"IDAT":
            break
        if kind in _COLOR_CHUNKS:
            found.append(data[start:end])
    return b"".join(found)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk of a PNG; an end may lie behind the data."""
    at = len(_PNG_MAGIC)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        yield kind, at, end
        if kind == b"IEND":
            break
        at = end


@lru_cache(maxsize=64)
def _palette_as_gray(chunks: bytes) -> tuple[int, ...]:
    """The grey that libpng makes of each palette entry."""
    at = chunks.find(b"PLTE")
    if at < 4:
        return ()
    entries = struct.unpack_from(">I", chunks, at - 4)[0] // 3
    # One row of 8-bit palette pixels: IHDR's fields are width, height, depth, color type and
    # three zeros; a row begins with its filter, none.
    row = zlib.compress(bytes([0, *range(entries)]))
    ihdr = struct.pack(">IIBBBBB", entries, 1, 8, PNG_PALETTE, 0, 0, 0)
    strip = _PNG_MAGIC + _chunk(b"IHDR", ihdr) + chunks + _chunk(b"IDAT", row) + _chunk(b"IEND")
    gray = read_as_gray(strip)
    return () if gray is None else tuple(int(value) for value in gray[0])


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def read_as_gray(data: bytes) -> npt.NDArray[np.uint8] | None:
    """What OpenCV reads in grayscale, ``uint8 H×W``; of a PNG TensorFlow reads the same.

    None where it cannot read it.
    """
    # OpenCV allocates what a damaged chunk says of its length, up to 4 GB, before it reads on.
    if data.startswith(_PNG_MAGIC) and any(end > len(data) for _, _, end in _chunks(data)):
        return None
    try:
        gray = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return None
    return None if gray is None else gray.astype(np.uint8, copy=False)
