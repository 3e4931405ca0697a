"""Records: one image and its label as a ``tf.train.Example``, framed as a TFRecord.

The schema is the original DeepLab's (``deeplab/datasets/build_data.py``), so its reader,
``tf.data`` and segdata read the same files.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from segdata import wire
from segdata.errors import UserError

IMAGE = "image/encoded"
FILENAME = "image/filename"
FORMAT = "image/format"
HEIGHT = "image/height"
WIDTH = "image/width"
CHANNELS = "image/channels"
LABEL = "image/segmentation/class/encoded"
LABEL_FORMAT = "image/segmentation/class/format"

# tensorflow/core/lib/io/record_writer.h: length, crc of the length, data, crc of the data.
_LENGTH, _CRC = struct.Struct("<Q"), struct.Struct("<I")
_HEAD_SIZE = _LENGTH.size + _CRC.size
# tensorflow/core/lib/hash/crc32c.h, kMaskDelta.
_MASK_DELTA = 0xA282EAD8
_GZIP_MAGIC = b"\x1f\x8b"
_REMEDY = "make the shards again: segdata shard DATASET OUT --overwrite"


class DamagedRecord(UserError):
    """A record that is cut off or changed; the message names the file and the byte."""


@dataclass(frozen=True)
class Sample:
    """One image and its label as they stand in a record.

    Args:
        key: the entry of the list file, without folder and suffix.
        image: the photo's file, JPEG or PNG.
        image_format: ``"jpeg"`` or ``"png"``. Other builders write here what they were told, not
            what the file is; readers look at the bytes, as the original's does.
        height: rows of the photo; 0 where the record does not say.
        width: columns of the photo; 0 where the record does not say.
        label: the label's PNG; None where there is none.
    """

    key: str
    image: bytes
    image_format: str
    height: int
    width: int
    label: bytes | None


def encode(sample: Sample) -> bytes:
    """A sample as a serialised ``tf.train.Example``; without a label its two keys are left out."""
    features: dict[str, wire.Value] = {
        IMAGE: sample.image,
        FILENAME: sample.key.encode(),
        FORMAT: sample.image_format.encode(),
        HEIGHT: sample.height,
        WIDTH: sample.width,
        CHANNELS: 3,
    }
    if sample.label is not None:
        features |= {LABEL: sample.label, LABEL_FORMAT: b"png"}
    return wire.pack(features)


def decode(data: bytes, where: str = "the record") -> Sample:
    """Read a serialised ``tf.train.Example`` of the original's schema.

    Keys of others are ignored; absent ones take the defaults of the original's reader
    (``deeplab/datasets/data_generator.py``), but an image there must be.

    Args:
        where: how to name the record in an error.

    Raises:
        DamagedRecord: it is no such message.
    """
    try:
        features = wire.unpack(data)
        sample = Sample(
            key=_bytes(features, FILENAME).decode(),
            image=_bytes(features, IMAGE),
            image_format=_bytes(features, FORMAT, b"jpeg").decode(),
            height=_number(features, HEIGHT),
            width=_number(features, WIDTH),
            label=_bytes(features, LABEL) or None,
        )
    except ValueError as error:
        raise DamagedRecord(
            f"{where} is no tf.train.Example with DeepLab's keys: {error}", _REMEDY
        ) from error
    if not sample.image:
        raise DamagedRecord(f"{where} has no image: {IMAGE} is missing or empty", _REMEDY)
    return sample


@dataclass
class RecordWriter:
    """Frames records into an open binary file, and keeps what a manifest says of the file."""

    file: BinaryIO
    offsets: list[int] = field(default_factory=list)
    size: int = 0
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> int:
        """Append a record; returns the byte position of its frame."""
        offset = self.size
        length = _LENGTH.pack(len(data))
        for part in (length, masked_crc(length), data, masked_crc(data)):
            self.file.write(part)
            self._hash.update(part)
            self.size += len(part)
        self.offsets.append(offset)
        return offset

    @property
    def sha256(self) -> str:
        """Of all bytes written so far, hexadecimal."""
        return self._hash.hexdigest()


def read_at(file: BinaryIO, offset: int) -> bytes:
    """The record whose frame begins at a byte position; both checksums are compared.

    Args:
        file: opened for reading; its position moves, so threads need a file each.

    Raises:
        DamagedRecord: it is cut off or changed, or no record begins there.
    """
    file.seek(offset)
    data = _read_frame(file, offset)
    if data is None:
        raise _damaged(file, offset, "the file ends before it")
    return data


def scan(path: Path) -> Iterator[tuple[int, bytes]]:
    """All records of a file with the byte positions of their frames; all checksums are compared.

    An empty file has no records (the original writes such ones when images are few).

    Raises:
        DamagedRecord: one is cut off or changed; those before it have been given.
        UserError: the file cannot be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        offset = 0
        while (data := _read_frame(file, offset)) is not None:
            yield offset, data
            offset = file.tell()


