"""One label file as a viewer shows it, as it is stored, and as TensorFlow and OpenCV read it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from segdata.classes import Label
from segdata.errors import UserError
from segdata.exhibits.meaning import Meaning
from segdata.exhibits.view import Box, Exhibit, Pixels, View, cut
from segdata.facts.decoders import read_as_gray
from segdata.images import NoIds, Unreadable, read_label, read_photo
from segdata.records import DamagedRecord, decode, find_records, read_at

# Side of what is cut out around a pixel: a stray one is seen at the size of a terminal.
_CROP = 40


@dataclass(frozen=True)
class Place:
    """A pixel in a file: ``x, y`` from the left top; None means the whole."""

    file: str
    x: int | None = None
    y: int | None = None


def label_exhibit(place: Place, meaning: Meaning) -> Exhibit | None:
    """What several programs make of a label; None where it cannot be read."""
    data = bytes_of(place.file)
    if data is None:
        return None
    try:
        shown, stored = read_photo(data), _ids(data)
    except Unreadable:
        return None
    read = read_as_gray(data)
    differs = read is not None and (stored is None or not np.array_equal(read, stored))
    box = _box(shown, place)
    views = [View("in an image viewer", cut(shown, box), stored is not None)]
    if stored is not None:
        caption = "the numbers in the file" if differs else "as the trainer reads it"
        views.append(View(caption, meaning.paint(cut(stored, box))))
    if differs and read is not None:
        views.append(View("as TensorFlow and OpenCV read it", meaning.paint(cut(read, box))))
    last = read if differs else stored
    legend = () if last is None else meaning.legend(last)
    where = place.file if box is None else f"{place.file} (x={place.x}, y={place.y})"
    return Exhibit(where, tuple(views), legend)


def bytes_of(place: str) -> bytes | None:
    """A file's bytes, or those of the label in ``FILE.tfrecord, record N (NAME)``."""
    file, _, rest = place.partition(", record ")
    number = rest.partition(" ")[0]
    try:
        if not rest:
            return Path(file).read_bytes() if Path(file).is_file() else None
        with Path(file).open("rb") as shard:
            offset = next(islice(find_records(shard), int(number) - 1, None))
            return decode(read_at(shard, offset)).label
    except (OSError, DamagedRecord, ValueError, StopIteration):
        return None


def read_ids(path: Path) -> Label | None:
    """The ids of a label file; None where it has none."""
    try:
        return read_label(path)
    except (UserError, OSError):
        return None


def read_pixels(path: Path) -> Pixels | None:
    """A picture as a viewer shows it; None where it cannot be read."""
    try:
        return read_photo(path)
    except (UserError, OSError):
        return None


def _ids(data: bytes) -> Label | None:
    try:
        return read_label(data)
    except NoIds:
        return None


def _box(shown: Pixels, place: Place) -> Box | None:
    """The surroundings of the pixel; None where no pixel of the picture is named."""
    height, width = shown.shape[:2]
    if place.x is None or place.y is None or not (place.x < width and place.y < height):
        return None
    left = max(0, min(place.x - _CROP // 2, width - _CROP))
    top = max(0, min(place.y - _CROP // 2, height - _CROP))
    return slice(top, top + _CROP), slice(left, left + _CROP)
