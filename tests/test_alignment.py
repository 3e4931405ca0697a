"""Facts about how labels fit photos: moved, turned, mirrored, under another photo."""

from __future__ import annotations

import pickle
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps

from segdata.facts import DatasetFacts
from segdata.facts.agreement import AlignmentCollector, AlignmentFacts
from segdata.facts.alignment import REACH, TURNS, Alignment, look_at_alignment
from segdata.facts.label import LabelFacts
from segdata.facts.matching import Match, Matches
from segdata.facts.orientation import fits_turned
from segdata.facts.pair import PairFacts
from segdata.facts.photo import PhotoFacts
from segdata.images import encode_photo, read_header
from segdata.rules.dataset.alignment import shifted_by_one

Array = npt.NDArray[Any]
SIDE = 120


def scene(seed: int) -> tuple[Array, Array]:
    """A photo and its label, square."""
    draw = np.random.default_rng(seed)
    label = np.zeros((SIDE, SIDE), np.uint8)
    for number in range(10):
        x, y = draw.integers(0, SIDE - 20, 2).tolist()
        width, height = draw.integers(10, 40, 2).tolist()
        cv2.rectangle(label, (x, y), (x + width, y + height), 1 + number % 4, -1)
    tones = draw.integers(30, 226, (5, 3))
    photo = tones[label] + draw.integers(-5, 6, (SIDE, SIDE, 3))
    return np.clip(photo, 0, 255).astype(np.uint8), label


def look(photo: Array, label: Array) -> Alignment:
    found = look_at_alignment(encode_photo(photo, "jpeg", 90), np.ascontiguousarray(label), 255)
    assert found is not None
    return found


def pair(key: str, photo: Array, label: Array, orientation: int = 1) -> PairFacts:
    header = read_header(encode_photo(photo, "jpeg", 90))
    label_header = replace(header, width=label.shape[1], height=label.shape[0])
    return PairFacts(
        key,
        "train",
        PhotoFacts(f"{key}.jpg", replace(header, orientation=orientation), None),
        LabelFacts(f"{key}.png", label_header),
        alignment=look_at_alignment(encode_photo(photo, "jpeg", 90), label, 255),
    )


def collected(change: Any = lambda label, seed: label, count: int = 8) -> AlignmentFacts:
    collector = AlignmentCollector()
    for seed in range(count):
        photo, label = scene(seed)
        collector.add(pair(f"{seed:02}", photo, np.ascontiguousarray(change(label, seed))), ())
    return collector.facts()


def test_a_label_fits_best_where_it_was_drawn() -> None:
    fits = look(*scene(1)).fits[0]
    row, column = np.unravel_index(fits.argmax(), fits.shape)
    assert max(abs(row - REACH), abs(column - REACH)) <= 1
    assert fits.max() > 0.5


@pytest.mark.parametrize("right", [-7, 5])
@pytest.mark.parametrize("down", [0, 6])
def test_a_moved_label_fits_best_moved_back(right: int, down: int) -> None:
    photo, label = scene(2)
    fits = look(photo, np.roll(label, (-down, -right), axis=(0, 1))).fits[0]
    row, column = np.unravel_index(fits.argmax(), fits.shape)
    assert abs(column - REACH - right) <= 1
    assert abs(row - REACH - down) <= 1


UNDONE = {
    "mirrored left to right": lambda a: a[:, ::-1],
    "mirrored top to bottom": lambda a: a[::-1],
    "turned by 180°": lambda a: a[::-1, ::-1],
    "turned clockwise": np.rot90,
    "turned counterclockwise": lambda a: np.rot90(a, -1),
    "transposed": np.transpose,
    "transposed and turned by 180°": lambda a: a[::-1, ::-1].T,
}


@pytest.mark.parametrize("name", TURNS)
def test_a_turned_label_fits_turned_back(name: str) -> None:
    facts = collected(lambda label, _: UNDONE[name](label))
    assert facts.turned == {name: 8}
    assert facts.in_place <= 2
    assert facts.shift is None


def test_labels_in_place_are_neither_moved_nor_turned() -> None:
    facts = collected()
    assert (facts.pairs, facts.in_place, facts.moved, facts.turned) == (8, 8, 0, {})
    assert facts.shift is None
    assert facts.matches.others == 0
    assert facts.matches.own == 8


def test_labels_that_are_drawn_too_large_are_not_shifted() -> None:
    kernel = np.ones((9, 9), np.uint8)
    facts = collected(lambda label, _: cv2.dilate((label > 0).astype(np.uint8), kernel))
    assert (facts.shift, facts.moved, facts.turned) == (None, 0, {})


