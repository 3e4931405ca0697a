"""Sizes that a file claims: refused before memory is asked for, whatever the format."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from png_making import FORMS, Form, chunk, frame

from segdata.images import (
    Unreadable,
    check_whole,
    glance,
    read_colors,
    read_header,
    read_label,
    read_photo,
    read_stored,
)

READERS = [read_label, read_colors, read_photo, read_stored, check_whole, glance]
SMALL = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8))
HUGE = 30_000


def saved(format: str, **options: Any) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    SMALL.save(buffer, format, **options)
    return buffer.getvalue()


def huge_jpeg(**options: Any) -> bytes:
    data = bytearray(saved("JPEG", **options))
    frames = [data.find(bytes([0xFF, kind])) for kind in (0xC0, 0xC2)]
    struct.pack_into(">HH", data, max(frames) + 5, HUGE, HUGE)
    return bytes(data)


def huge_tiff() -> bytes:
    data = bytearray(saved("TIFF"))
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    for entry in range(directory + 2, directory + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", data, entry)[0] in (256, 257):  # ImageWidth, ImageLength
            struct.pack_into("<HII", data, entry + 2, 4, 1, HUGE)
    return bytes(data)


def huge_bmp() -> bytes:
    data = bytearray(saved("BMP"))
    struct.pack_into("<ii", data, 18, HUGE, HUGE)
    return bytes(data)


def huge_png(color: int, depth: int, interlaced: bool) -> bytes:
    palette = [chunk(b"PLTE", bytes(6))] if color == 3 else []
    pixels = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return frame(HUGE, HUGE, Form(color, depth, interlaced=interlaced), [*palette, pixels])


CLAIMS = {
    "JPEG": huge_jpeg(),
    "progressive JPEG": huge_jpeg(progressive=True),
    "TIFF": huge_tiff(),
    "BMP": huge_bmp(),
    "PPM": b"P6 30000 30000 255\n" + bytes(100),
} | {
    f"PNG, color type {color}, {depth} bits{', interlaced' * interlaced}": huge_png(
        color, depth, interlaced
    )
    for color, depth in FORMS
    for interlaced in (False, True)
}


@pytest.mark.parametrize("what", CLAIMS)
def test_a_small_file_that_claims_to_be_huge_is_refused(what: str) -> None:
    assert read_header(CLAIMS[what]).width == HUGE
    for read in READERS:
        if what.endswith("JPEG") and read in (read_label, read_colors):
            continue  # refused as lossy, whatever its size
        with pytest.raises(Unreadable, match="cannot hold 30000×30000"):
            read(CLAIMS[what])


@pytest.fixture(scope="module")
def zeros() -> bytes:
    """Zeros pack a thousand to one: a file of this size may well hold the pixels it claims."""
    packed = zlib.compressobj(9)
    parts = [packed.compress(bytes(HUGE // 8 + 1)) for _ in range(HUGE)]
    pixels = chunk(b"IDAT", b"".join((*parts, packed.flush())))
    return frame(HUGE, HUGE, Form(0, 1), [pixels])


@pytest.mark.parametrize("read", READERS)
def test_a_picture_that_would_fill_the_memory_is_not_decoded(
    read: Callable[[bytes], object], zeros: bytes
) -> None:
    with pytest.raises(Unreadable, match="too large"):
        read(zeros)


def test_large_pictures_of_flat_regions_are_read() -> None:
    label = np.zeros((5000, 6000), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(label).save(buffer, "PNG")
    assert read_label(buffer.getvalue()).shape == label.shape
