"""Shapes in a label: edges, specks, holes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.facts.decoders import count_values
from segdata.facts.looks import EVIDENT_SIDE
from segdata.facts.regions import BITS, Regions, Speck, find_regions
from segdata.facts.ribbons import Meetings, meet

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts

# A value is at the rim if it is within a fiftieth of the shorter side, 7 pixels of 480×360; what
# lies there only is no object but an artifact of padding or warping.
_RIM_SHARE, _RIM_LEAST = 0.02, 2
# Values that are told apart; a broken 16-bit label has tens of thousands.
_VALUES = 1024
# Files and places that are named.
_NAMED = 5
# A speck has at most 1/64 of the area of the median region of its class.
_SMALLER = 6
# A value is all around the rest of a label if the outermost pixels have it, but for a few.
_AROUND, _HALF = 0.99, 0.5
# Labels with so many ribbons, and such a share of them, were interpolated. Measured label by label
# with the ids of CamVid and of rendered streets numbered in 13 ways: 0.32 at most as drawn, and
# 0.36 to 0.96 in the middle after bilinear resizing by 0.5 to 2.
_BLENDED, _RIBBONS = 0.35, 50


@dataclass(frozen=True, slots=True)
class Structure:
    """Shapes in one label.

    Args:
        meetings: how values meet.
        clean: for each value the pixels whose eight neighbors are like them.
        pixels: for each value all its pixels.
        rim: values that lie within a narrow border of the picture only.
        ring: for each value its pixels among the outermost.
        regions: connected regions and specks.
    """

    meetings: Meetings
    clean: Mapping[int, int]
    pixels: Mapping[int, int]
    rim: tuple[int, ...]
    ring: Mapping[int, int]
    regions: Regions


@dataclass(frozen=True, slots=True)
class Tiny:
    """Specks of one value inside another, over all labels.

    Args:
        value: theirs.
        around: the value around them.
        count: how many.
        files: labels that have any.
        median: half of the pixels of their value lie in regions of this area or larger, rounded
            down to a power of two.
        first: the first files and specks in them.
    """

    value: int
    around: int
    count: int
    files: int
    median: int
    first: tuple[tuple[str, Speck], ...]


@dataclass(frozen=True, slots=True)
class AtRim:
    """A value that lies at the border of pictures only: the labels with it, and the first."""

    value: int
    files: int
    first: tuple[str, ...]


@dataclass(frozen=True)
class StructureFacts:
    """Shapes in the labels that were looked at.

    Args:
        labels: looked at.
        meetings: of all of them together.
        clean: for each value the pixels whose eight neighbors are like them.
        pixels: for each value all its pixels.
        tiny: specks and holes, by value and surroundings.
        rim: values that are nowhere but at the border of pictures.
        ring: for each value its pixels among the outermost of the pictures.
        around: for each value the labels with a 0 in which it is all around: 99 % of the outermost
            pixels.
        outside: likewise those in which it is half of the outermost pixels or more.
        zeros: labels with a 0 and something else.
        blended: labels that look interpolated, each by itself.
        first_blended: the first of them.
    """

    labels: int = 0
    meetings: Meetings = field(default_factory=Meetings)
    clean: Mapping[int, int] = field(default_factory=dict)
    pixels: Mapping[int, int] = field(default_factory=dict)
    tiny: tuple[Tiny, ...] = ()
    rim: tuple[AtRim, ...] = ()
    ring: Mapping[int, int] = field(default_factory=dict)
    around: Mapping[int, int] = field(default_factory=dict)
    outside: Mapping[int, int] = field(default_factory=dict)
    zeros: int = 0
    blended: int = 0
    first_blended: tuple[str, ...] = ()


def look_at_structure(label: Label, ignore: int | None) -> Structure:
    """Look at ``uint8 or uint16 H×W, class ids``."""
    same = cv2.erode(label, _NEIGHBORS) == cv2.dilate(label, _NEIGHBORS)
    rim = max(_RIM_LEAST, round(_RIM_SHARE * min(label.shape)))
    pixels = count_values(label)
    central = label[rim:-rim, rim:-rim] if min(label.shape) > 4 * rim else label
    return Structure(
        meetings=meet(label) if min(label.shape) >= EVIDENT_SIDE else Meetings(),
        clean=count_values(label, same),
        pixels=pixels,
        rim=tuple(sorted(set(pixels) - set(count_values(central)) - {ignore})),
        ring=count_values(np.concatenate([label[0], label[-1], label[1:-1, 0], label[1:-1, -1]])),
        regions=find_regions(label),
    )


_NEIGHBORS = np.ones((3, 3), np.uint8)


class StructureCollector:
    """Adds labels up; what is kept grows with the values, not with the labels."""

    def __init__(self) -> None:
        self._labels = 0
        self._meetings = Meetings()
        self._clean: Counter[int] = Counter()
        self._pixels: Counter[int] = Counter()
        self._sizes: dict[int, npt.NDArray[np.int64]] = {}
        self._tiny: dict[tuple[int, int], _OpenTiny] = {}
        self._rim: dict[int, list[str]] = {}
        self._rim_files: Counter[int] = Counter()
        self._central: set[int] = set()
        self._ring: Counter[int] = Counter()
        self._around: Counter[int] = Counter()
        self._outside: Counter[int] = Counter()
        self._zeros = 0
        self._blended = 0
        self._first_blended: list[str] = []

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        if pair.structure is None or pair.label is None:
            return
        found, path = pair.structure, pair.label.path
        self._labels += 1
        self._meetings += found.meetings
        meetings = found.meetings
        if meetings.blended >= _BLENDED and meetings.ribbons >= _RIBBONS and meetings.leaps:
            self._blended += 1
            self._first_blended.extend([path] if len(self._first_blended) < _NAMED else [])
        _count(self._clean, found.clean)
        _count(self._pixels, found.pixels)
        _count(self._ring, found.ring)
        self._add_rim(found, path)
        self._add_ring(found)
        self._add_regions(found.regions, path)

    def _add_regions(self, found: Regions, path: str) -> None:
        for value, sizes in found.sizes:
            if value in self._sizes or len(self._sizes) < _VALUES:
                self._sizes.setdefault(value, np.zeros(BITS, np.int64))
                self._sizes[value] += sizes
        places = {(speck.value, speck.around): speck for speck in found.located}
        for value, around, sizes in found.specks:
            key = value, around
            if key in self._tiny or len(self._tiny) < _VALUES:
                self._tiny.setdefault(key, _OpenTiny()).add(sizes, path, places.get(key))

    def _add_rim(self, found: Structure, path: str) -> None:
        if len(self._central) < _VALUES:
            self._central.update(set(found.pixels) - set(found.rim))
        for value in found.rim:
            if value in self._rim or len(self._rim) < _VALUES:
                paths = self._rim.setdefault(value, [])
                paths.extend([path] if len(paths) < _NAMED else [])
                self._rim_files[value] += 1

    def _add_ring(self, found: Structure) -> None:
        if 0 not in found.pixels or len(found.pixels) < 2:
            return
        self._zeros += 1
        value = max(found.ring, key=lambda value: found.ring[value])
        share = found.ring[value] / sum(found.ring.values())
        self._around[value] += share >= _AROUND
        self._outside[value] += share >= _HALF

    def facts(self) -> StructureFacts:
        tiny = (
            group.close(key, self._sizes[key[0]])
            for key, group in sorted(self._tiny.items())
            if key[0] in self._sizes
        )
        return StructureFacts(
            labels=self._labels,
            meetings=self._meetings,
            clean=dict(self._clean),
            pixels=dict(self._pixels),
            tiny=tuple(found for found in tiny if found.count),
            rim=tuple(
                AtRim(value, self._rim_files[value], tuple(paths))
                for value, paths in sorted(self._rim.items())
                if value not in self._central
            ),
            ring=dict(self._ring),
            around={value: labels for value, labels in self._around.items() if labels},
            outside={value: labels for value, labels in self._outside.items() if labels},
            zeros=self._zeros,
            blended=self._blended,
            first_blended=tuple(self._first_blended),
        )


class _OpenTiny:
    def __init__(self) -> None:
        self.sizes = np.zeros(BITS, np.int64)
        self.files = 0
        self.first: list[tuple[str, Speck]] = []

    def add(self, sizes: tuple[int, ...], path: str, speck: Speck | None) -> None:
        self.sizes += sizes
        self.files += 1
        if speck is not None and len(self.first) < _NAMED:
            self.first.append((path, speck))

    def close(self, key: tuple[int, int], all_sizes: npt.NDArray[np.int64]) -> Tiny:
        # By pixels, not by regions: a class may have more specks than objects.
        areas = np.cumsum(all_sizes * 2.0 ** np.arange(BITS))
        median = int(np.searchsorted(areas, areas[-1] / 2))
        count = int(self.sizes[: max(0, median - _SMALLER + 1)].sum())
        return Tiny(*key, count, self.files, 1 << median, tuple(self.first))


def _count(total: Counter[int], more: Mapping[int, int]) -> None:
    for value, count in more.items():
        if value in total or len(total) < _VALUES:
            total[value] += count
