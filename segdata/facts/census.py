"""Objects per class, classes per picture, sizes of pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.dataset import DatasetDescriptor

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts

Counts = npt.NDArray[np.int64]

# Objects below so many pixels are counted size by size; larger ones in 32 steps per doubling,
# which places a median within 2.2 %.
_EXACT, _STEPS = 1024, 32
# Up to so many classes it is counted which of them meet in a picture (8 MB for each list of names).
_MEETING = 1024
# Distinct sizes of photos that are told apart.
_SIZES = 4096


@dataclass(frozen=True, slots=True)
class ObjectSizes:
    """The objects of one class: regions of its pixels, eight neighbors each.

    Args:
        count: how many.
        smallest: pixels of the smallest; 0 without any.
        bins: how many have which size, see ``_EXACT``.
    """

    count: int
    smallest: int
    bins: Mapping[int, int]

    @property
    def median(self) -> float:
        """Pixels of the object in the middle: exact below 1024, else within 2.2 %; 0 for none."""
        seen = 0
        for place in sorted(self.bins):
            seen += self.bins[place]
            if 2 * seen >= self.count:
                return _middle(place)
        return 0.0

    def __add__(self, other: ObjectSizes) -> ObjectSizes:
        smallest = min(filter(None, (self.smallest, other.smallest)), default=0)
        bins = Counter(self.bins)
        bins.update(other.bins)
        return ObjectSizes(self.count + other.count, smallest, bins)


@dataclass(frozen=True, slots=True)
class Census:
    """One label: the objects of every class in it."""

    objects: Mapping[int, ObjectSizes]


@dataclass(frozen=True, eq=False)
class CensusGroup:
    """Labels that belong to the same splits; K is the number of classes.

    Args:
        splits: every split that they are in.
        labels: label files whose pixels are ids.
        counted: labels whose objects were counted.
        pixels: ``int64 K``, of each class.
        images: ``int64 K``, labels that hold the class.
        areas: ``int64 K``, pixels of classes in the labels that hold the class.
        meetings: ``int64 K×K``, labels that hold both classes; None past 1024 classes.
        ignored: pixels of the ignore label.
        strays: pixels of no class.
        objects: by class, of the labels whose objects were counted.
        photo_sizes: photos by width and height; of distinct sizes the first 4096.
    """

    splits: tuple[str, ...]
    labels: int
    counted: int
    pixels: Counts
    images: Counts
    areas: Counts
    meetings: Counts | None
    ignored: int
    strays: int
    objects: Mapping[int, ObjectSizes]
    photo_sizes: Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class CensusFacts:
    """The labels that were counted, by the splits they belong to."""

    groups: tuple[CensusGroup, ...] = ()

    def of_split(self, split: str) -> CensusGroup | None:
        """All labels of a split; None where there are none."""
        return _merged([group for group in self.groups if split in group.splits])

    def together(self) -> CensusGroup | None:
        """Every label once."""
        return _merged(self.groups)


def take_census(label: Label, num_classes: int, ignore: int | None) -> Census:
    """Count the objects in ``uint8 or uint16 H×W, class ids``."""
    present = np.flatnonzero(np.bincount(label.ravel(), minlength=num_classes)[:num_classes])
    return Census({int(i): _objects(label == i) for i in present if i != ignore})


def _objects(mask: npt.NDArray[np.bool_]) -> ObjectSizes:
    whole = mask.astype(np.uint8)
    x, y, width, height = cv2.boundingRect(whole)
    stats = cv2.connectedComponentsWithStats(whole[y : y + height, x : x + width])[2]
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.int64)
    large = _EXACT + np.floor(_STEPS * np.log2(np.maximum(areas, _EXACT) / _EXACT)).astype(np.int64)
    places, counts = np.unique(np.where(areas < _EXACT, areas, large), return_counts=True)
    bins = dict(zip(places.tolist(), counts.tolist(), strict=True))
    return ObjectSizes(len(areas), int(areas.min(initial=areas.max(initial=0))), bins)


def _middle(place: int) -> float:
    return float(place if place < _EXACT else _EXACT * 2 ** ((place - _EXACT + 0.5) / _STEPS))


class CensusCollector:
    """Adds labels up. What every label holds comes from its histogram; objects are looked for.

    Args:
        descriptor: says which values are classes.
    """

    def __init__(self, descriptor: DatasetDescriptor) -> None:
        self._descriptor = descriptor
        self._groups: dict[tuple[str, ...], _OpenGroup] = {}

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        if splits not in self._groups:
            self._groups[splits] = _OpenGroup(self._descriptor)
        self._groups[splits].add(pair)

    def facts(self) -> CensusFacts:
        return CensusFacts(tuple(group.close(splits) for splits, group in self._groups.items()))


@dataclass
class _OpenGroup:
    descriptor: DatasetDescriptor
    labels: int = 0
    counted: int = 0
    ignored: int = 0
    strays: int = 0
    per_class: Counts = field(init=False)
    meetings: Counts | None = field(init=False)
    objects: dict[int, ObjectSizes] = field(default_factory=dict)
    photo_sizes: Counter[tuple[int, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        classes = self.descriptor.num_classes
        # Rows: pixels, images, areas.
        self.per_class = np.zeros((3, classes), np.int64)
        self.meetings = np.zeros((classes, classes), np.int64) if classes <= _MEETING else None

    def add(self, pair: PairFacts) -> None:
        if pair.photo.header is not None:
            size = pair.photo.header.width, pair.photo.header.height
            if size in self.photo_sizes or len(self.photo_sizes) < _SIZES:
                self.photo_sizes[size] += 1
        if pair.label is not None and pair.label.ids is not None:
            self._add_values(pair.label.ids)
        if pair.census is not None:
            self.counted += 1
            for class_id, sizes in pair.census.objects.items():
                old = self.objects.get(class_id)
                self.objects[class_id] = sizes if old is None else old + sizes

    def _add_values(self, values: Mapping[int, int]) -> None:
        ignore = self.descriptor.ignore_label
        classes, outside = {}, 0
        for value, count in values.items():
            if value == ignore:
                self.ignored += count
            elif value < self.descriptor.num_classes:
                classes[value] = count
            else:
                outside += count
        ids = np.fromiter(classes, np.int64, len(classes))
        counts = np.fromiter(classes.values(), np.int64, len(classes))
        self.labels += 1
        self.strays += outside
        self.per_class[0, ids] += counts
        self.per_class[1, ids] += 1
        self.per_class[2, ids] += counts.sum()
        if self.meetings is not None:
            self.meetings[np.ix_(ids, ids)] += 1

    def close(self, splits: tuple[str, ...]) -> CensusGroup:
        pixels, images, areas = self.per_class.copy()
        meetings = None if self.meetings is None else self.meetings.copy()
        return CensusGroup(
            splits, self.labels, self.counted, pixels, images, areas, meetings, self.ignored,
            self.strays, dict(sorted(self.objects.items())), dict(self.photo_sizes),
        )  # fmt: skip


def _merged(groups: Iterable[CensusGroup]) -> CensusGroup | None:
    groups = list(groups)
    if not groups:
        return None
    objects: dict[int, ObjectSizes] = {}
    sizes: Counter[tuple[int, int]] = Counter()
    for group in groups:
        sizes.update(group.photo_sizes)
        for class_id, found in group.objects.items():
            old = objects.get(class_id)
            objects[class_id] = found if old is None else old + found
    return CensusGroup(
        splits=tuple(dict.fromkeys(name for group in groups for name in group.splits)),
        labels=sum(group.labels for group in groups),
        counted=sum(group.counted for group in groups),
        pixels=_sum(group.pixels for group in groups),
        images=_sum(group.images for group in groups),
        areas=_sum(group.areas for group in groups),
        meetings=_sum(_known(groups)) if groups[0].meetings is not None else None,
        ignored=sum(group.ignored for group in groups),
        strays=sum(group.strays for group in groups),
        objects=dict(sorted(objects.items())),
        photo_sizes=sizes,
    )


def _known(groups: Iterable[CensusGroup]) -> Iterator[Counts]:
    return (group.meetings for group in groups if group.meetings is not None)


def _sum(arrays: Iterable[npt.NDArray[Any]]) -> Counts:
    return np.asarray(np.sum(list(arrays), axis=0), np.int64)
