"""PNG files as chunks: taken apart for reading, put together for writing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.images.deflate import DEFLATE
from segdata.images.opening import PNG_CHANNELS, PNG_GRAY, PNG_MAGIC

# PNG specification, 9.2: filter types.
FILTER_NONE, FILTER_SUB, FILTER_UP, FILTER_PAETH = 0, 1, 2, 4
# Chunks that may stand behind the pixels and say nothing about them.
_BEHIND = frozenset({b"IEND", b"tEXt", b"tIME"})
# Animated PNGs have several pictures; Pillow knows which is the first.
_ANIMATED = frozenset({b"acTL", b"fcTL", b"fdAT"})
_IHDR = struct.Struct(">IIBBBBB")


@dataclass(frozen=True)
class PngPlan:
    """A PNG taken apart: its header and the stream of its pixels."""

    width: int
    height: int
    depth: int
    color_type: int
    stream: bytes

    @property
    def pixel_bytes(self) -> int:
        return PNG_CHANNELS[self.color_type] * self.depth // 8

    @property
    def row_bytes(self) -> int:
        return self.width * self.pixel_bytes

    def typed(self, rows: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        """Rows of bytes as pixels."""
        if self.depth == 16:
            return rows.view(">u2").astype(np.uint16)
        channels = PNG_CHANNELS[self.color_type]
        return rows if channels == 1 else rows.reshape(self.height, self.width, channels)


def chunk(kind: bytes, *data: bytes) -> tuple[bytes, ...]:
    """A chunk in parts, which are joined once: length, kind, data and checksum."""
    checksum = DEFLATE.crc32(kind)
    for part in data:
        checksum = DEFLATE.crc32(part, checksum)
    return struct.pack(">I", sum(map(len, data))), kind, *data, struct.pack(">I", checksum)


def write_png(
    width: int, height: int, depth: int, color_type: int, *chunks: tuple[bytes, ...]
) -> bytes:
    """A PNG of chunks that stand between IHDR and IEND."""
    head = chunk(b"IHDR", _IHDR.pack(width, height, depth, color_type, 0, 0, 0))
    between = (part for parts in chunks for part in parts)
    return b"".join((PNG_MAGIC, *head, *between, *_END))


def take_apart(data: bytes) -> PngPlan | None:
    """Header and pixel stream of a PNG that is whole and of a common form."""
    chunks = list(_chunks(data))
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or kinds.count(b"IHDR") > 1 or kinds[-1] != b"IEND":
        return None
    first, count = (kinds.index(b"IDAT") if b"IDAT" in kinds else 0), kinds.count(b"IDAT")
    behind = kinds[first + count :]
    if not count or not _BEHIND.issuperset(behind) or not _ANIMATED.isdisjoint(kinds):
        return None
    head = chunks[0][1]
    if len(head) != _IHDR.size:
        return None
    width, height, depth, color_type, *methods = _IHDR.unpack(head)
    common = depth == 8 or (depth == 16 and color_type == PNG_GRAY)
    if not common or color_type not in PNG_CHANNELS or any(methods) or not width * height:
        return None
    stream = b"".join(body for _, body in chunks[first : first + count])
    return PngPlan(width, height, depth, color_type, stream)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and data of the chunks up to IEND; stops early where the file is damaged."""
    view, at = memoryview(data), len(PNG_MAGIC)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            return
        if DEFLATE.crc32(view[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            return
        kind = data[at + 4 : at + 8]
        yield kind, view[at + 8 : end]
        if kind == b"IEND":
            return
        at = end + 4


_END = chunk(b"IEND")
