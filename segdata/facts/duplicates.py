"""The same picture in two lists: as the same file, made anew from it, or overlapping it.

Hashes propose, pictures decide: photos whose hashes are near are laid over each other before
anything is said. Comparing hashes is sub-quadratic: photos are looked up by bands of their hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segdata.facts.tiles import Tile, overlapping

# Bits of 512 by which hashes of one picture may differ. Measured on 21 photos of CamVid: JPEG at
# quality 20 at most 25, brightness ×1.2 at most 20, half size at most 64, 1 % cropped at most 80.
# Of its lists, train and val differ by 159 at least, and photos of rendered scenes by 135.
NEAR = 80
# Correlation of the details of two pictures that are one. Measured on CamVid and rendered streets:
# JPEG at quality 20 0.97, other sizes and brightness 0.98, 1 to 5 % cropped 0.91 at least; frames
# of a car that stands still 0.90 at most.
_SAME = 0.93
# Hashes are looked up by bands of 16 bits. In a band that more photos share than this (a row of
# plain sky), nothing is looked up: the other 31 bands find what is alike.
_CROWD = 32
# Comparisons that are cheaper to make than to avoid.
_ALL = 4_000_000
# Pairs of pictures that are laid over each other, about 12 ms each, and that are named.
_COMPARED, _NAMED = 64, 5
_CHUNK = 1 << 18
# Details are compared at this share of the smaller picture's size, which resizing leaves whole, and
# at this many pixels at most; in flatter ones than this (levels of grey) there is nothing to match.
_SHARE, _SIZE, _BLUR, _FLAT = 0.6, 192, 3.0, 1.0
_SCALES = (0.94, 0.96, 0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.03, 1.04, 1.06)

Gray = npt.NDArray[np.uint8]
Index = npt.NDArray[np.intp]
Bands = npt.NDArray[np.uint16]
ReadPhoto = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Photos:
    """Photos of one list, those that show something.

    Args:
        paths: of N photos.
        hashes: ``uint8 N×64``.
        digests: ``uint64 N``, of the files.
        sizes: ``uint32 N×2``, width and height.
    """

    paths: tuple[str, ...]
    hashes: npt.NDArray[np.uint8]
    digests: npt.NDArray[np.uint64]
    sizes: npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Twin:
    """Two photos of two lists.

    Args:
        train: the path of the one.
        val: the path of the other.
        distance: bits by which their hashes differ; 0 for the same file.
        match: correlation of their details, at most 1; 1 for the same file.
    """

    train: str
    val: str
    distance: int = 0
    match: float = 1.0


@dataclass(frozen=True)
class Twins:
    """What two lists show both, though under other names.

    Args:
        files: photos of the measuring list whose very bytes the training list has.
        first_files: the first of them.
        pictures: those that show the same picture in other bytes, of those looked at.
        first_pictures: the first of them.
        overlaps: tiles that overlap a tile of the training list, of those looked at.
        first_overlaps: the first of them.
    """

    files: int = 0
    first_files: tuple[Twin, ...] = ()
    pictures: int = 0
    first_pictures: tuple[Twin, ...] = ()
    overlaps: int = 0
    first_overlaps: tuple[Twin, ...] = ()


def find_twins(train: Photos, val: Photos, read: ReadPhoto) -> Twins:
    """Compare each photo of one list with each of the other.

    Args:
        read: gives a photo's bytes by its path; None where it cannot.
    """
    if not len(train.paths) or not len(val.paths):
        return Twins()
    files = list(_same_files(train, val))
    taken = {twin.val for twin in files}
    pictures = [twin for twin in _near(train, val, taken) if is_same(twin, read)]
    taken |= {twin.val for twin in pictures}
    overlaps = list(_overlaps(train, val, taken, read))
    return Twins(
        len(files),
        tuple(files[:_NAMED]),
        len(pictures),
        tuple(pictures[:_NAMED]),
        len(overlaps),
        tuple(overlaps[:_NAMED]),
    )


def _same_files(train: Photos, val: Photos) -> Iterator[Twin]:
    _, mine, theirs = np.intersect1d(train.digests, val.digests, return_indices=True)
    first = {int(val.digests[j]): int(i) for i, j in zip(mine, theirs, strict=True)}
    for j in np.flatnonzero(np.isin(val.digests, train.digests)):
        yield Twin(train.paths[first[int(val.digests[j])]], val.paths[j])


def _near(train: Photos, val: Photos, taken: set[str]) -> list[Twin]:
    """For each photo of the measuring list the nearest of the other; the nearest ones of all."""
    best = np.full(len(val.paths), NEAR + 1, np.int32)
    nearest = np.zeros(len(val.paths), np.intp)
    words = train.hashes.view(np.uint64), val.hashes.view(np.uint64)
    for i, j in proposed(train.hashes, val.hashes):
        bits = np.bitwise_count(words[0][i] ^ words[1][j]).sum(axis=1, dtype=np.int32)
        order = np.argsort(-bits, kind="stable")
        i, j, bits = i[order], j[order], bits[order]
        # Of several candidates for one photo the last assignment stays: the nearest.
        better = bits < best[j]
        best[j[better]], nearest[j[better]] = bits[better], i[better]
    order = np.argsort(best, kind="stable")
    found = [
        Twin(train.paths[nearest[j]], val.paths[j], int(best[j]))
        for j in order
        if best[j] <= NEAR and val.paths[j] not in taken
    ]
    return found[:_COMPARED]


def proposed(
    train: npt.NDArray[np.uint8], val: npt.NDArray[np.uint8]
) -> Iterator[tuple[Index, Index]]:
    """Indices into both lists of hashes that may be near, in chunks."""
    if len(train) * len(val) <= _ALL:
        step = max(1, _CHUNK // len(train))
        for start in range(0, len(val), step):
            theirs = np.arange(start, min(start + step, len(val)))
            yield np.tile(np.arange(len(train)), len(theirs)), np.repeat(theirs, len(train))
        return
    ours: Bands = train.view(np.uint16)
    others: Bands = val.view(np.uint16)
    for band in range(ours.shape[1]):
        yield from _of_band(ours[:, band], others[:, band])


def _of_band(mine: Bands, theirs: Bands) -> Iterator[tuple[Index, Index]]:
    order = np.argsort(mine, kind="stable")
    ordered = mine[order]
    start = np.searchsorted(ordered, theirs, "left")
    counts = np.searchsorted(ordered, theirs, "right") - start
    counts[counts > _CROWD] = 0
    for first in range(0, len(theirs), _CHUNK // _CROWD):
        part = slice(first, first + _CHUNK // _CROWD)
        many = counts[part]
        j = np.repeat(np.arange(first, first + len(many)), many)
        within = np.arange(len(j)) - np.repeat(np.cumsum(many) - many, many)
        yield order[np.repeat(start[part], many) + within], j


def is_same(twin: Twin, read: ReadPhoto) -> bool:
    """Whether two photos show the same picture, by the pictures themselves (12 ms)."""
    mine, theirs = _picture(twin.train, read), _picture(twin.val, read)
    if mine is None or theirs is None:
        return False
    return max(_match(mine, theirs), _match(theirs, mine)) >= _SAME


def _picture(path: str, read: ReadPhoto) -> Gray | None:
    data = read(path)
    if data is None:
        return None
    how = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    gray = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    return None if gray is None else np.asarray(gray, np.uint8)


def _match(whole: Gray, part: Gray) -> float:
    """How well the middle of one picture is found in another, at about the same scale."""
    height, width = whole.shape
    scale = min(_SIZE, _SHARE * min(max(whole.shape), max(part.shape))) / max(whole.shape)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    sought_in = _details(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
    best = 0.0
    for factor in _SCALES:
        scaled = max(8, round(size[0] * factor)), max(8, round(size[1] * factor))
        details = _details(cv2.resize(part, scaled, interpolation=cv2.INTER_AREA))
        top, left = details.shape[0] // 5, details.shape[1] // 5
        middle = details[top : details.shape[0] - top, left : details.shape[1] - left]
        if middle.std() < _FLAT:
            return 0.0
        found = cv2.matchTemplate(sought_in, middle, cv2.TM_CCOEFF_NORMED)
        best = max(best, float(found.max()))
    return best


def _details(gray: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """What is left when brightness and soft shades are taken off."""
    values = np.asarray(gray, np.float32)
    return values - np.asarray(cv2.GaussianBlur(values, (0, 0), _BLUR), np.float32)


def _overlaps(train: Photos, val: Photos, taken: set[str], read: ReadPhoto) -> Iterator[Twin]:
    """Tiles whose names say that they overlap, and whose pictures agree where they would."""
    looked = 0
    for i, j, (dx, dy) in overlapping(_tiles(train), _tiles(val)):
        if val.paths[j] in taken:
            continue
        if looked == _COMPARED:
            return
        looked += 1
        match = _overlap(_picture(train.paths[i], read), _picture(val.paths[j], read), dx, dy)
        if match >= _SAME:
            taken.add(val.paths[j])
            yield Twin(train.paths[i], val.paths[j], 0, match)


def _tiles(photos: Photos) -> Iterator[tuple[int, Tile]]:
    for index, path in enumerate(photos.paths):
        width, height = photos.sizes[index]
        tile = Tile.of(path, int(width), int(height))
        if tile is not None:
            yield index, tile


def _overlap(one: Gray | None, other: Gray | None, dx: int, dy: int) -> float:
    """Correlation of two tiles where they overlap, the other one lying at (dx, dy) of the one."""
    if one is None or other is None:
        return 0.0
    mine = one[max(0, dy) :, max(0, dx) :]
    theirs = other[max(0, -dy) :, max(0, -dx) :]
    height = min(mine.shape[0], theirs.shape[0])
    width = min(mine.shape[1], theirs.shape[1])
    if min(height, width) < 1:
        return 0.0
    a = np.ascontiguousarray(mine[:height, :width], np.float32)
    b = np.ascontiguousarray(theirs[:height, :width], np.float32)
    # Plain areas correlate with anything, or with nothing.
    flat = min(float(a.std()), float(b.std())) < _FLAT
    return 0.0 if flat else float(cv2.matchTemplate(a, b, cv2.TM_CCOEFF_NORMED).max())
