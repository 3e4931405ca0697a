"""What photos look like, so that duplicates can be found among all of them."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segdata.facts.duplicates import Photos, Twins, find_twins
from segdata.facts.roles import crossings

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts

# A hash has this many rows and columns of differences, across and down.
_SIDE = 16
HASH_BYTES = 2 * _SIDE * _SIDE // 8
# Differences of grey that count as structure, and the share of all that must do so: hashes of
# smooth pictures (a wall, fog, an empty tile) are noise, and agree by chance.
_STEP, _STRUCTURED = 3, 0.125
_DIGEST_BYTES = 8
# Names kept of the pairs that are in the same lists.
_NAMED = 5

ReadPhoto = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Likeness:
    """A 512-bit difference hash of a photo; alike pictures differ in few bits."""

    hash: bytes


@dataclass(frozen=True)
class Crossing:
    """A training list, a list that measures what was learned from it, and what both show.

    Args:
        train: the name of the one.
        val: the name of the other.
        sizes: pairs in each.
        shared: pairs that are in both.
        first_shared: their first names.
        twins: other pairs whose photos are the same picture, or overlap.
    """

    train: str
    val: str
    sizes: tuple[int, int]
    shared: int
    first_shared: tuple[str, ...]
    twins: Twins = field(default_factory=Twins)


@dataclass(frozen=True)
class LikenessFacts:
    """Which photos of a data set are alike.

    Args:
        photos: photos compared.
        crossings: the lists that should show nothing alike, two at a time.
    """

    photos: int = 0
    crossings: tuple[Crossing, ...] = ()


def look_at_likeness(glance: npt.NDArray[np.uint8]) -> Likeness | None:
    """The difference hash of ``uint8 h×w``, grey; None where there is too little to see."""
    across = cv2.resize(glance, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    down = cv2.resize(glance, (_SIDE, _SIDE + 1), interpolation=cv2.INTER_AREA).astype(np.int16)
    steps = np.concatenate([np.diff(across, axis=1).ravel(), np.diff(down, axis=0).ravel()])
    if np.count_nonzero(np.abs(steps) >= _STEP) < _STRUCTURED * steps.size:
        return None
    return Likeness(np.packbits(steps > 0).tobytes())


def read_file(path: str) -> bytes | None:
    """A photo's file; None where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


class LikenessCollector:
    """Adds pairs up; what is kept of each photo is its path and a hundred bytes.

    Args:
        read: gives a photo again by its path, to compare the pictures of equal hashes.
    """

    def __init__(self, read: ReadPhoto = read_file) -> None:
        self._read = read
        self._groups: dict[tuple[str, ...], int] = {}
        self._counts: list[int] = []
        self._named: list[list[str]] = []
        self._group, self._sizes = array("I"), array("I")
        self._paths: list[str] = []
        self._hashes, self._digests = bytearray(), bytearray()

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        """Add a pair that is in these splits."""
        group = self._groups.setdefault(splits, len(self._groups))
        if group == len(self._counts):
            self._counts.append(0)
            self._named.append([])
        self._counts[group] += 1
        if len(self._named[group]) < _NAMED:
            self._named[group].append(pair.key)
        if pair.likeness is None or pair.photo.header is None:
            return
        self._group.append(group)
        self._sizes.extend((pair.photo.header.width, pair.photo.header.height))
        self._paths.append(pair.photo.path)
        self._hashes += pair.likeness.hash
        self._digests += bytes.fromhex(pair.photo.sha256)[:_DIGEST_BYTES]

    def facts(self) -> LikenessFacts:
        """What is alike across the lists."""
        names = dict.fromkeys(name for splits in self._groups for name in splits)
        found = tuple(self._crossing(train, val) for train, val in crossings(names))
        return LikenessFacts(len(self._paths), found)

    def _crossing(self, train: str, val: str) -> Crossing:
        both = [g for splits, g in self._groups.items() if train in splits and val in splits]
        return Crossing(
            train,
            val,
            (self._count(train), self._count(val)),
            sum(self._counts[group] for group in both),
            tuple(name for group in both for name in self._named[group])[:_NAMED],
            find_twins(self._photos(train, val), self._photos(val, train), self._read),
        )

    def _count(self, split: str) -> int:
        return sum(self._counts[group] for splits, group in self._groups.items() if split in splits)

    def _photos(self, split: str, without: str) -> Photos:
        """The photos of a split that are not in the other one as well."""
        groups = [g for s, g in self._groups.items() if split in s and without not in s]
        mine = np.flatnonzero(np.isin(np.frombuffer(self._group, np.uint32), groups))
        hashes = np.frombuffer(bytes(self._hashes), np.uint8).reshape(-1, HASH_BYTES)
        return Photos(
            tuple(self._paths[index] for index in mine),
            hashes[mine],
            np.frombuffer(bytes(self._digests), np.uint64)[mine],
            np.frombuffer(self._sizes, np.uint32).reshape(-1, 2)[mine],
        )
