"""Statistics of a data set: by split and by class, from facts that were gathered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.facts import DatasetFacts
from segdata.facts.census import CensusGroup
from segdata.statistics.outlook import (
    Constant,
    Unmeasured,
    best_constant,
    training_split,
    unmeasured,
)
from segdata.statistics.weights import FORMULAS, ClassCounts, class_weights

# Splits of shards are told in this order; those of lists in the lists' own.
_ORDER = ("train", "val", "test", "trainval")


@dataclass(frozen=True)
class ClassStatistics:
    """One class in one split.

    Args:
        pixels: that have it.
        share: of the pixels of all classes, ignored ones left out.
        images: labels that hold it.
        objects: regions of it; None where objects were not counted.
        median_object: pixels of the region in the middle; None without any.
        smallest_object: pixels of the smallest.
        weights: by formula; None where the class has no pixel.
    """

    id: int
    name: str
    pixels: int
    share: float
    images: int
    objects: int | None
    median_object: float | None
    smallest_object: int | None
    weights: Mapping[str, float | None]

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "pixels": self.pixels,
            "share": self.share,
            "images": self.images,
            "objects": self.objects,
            "median_object": self.median_object,
            "smallest_object": self.smallest_object,
            "weights": dict(self.weights),
        }


@dataclass(frozen=True, eq=False)
class SplitStatistics:
    """One split.

    Args:
        labels: that were counted.
        photos: that were looked at.
        pixels: of classes.
        ignored: pixels of the ignore label.
        strays: pixels of no class.
        sizes: photos by width and height, the most frequent first.
        constant: what one class everywhere scores; None without a pixel.
        meetings: ``int64 K×K``: labels that hold both classes; None past 1024 classes.
    """

    name: str
    labels: int
    photos: int
    pixels: int
    ignored: int
    strays: int
    sizes: tuple[tuple[int, int, int], ...]
    classes: tuple[ClassStatistics, ...]
    constant: Constant | None
    meetings: npt.NDArray[np.int64] | None

    def to_json(self) -> dict[str, Any]:
        return {
            "labels": self.labels,
            "photos": self.photos,
            "pixels": self.pixels,
            "ignored": self.ignored,
            "no_class": self.strays,
            "sizes": [{"width": w, "height": h, "photos": n} for w, h, n in self.sizes],
            "constant": None if self.constant is None else self.constant.to_json(),
            "classes": [entry.to_json() for entry in self.classes],
            "together": self._together(),
        }

    def _together(self) -> dict[str, dict[str, int]] | None:
        """Labels that hold both classes, by name and name, without those that never meet."""
        if self.meetings is None:
            return None
        return {
            one.name: {
                other.name: int(self.meetings[one.id, other.id])
                for other in self.classes
                if other.id != one.id and self.meetings[one.id, other.id]
            }
            for one in self.classes
            if one.images
        }


@dataclass(frozen=True, eq=False)
class Statistics:
    """A data set in numbers.

    Args:
        root: the folder, as the user named it.
        splits: in the order of use; a pair may be in several.
        whole: every pair once; of shards every record, so a pair of two splits is there twice.
    """

    name: str
    root: str
    class_map: ClassMap
    splits: tuple[SplitStatistics, ...]
    whole: SplitStatistics

    @cached_property
    def unmeasured(self) -> tuple[Unmeasured, ...]:
        return tuple(unmeasured(self.splits))

    @property
    def learned(self) -> SplitStatistics:
        """The split that weights are for: train, or else everything."""
        name = training_split([split.name for split in self.splits])
        return next((split for split in self.splits if split.name == name), self.whole)

    def before_training(self) -> dict[str, Any]:
        """What ``validate --format json`` says under ``before_training``."""
        return {
            "constant": {
                split.name: split.constant.to_json() for split in self.splits if split.constant
            },
            "unmeasured": [entry.to_json() for entry in self.unmeasured],
            "class_weights": self.weights_json(),
        }

    def weights_json(self) -> dict[str, Any]:
        """The weights by formula, a list in the order of class ids; null: no pixel."""
        learned = self.learned
        return {
            "split": learned.name,
            "classes": [entry.name for entry in learned.classes],
            **{name: [entry.weights[name] for entry in learned.classes] for name in FORMULAS},
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "root": self.root,
            "num_classes": self.class_map.num_classes,
            "ignore_label": self.class_map.ignore,
            "formulas": {
                name: {"meaning": formula.meaning, "source": formula.source}
                for name, formula in FORMULAS.items()
            },
            "splits": {split.name: split.to_json() for split in self.splits},
            "whole": self.whole.to_json(),
            "before_training": self.before_training(),
        }


def statistics_of(facts: DatasetFacts, root: str | None = None) -> Statistics:
    """Statistics from facts. Objects are in them if the census was asked for.

    Args:
        root: the folder, as the user named it; None takes the facts'.
    """
    descriptor, census = facts.descriptor, facts.census
    class_map = descriptor.class_map
    counted = {name for group in census.groups for name in group.splits}
    splits = []
    for name in [split.name for split in facts.splits] or sorted(counted, key=_in_order):
        group = census.of_split(name)
        if group is not None:
            splits.append(_split(name, group, class_map))
    whole = census.together() or _nothing(descriptor.num_classes)
    return Statistics(
        descriptor.name,
        facts.root if root is None else root,
        class_map,
        tuple(splits),
        _split("whole", whole, class_map),
    )


def _in_order(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER)), name


def _split(name: str, group: CensusGroup, class_map: ClassMap) -> SplitStatistics:
    classes = tuple(_classes(group, class_map))
    sizes = sorted(group.photo_sizes.items(), key=lambda item: (-item[1], item[0]))
    return SplitStatistics(
        name=name,
        labels=group.labels,
        photos=sum(group.photo_sizes.values()),
        pixels=int(group.pixels.sum()),
        ignored=group.ignored,
        strays=group.strays,
        sizes=tuple((width, height, count) for (width, height), count in sizes),
        classes=classes,
        constant=best_constant(classes),
        meetings=group.meetings,
    )


def _classes(group: CensusGroup, class_map: ClassMap) -> Iterator[ClassStatistics]:
    weights = class_weights(ClassCounts(group.pixels, group.areas, group.images))
    total = max(1, int(group.pixels.sum()))
    for entry in class_map.trained:
        i = entry.id
        if i >= len(group.pixels):
            continue
        found = group.objects.get(i)
        yield ClassStatistics(
            id=i,
            name=entry.name,
            pixels=int(group.pixels[i]),
            share=int(group.pixels[i]) / total,
            images=int(group.images[i]),
            objects=(found.count if found else 0) if group.counted else None,
            median_object=found.median if found else None,
            smallest_object=found.smallest if found else None,
            weights={name: _number(values[i]) for name, values in weights.items()},
        )


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _nothing(num_classes: int) -> CensusGroup:
    zero = np.zeros(num_classes, np.int64)
    return CensusGroup((), 0, 0, zero, zero, zero, None, 0, 0, {}, {})
