"""Ways to store the ids of a label, wrong ones and ones that only look wrong."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from faults.folders import HEIGHT, WIDTH, Array, Store
from segdata.classes import pascal_color
from segdata.images import encode_label, encode_photo

GRAY_RAMP = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
PASCAL = np.array([pascal_color(i) for i in range(256)], dtype=np.uint8)


def plain(label: Array, number: int) -> bytes:
    return encode_label(label)


def mapped(*values: int, dtype: type = np.uint8) -> Store:
    """Ids replaced by values."""
    return lambda label, _: encode_label(np.array(values, dtype=dtype)[label])


def png(pixels: Array, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


def binary(label: Array) -> Array:
    return (label > 0).astype(np.uint8)


def bordered(label: Array, number: int) -> bytes:
    """PASCAL's void border around objects; one label holds nothing else."""
    label = np.array(binary(label))
    padded = np.pad(label, 1, mode="edge")
    edge = np.zeros(label.shape, dtype=bool)
    for dy, dx in ((0, 1), (1, 0), (1, 2), (2, 1)):
        edge |= padded[dy : dy + HEIGHT, dx : dx + WIDTH] != label
    label[edge] = 255
    if number == 1:
        label[label == 1] = 0
    return encode_label(label)


def one_bit(label: Array, number: int) -> bytes:
    return png(binary(label).astype(bool))


def with_palette(colors: Array) -> Store:
    return lambda label, _: encode_label(label, colors)


def one_bit_palette(label: Array, number: int) -> bytes:
    image = Image.fromarray(binary(label))
    image.putpalette(bytes([0, 0, 0, 255, 255, 255]))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", bits=1)
    return buffer.getvalue()


def strays(label: Array, number: int) -> bytes:
    label = label.copy()
    if number == 1:
        label[5, 3:7] = 7
    return encode_label(label)


def rare(label: Array, number: int) -> bytes:
    """A class of four pixels, and some ignored ones: few, and all in order."""
    label = np.where(label == 2, 0, label).astype(np.uint8)
    if number == 1:
        label[5, 3:7] = 2
        label[0, 0] = 255
    return encode_label(label)


def mostly_empty(label: Array, number: int) -> bytes:
    return encode_label(label if number == 0 else np.zeros_like(label))


def speckled(label: Array, number: int) -> bytes:
    """Ids that flip by one from pixel to pixel, as after JPEG, and all are meant."""
    rows, columns = np.indices(label.shape)
    return encode_label((label + (rows + columns) % 2).astype(np.uint8))


def jpeg(label: Array, number: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(label * np.uint8(100)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def in_alpha(label: Array, number: int) -> bytes:
    pixels = np.zeros((*label.shape, 4), dtype=np.uint8)
    pixels[..., 3] = label * np.uint8(127)
    return png(pixels)


def transparent_gray(label: Array, number: int) -> bytes:
    """A tRNS chunk says that 0 is drawn transparent; there is no alpha channel."""
    return png(label, transparency=0)


def colored(label: Array, number: int) -> bytes:
    return encode_photo(PASCAL[label], "png")


def equal_channels(label: Array, number: int) -> bytes:
    return encode_photo(np.repeat(label[..., None], 3, axis=2), "png")


def mapped_with_void(label: Array, number: int) -> bytes:
    label = label.copy()
    label[:4] = 255
    return encode_label(label)


def interlaced(label: Array) -> bytes:
    """An Adam7 PNG; Pillow writes none (PNG specification, 8.2)."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
              (1, 0, 2, 1))  # fmt: skip
    rows = b"".join(
        b"\0" + row.tobytes()
        for top, left, down, right in passes
        for row in label[top::down, left::right]
    )
    header = struct.pack(">IIBBBBB", label.shape[1], label.shape[0], 8, 0, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