def test_a_common_shift_is_found_though_no_label_alone_decides() -> None:
    facts = collected(lambda label, _: np.roll(label, 3, axis=1))
    assert facts.shift is not None
    assert facts.shift.move == pytest.approx((-3, 0), abs=1)


def test_each_photo_finds_its_label_among_others() -> None:
    order = [3, 4, 5, 6, 7, 0, 1, 2]
    facts = collected(lambda _, seed: scene(order[seed])[1])
    assert facts.matches.others == 8
    assert facts.matches.own == 0
    assert {(m.photo, m.label) for m in facts.matches.first} <= {
        (f"{seed:02}.jpg", f"{order.index(seed):02}.png") for seed in range(8)
    }


def test_the_next_label_is_told_from_any_other() -> None:
    facts = collected(lambda _, seed: scene((seed + 1) % 8)[1])
    assert (facts.matches.others, facts.matches.preceding) == (8, 7)


def test_what_is_kept_for_comparison_is_bounded() -> None:
    collector = AlignmentCollector()
    photo, label = scene(0)
    found = pair("0", photo, label)
    for number in range(3000):
        collector.add(replace(found, key=f"{number:05}"), ())
    facts = collector.facts()
    assert facts.pairs == 3000
    assert 256 <= facts.matches.pairs <= 512
    assert len(pickle.dumps(facts)) < 10_000


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_label_drawn_on_the_photo_as_viewers_turn_it(orientation: int) -> None:
    """Pillow's own transposition is the judge."""
    photo, label = scene(5)
    marked = Image.fromarray(label)
    marked.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(marked))
    assert fits_turned(pair("a", photo, np.ascontiguousarray(upright), orientation)) is True
    assert fits_turned(pair("a", photo, label, orientation)) is False
    plain = np.zeros_like(label)
    assert fits_turned(pair("a", photo, plain, orientation)) is None


def test_sizes_tell_where_edges_cannot() -> None:
    photo, label = scene(6)
    wide = np.zeros((SIDE, SIDE - 20), np.uint8)
    assert fits_turned(pair("a", photo[:-20], wide, 6)) is True
    assert fits_turned(pair("a", photo[:-20], wide.T, 6)) is False
    assert fits_turned(pair("a", photo, label, 1)) is None


def test_colors_tell_photos_that_nobody_labelled() -> None:
    draw = np.random.default_rng(0)

    def facts(*, visible: bool) -> AlignmentFacts:
        collector = AlignmentCollector()
        for number in range(20):
            photo, label = np.full((60, 60, 3), 90, np.uint8), np.zeros((60, 60), np.uint8)
            photo += draw.integers(0, 20, photo.shape, dtype=np.uint8)
            if number < 5 or visible:
                photo[20:40, 20:40] = 200, 30, 30
            label[20:40, 20:40] = number < 5
            collector.add(pair(str(number), photo, label), ())
        return collector.facts()

    unlabelled, without = facts(visible=True).colors, facts(visible=False).colors
    assert (unlabelled.labelled, unlabelled.empty) == (5, 15)
    assert unlabelled.telling > 0.95
    assert unlabelled.presence == pytest.approx(1, abs=0.2)
    assert without.presence == pytest.approx(0, abs=0.2)


def test_another_size_or_a_broken_photo_is_no_fit() -> None:
    photo, label = scene(0)
    data = encode_photo(photo, "jpeg", 90)
    assert look_at_alignment(data, label[:50], 255) is None
    assert look_at_alignment(data[:200], label, 255) is None
    assert look_at_alignment(b"", label, 255) is None


@pytest.mark.parametrize("side", [1, 2, 40, 700, 2100])
@pytest.mark.parametrize("form", ["jpeg", "png"])
def test_photos_of_any_size_are_compared(side: int, form: str) -> None:
    photo = np.zeros((side, side + 1, 3), np.uint8)
    label = np.zeros((side, side + 1), np.uint16)
    found = look_at_alignment(encode_photo(photo, form), label, None)
    assert found is not None
    assert pickle.loads(pickle.dumps(found)) == found


def test_labels_may_be_shifted_where_no_example_of_it_was_kept() -> None:
    other = Match("p.jpg", "a.png", "b.png", steps=7, fit=0.5, own_fit=0.1)
    matches = Matches(100, own=10, others=40, following=30, preceding=2, first=(other,) * 3)
    facts = SimpleNamespace(alignment=AlignmentFacts(matches=matches))
    (said,) = shifted_by_one(cast(DatasetFacts, facts))
    assert said.count == 30
