"""Facts about labels as wholes: empty ones, copies, numbers, palettes, names."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from segdata.facts.label import LabelFacts
from segdata.facts.likeness import Likeness
from segdata.facts.masks import MaskCollector, MaskFacts
from segdata.facts.pair import PairFacts
from segdata.facts.photo import PhotoFacts

RED, GREEN, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 0)


def digest_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def pair(
    number: int, ids: dict[int, int], names: tuple[str, str] = ("", ""), **more: Any
) -> PairFacts:
    photo, label = (name or f"{number:04}" for name in names)
    digest = more.pop("mask", digest_of(f"mask {number}"))
    likeness = more.pop("likeness", None)
    return PairFacts(
        f"{number:04}",
        "train",
        PhotoFacts(f"photos/{photo}.jpg", None, None, digest_of(f"photo {number}")),
        LabelFacts(f"labels/{label}.png", None, sha256=digest, ids=ids, **more),
        likeness=likeness,
    )


def facts(*pairs: PairFacts, ignore: int | None = 255) -> MaskFacts:
    collector = MaskCollector(ignore)
    for one in pairs:
        collector.add(one, ())
    return collector.facts()


def test_empty_constant_and_ignored_labels_are_told_apart() -> None:
    found = facts(
        pair(0, {0: 100}),
        pair(1, {0: 60, 255: 40}),
        pair(2, {3: 100}),
        pair(3, {255: 100}),
        pair(4, {0: 2, 255: 98}),
        pair(5, {0: 50, 1: 50}),
    )
    assert (found.labels, found.shown) == (6, 3)
    assert found.empty.first == ("labels/0000.png", "labels/0001.png")
    assert {value: some.files for value, some in found.constant.items()} == {3: 1}
    assert found.ignored.files == 2


@pytest.mark.parametrize(
    ("ids", "top"),
    [
        ({0: 9, 1: 1, 2: 1, 3: 1}, 3),
        ({1: 1, 2: 1}, 2),
        ({0: 9, 1: 1, 2: 1, 255: 1}, 2),
        ({0: 9, 2: 1}, None),
        ({0: 9}, None),
        ({0: 9, 1: 1, 3: 1}, None),
    ],
)
def test_numbers_without_a_gap_are_counted(ids: dict[int, int], top: int | None) -> None:
    assert facts(pair(0, ids)).tops == ({} if top is None else {top: 1})


def test_the_ignore_label_may_be_the_number_of_an_object() -> None:
    many = dict.fromkeys(range(12), 5)
    without = {value: 5 for value in many if value != 9}
    assert facts(pair(0, many), ignore=9).tops == {11: 1}
    assert facts(pair(0, without), ignore=9).tops == {11: 1}
    assert facts(pair(0, without), ignore=255).tops == {}


def test_a_mask_that_comes_again_under_other_photos() -> None:
    same = {"mask": "ab" * 32}
    one, other = Likeness(bytes(64)), Likeness(b"\xff" * 64)
    found = facts(
        pair(0, {0: 9, 1: 1}, **same, likeness=one),
        pair(1, {0: 9, 1: 1}, **same, likeness=other),
        pair(2, {0: 9, 1: 1}, **same, likeness=one),
        pair(3, {0: 9, 1: 1}, **same),
        pair(4, {0: 9, 1: 1}, likeness=one),
    )
    (repeat,) = found.repeats
    assert (repeat.files, repeat.different, repeat.unseen) == (4, 1, 1)


def test_empty_masks_are_no_copies() -> None:
    assert facts(*(pair(n, {0: 9}, mask="ab" * 32) for n in range(4))).repeats == ()


def test_a_color_that_changes_its_index_is_told() -> None:
    first, second = ((0, BLACK), (1, RED), (2, GREEN)), ((0, BLACK), (1, GREEN), (2, RED))
    ids = {0: 1, 1: 1, 2: 1}
    found = facts(*(pair(n, ids, palette=p) for n, p in enumerate([first, first, second])))
    assert found.palettes == 3
    assert {r.color: dict(r.indices) for r in found.recolored} == {
        RED: {1: 2, 2: 1},
        GREEN: {1: 1, 2: 2},
    }


def test_a_palette_with_one_color_for_all_says_nothing() -> None:
    dark = ((0, BLACK), (1, BLACK))
    assert facts(*(pair(n, {0: 1, 1: 1}, palette=dark) for n in range(2))).recolored == ()


CROSSED = {
    "another's": ([("a", "b"), ("b", "a"), ("c", "c")], 2),
    "with a word": ([("a", "b_mask"), ("b", "a_mask"), ("c", "c_mask")], 2),
    "with a word in front": ([("10", "L_9"), ("9", "L_10")], 2),
    "each its own": ([("a", "a_mask"), ("b", "b_mask")], 0),
    "numbered otherwise": ([("a", "1"), ("b", "2")], 0),
    "one is gone": ([("a", "b"), ("b", "c"), ("c", "d")], 0),
    "the same": ([("a", "a"), ("b", "b")], 0),
}


@pytest.mark.parametrize("case", CROSSED)
def test_names_that_are_joined_crosswise(case: str) -> None:
    names, count = CROSSED[case]
    found = facts(*(pair(n, {0: 1}, both) for n, both in enumerate(names)))
    assert found.crossed.pairs == count


def test_what_is_kept_of_a_mask_is_bounded() -> None:
    collector = MaskCollector(255)
    for number in range(3000):
        ids = dict.fromkeys(range(number + 2), 1)
        collector.add(pair(number, ids, (f"p{number}", f"q{number}")), ())
    found = collector.facts()
    assert len(found.tops) <= 1024
    assert found.repeats == ()
