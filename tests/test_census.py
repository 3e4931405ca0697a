"""The census: pixels, pictures, objects and meetings of classes, added up without growing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import label as regions
from skimage.measure import regionprops

from segdata.classes import Label
from segdata.dataset import DatasetDescriptor, Pair
from segdata.facts import Look, gather_pair
from segdata.facts.census import CensusCollector, CensusFacts, ObjectSizes, take_census
from segdata.images import encode_label, encode_photo

THREE = DatasetDescriptor(name="three", num_classes=3, ignore_label=255)


def census_of(*labels: Label, splits: tuple[str, ...] = ("train",)) -> CensusFacts:
    collector = CensusCollector(THREE)
    for label in labels:
        photo = encode_photo(np.zeros((*label.shape, 3), np.uint8))
        pair = Pair("a", "train", Path("a.jpg"), Path("a.png"))
        facts = gather_pair(
            pair, THREE, Look.CENSUS, image_bytes=photo, label_bytes=encode_label(label)
        )
        collector.add(facts, splits)
    return collector.facts()


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)),
                  elements=st.sampled_from([0, 1, 2, 7, 255])))  # fmt: skip
def test_objects_are_those_that_scikit_image_finds(label: Label) -> None:
    census = take_census(label, 3, 255)
    assert set(census.objects) == {int(i) for i in np.unique(label)} & {0, 1, 2}
    for class_id, sizes in census.objects.items():
        areas = sorted(r.area for r in regionprops(regions(label == class_id, connectivity=2)))
        assert sizes.count == len(areas)
        assert sizes.smallest == areas[0]
        assert sizes.median == areas[(len(areas) - 1) // 2]


def test_the_median_of_large_objects_is_within_three_per_cent() -> None:
    label = np.zeros((200, 200), np.uint8)
    label[:100, :77] = 1
    label[150:, 150:] = 1
    label[150:, :120] = 1
    (one,) = [s for c, s in take_census(label, 3, 255).objects.items() if c == 1]
    assert one.count == 3
    assert one.smallest == 2500
    assert one.median == pytest.approx(6000, rel=0.03)


def test_sizes_add_up() -> None:
    a, b = ObjectSizes(2, 3, {3: 1, 5: 1}), ObjectSizes(1, 2, {2: 1})
    assert (a + b).count == 3
    assert (a + b).smallest == 2
    assert (a + b).median == 3.0
    assert (ObjectSizes(0, 0, {}) + a).smallest == 3
    assert ObjectSizes(0, 0, {}).median == 0.0


def test_pixels_pictures_areas_and_meetings() -> None:
    first = np.array([[0, 0, 1, 255]], np.uint8)
    second = np.array([[0, 2, 2, 9]], np.uint8)
    group = census_of(first, second).of_split("train")
    assert group is not None
    assert group.labels == group.counted == 2
    assert group.pixels.tolist() == [3, 1, 2]
    assert group.images.tolist() == [2, 1, 1]
    assert group.areas.tolist() == [6, 3, 3]
    assert group.meetings is not None
    assert group.meetings.tolist() == [[2, 1, 1], [1, 1, 0], [1, 0, 1]]
    assert (group.ignored, group.strays) == (1, 1)
    assert group.photo_sizes == {(4, 1): 2}


def test_a_label_of_two_lists_counts_once_in_the_whole_and_in_each() -> None:
    facts = CensusFacts(
        census_of(np.zeros((2, 2), np.uint8), splits=("train", "trainval")).groups
        + census_of(np.ones((2, 2), np.uint8), splits=("val", "trainval")).groups
    )
    pixels = {name: facts.of_split(name) for name in ("train", "val", "trainval")}
    assert {n: g.pixels.tolist() for n, g in pixels.items() if g} == {
        "train": [4, 0, 0], "val": [0, 4, 0], "trainval": [4, 4, 0],
    }  # fmt: skip
    whole = facts.together()
    assert whole is not None
    assert whole.labels == 2
    assert {c: s.count for c, s in whole.objects.items()} == {0: 1, 1: 1}
    assert facts.of_split("test") is None


def test_without_the_look_only_objects_are_missing() -> None:
    collector = CensusCollector(THREE)
    pair = Pair("a", "train", Path("a.jpg"), Path("a.png"))
    photo, label = np.zeros((2, 2, 3), np.uint8), np.ones((2, 2), np.uint8)
    facts = gather_pair(pair, THREE, image_bytes=encode_photo(photo),
                        label_bytes=encode_label(label))  # fmt: skip
    collector.add(facts, ("train",))
    group = collector.facts().of_split("train")
    assert group is not None
    assert (group.labels, group.counted, group.objects) == (1, 0, {})
    assert group.pixels.tolist() == [0, 4, 0]


def test_many_classes_are_counted_without_a_table_of_pairs() -> None:
    many = DatasetDescriptor(name="many", num_classes=60000)
    collector = CensusCollector(many)
    pair = Pair("a", "train", Path("a.jpg"), Path("a.png"))
    label = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    facts = gather_pair(pair, many, Look.CENSUS, image_bytes=b"", label_bytes=encode_label(label))
    collector.add(facts, ("train",))
    group = collector.facts().together()
    assert group is not None
    assert group.meetings is None
    assert int(group.images.sum()) == 12
