"""Taking the EXIF orientation out of a JPEG without touching its pixels."""

from __future__ import annotations

import struct

# JPEG: start of image, and the markers of the segments that stand before the pixels (ITU T.81 B.1).
_START, _APP1, _SCAN = b"\xff\xd8", 0xE1, 0xDA
_EXIF = b"Exif\0\0"
# EXIF 2.3, 4.6.4: the tag, and the length of an entry of a directory.
_ORIENTATION, _ENTRY = 0x0112, 12


def without_orientation(data: bytes) -> bytes:
    """The same JPEG, upright as its pixels are stored.

    Returns:
        The bytes as they are where there is no orientation, or no JPEG that can be followed.
    """
    place = _orientation_at(data)
    if place is None:
        return data
    at, order = place
    return data[:at] + struct.pack(f"{order}H", 1) + data[at + 2 :]


def _orientation_at(data: bytes) -> tuple[int, str] | None:
    """Where the number of the orientation stands, and its byte order."""
    at = len(_START)
    while data[:2] == _START and at + 4 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if data[at] != 0xFF or marker == _SCAN:
            break
        if marker == _APP1 and data[at + 4 : at + 10] == _EXIF:
            return _in_directory(data, at + 10, at + 2 + length)
        at += 2 + length
    return None


def _in_directory(data: bytes, start: int, end: int) -> tuple[int, str] | None:
    """Look through the first directory of the TIFF that begins at ``start``."""
    order = {b"II": "<", b"MM": ">"}.get(data[start : start + 2])
    if order is None or start + 8 > min(end, len(data)):
        return None
    (offset,) = struct.unpack_from(f"{order}I", data, start + 4)
    first = start + offset
    if first + 2 > min(end, len(data)):
        return None
    (count,) = struct.unpack_from(f"{order}H", data, first)
    for number in range(count):
        entry = first + 2 + number * _ENTRY
        if entry + _ENTRY > min(end, len(data)):
            return None
        if struct.unpack_from(f"{order}H", data, entry)[0] == _ORIENTATION:
            return entry + 8, order
    return None
