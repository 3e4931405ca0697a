"""What a manifest says of a split, from the facts of its records."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from segdata.dataset import DatasetDescriptor
from segdata.facts import PairFacts
from segdata.manifest import SplitInfo


def measure(facts: Iterable[PairFacts], descriptor: DatasetDescriptor) -> SplitInfo:
    """The measures of some records, at least one; their photos are readable."""
    return add_up(_one(pair, descriptor) for pair in facts)


def add_up(parts: Iterable[SplitInfo]) -> SplitInfo:
    """The measures of parts, at least one, as those of the whole."""
    return reduce(_add, parts)


def _one(facts: PairFacts, descriptor: DatasetDescriptor) -> SplitInfo:
    header = facts.photo.header
    assert header is not None
    return SplitInfo(
        samples=1,
        labelled=int(facts.label is not None),
        pixels=_pixels(facts, descriptor),
        min_height=header.height,
        min_width=header.width,
        max_height=header.height,
        max_width=header.width,
    )


def _pixels(facts: PairFacts, descriptor: DatasetDescriptor) -> tuple[int, ...]:
    """Pixels per class, then the ignored ones; ids that are neither are counted nowhere."""
    ids = dict(facts.label.ids or {}) if facts.label else {}
    ignored = 0 if descriptor.ignore_label is None else ids.pop(descriptor.ignore_label, 0)
    return (*(ids.get(class_id, 0) for class_id in range(descriptor.num_classes)), ignored)


def _add(one: SplitInfo, other: SplitInfo) -> SplitInfo:
    return SplitInfo(
        samples=one.samples + other.samples,
        labelled=one.labelled + other.labelled,
        pixels=tuple(a + b for a, b in zip(one.pixels, other.pixels, strict=True)),
        min_height=min(one.min_height, other.min_height),
        min_width=min(one.min_width, other.min_width),
        max_height=max(one.max_height, other.max_height),
        max_width=max(one.max_width, other.max_width),
    )