def find_records(file: BinaryIO) -> Iterator[int]:
    """The byte positions of all frames of an open file; their data is passed over.

    Raises:
        DamagedRecord: a frame is cut off, or its length is changed, so that the next one cannot be
            found; those before it have been given.
    """
    offset = 0
    file.seek(offset)
    while (announced := _announced(file, offset)) is not None:
        yield offset
        offset += _HEAD_SIZE + announced
        file.seek(offset)


def _read_frame(file: BinaryIO, offset: int) -> bytes | None:
    """The record at the file's position; None at the end of the file."""
    announced = _announced(file, offset)
    if announced is None:
        return None
    data = file.read(announced - _CRC.size)
    if masked_crc(data) != file.read(_CRC.size):
        raise _damaged(file, offset, "the checksum of its data does not match")
    return data


def _announced(file: BinaryIO, offset: int) -> int | None:
    """How many bytes follow the head at the file's position; None at the end of the file."""
    head = file.read(_HEAD_SIZE)
    if not head:
        return None
    if len(head) < _HEAD_SIZE:
        raise _damaged(file, offset, "it is cut off in its header")
    # A wrong length must not be believed: it could ask for all of the memory.
    if masked_crc(head[: _LENGTH.size]) != head[_LENGTH.size :]:
        if offset == 0 and head.startswith(_GZIP_MAGIC):
            raise _damaged(file, offset, "the file is compressed with gzip; unpack it first")
        raise _damaged(file, offset, "the checksum of its length does not match")
    announced: int = _LENGTH.unpack_from(head)[0] + _CRC.size
    left = os.fstat(file.fileno()).st_size - offset - _HEAD_SIZE
    if left < announced:
        raise _damaged(file, offset, f"it is cut off: {announced} bytes announced, {left} left")
    return announced


def _damaged(file: BinaryIO, offset: int, why: str) -> DamagedRecord:
    return DamagedRecord(f"{file.name}: the record at byte {offset} is damaged: {why}", _REMEDY)


def masked_crc(data: bytes) -> bytes:
    """The four bytes by which TensorFlow's files check what stands before them."""
    crc: int = google_crc32c.value(data)
    return _CRC.pack(((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF)


def _bytes(features: Mapping[str, wire.Values], key: str, default: bytes = b"") -> bytes:
    value = _only(features, key, default)
    if not isinstance(value, bytes):
        raise wire.Malformed(f"{key} is a number, not bytes")
    return value


def _number(features: Mapping[str, wire.Values], key: str) -> int:
    value = _only(features, key, 0)
    if not isinstance(value, int):
        raise wire.Malformed(f"{key} is bytes, not a number")
    return value


def _only(features: Mapping[str, wire.Values], key: str, default: wire.Value) -> wire.Value:
    values = features.get(key) or [default]
    if len(values) != 1:
        raise wire.Malformed(f"{key} has {len(values)} values instead of one")
    return values[0]
