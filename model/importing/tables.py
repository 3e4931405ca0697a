"""Sorted string tables: what TensorFlow keeps the names (V2) or all (V1) of a checkpoint in.

tensorflow/core/lib/io/table_format.txt: blocks of entries in the order of their keys, each followed
by a checksum; an index block that names the blocks; a footer that names the index block.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from segdata.records import masked_crc
from segdata.wire import Malformed, read_varint

# Index block's place, padding, and the number that ends every table (format.h, kTableMagicNumber).
_FOOTER = 48
_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
# Compression's code and a masked crc32c follow every block.
_TRAILER = 5
# Far more than any network's: what a damaged or made-up file may cost is bounded.
_LONGEST_KEY = 2048
_MOST_ENTRIES = 100_000
# A block of the V1 form holds a variable; the largest of the original has 18 MiB.
_LARGEST_BLOCK = 256 << 20

# A key, its value, and where the value begins in the file.
Entry = tuple[bytes, memoryview, int]


def is_table(path: Path) -> bool:
    """Whether a file ends as such a table does."""
    size = path.stat().st_size
    if size < _FOOTER:
        return False
    with path.open("rb") as file:
        file.seek(-len(_MAGIC), os.SEEK_END)
        return file.read() == _MAGIC


def entries(file: BinaryIO) -> Iterator[Entry]:
    """All entries in the order of their keys; one block is held in memory at a time.

    Raises:
        Malformed: it is no such table, or it is cut off or changed.
    """
    end = file.seek(0, os.SEEK_END) - _FOOTER
    if end < 0:
        raise Malformed("it is shorter than the end of every such file")
    file.seek(end)
    footer = memoryview(file.read(_FOOTER))
    if footer[-len(_MAGIC) :] != _MAGIC:
        raise Malformed("it does not end as such a file does: it is cut off, or another kind")
    # The footer names a block of statistics first, which nobody writes.
    _, at = _handle(footer, 0)
    index, _ = _handle(footer, at)
    last, count, read_to = b"", 0, 0
    for _, handle, _ in list(_block(file, index, end)):
        place, _ = _handle(handle, 0)
        if place[0] < read_to:
            raise Malformed("two of its blocks overlap")
        read_to = sum(place)
        for entry in _block(file, place, end):
            count += 1
            if (count > 1 and entry[0] <= last) or count > _MOST_ENTRIES:
                raise Malformed("its names are not in order, or too many")
            last = entry[0]
            yield entry


def _handle(data: memoryview, at: int) -> tuple[tuple[int, int], int]:
    """A block's offset and size, and where they end."""
    offset, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return (offset, size), at


def _block(file: BinaryIO, place: tuple[int, int], end: int) -> Iterator[Entry]:
    """The entries of one block, whose checksum is compared first."""
    offset, size = place
    if not (offset >= 0 and 4 <= size <= end - offset - _TRAILER):
        raise Malformed("a block lies outside the file")
    if size > _LARGEST_BLOCK:
        raise Malformed(f"a block of {size >> 20} MiB is none")
    file.seek(offset)
    data = file.read(size + _TRAILER)
    if masked_crc(data[: size + 1]) != data[size + 1 :]:
        raise Malformed("a checksum does not fit what it stands for")
    if data[size]:
        raise Malformed("a block is compressed, which TensorFlow's checkpoints never are")
    # Every so often a key is written in full; the places of those follow the entries.
    restarts = int.from_bytes(data[size - 4 : size], "little")
    stop = size - 4 * (restarts + 1)
    if stop < 0:
        raise Malformed("a block ends before it begins")
    return _entries(memoryview(data)[:stop], offset)


def _entries(block: memoryview, offset: int) -> Iterator[Entry]:
    key, at = b"", 0
    while at < len(block):
        shared, at = read_varint(block, at)
        own, at = read_varint(block, at)
        size, at = read_varint(block, at)
        value = at + own
        fits = 0 <= shared <= len(key) and own >= 0 and 0 <= size <= len(block) - value
        if not fits or shared + own > _LONGEST_KEY:
            raise Malformed("an entry is longer than its block")
        key = key[:shared] + bytes(block[at:value])
        at = value + size
        yield key, block[value:at], offset + value
