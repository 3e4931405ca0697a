"""Ids, names and colors: what is known is read exactly, what is not is never made up."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.util import map_array

from segdata.classes import VOID_COLOR, ClassMap, Color, Label, SegClass, UnknownColor, pascal_color
from segdata.errors import UserError
from segdata.images import read_label, read_photo

SKY, ROAD, POLE = (128, 128, 128), (128, 64, 128), (1, 0, 0)
STREET = ClassMap(
    (SegClass(0, "sky", SKY), SegClass(1, "road", ROAD), SegClass(2, "pole", POLE)), 9
)


def picture(rows: Iterable[Iterable[Color]]) -> npt.NDArray[np.uint8]:
    return np.array([list(row) for row in rows], dtype=np.uint8)


def palette(size: int, seed: int = 0) -> list[Color]:
    """Different colors, spread over the whole cube."""
    packed = np.random.default_rng(seed).choice(1 << 24, size, replace=False)
    return [(int(c) & 255, int(c) >> 8 & 255, int(c) >> 16) for c in packed]


def colored(ids: Iterable[int], colors: Iterable[Color], ignore: int | None = None) -> ClassMap:
    pairs = zip(ids, colors, strict=True)
    return ClassMap(tuple(SegClass(i, f"class {i}", c) for i, c in pairs), ignore)


def test_colors_become_the_ids_of_their_classes() -> None:
    reading = STREET.to_ids(picture([[SKY, ROAD], [POLE, SKY]]))
    assert reading.label.tolist() == [[0, 1], [2, 0]]
    assert reading.label.dtype == np.uint8
    assert reading.unknown == ()


def test_an_unknown_color_never_becomes_zero() -> None:
    """Not even one that differs from a class by one step of one channel."""
    reading = STREET.to_ids(picture([[(128, 128, 127), (0, 0, 0)], [(2, 0, 0), (0, 0, 1)]]))
    assert (reading.label == 9).all()


def test_unknown_colors_are_counted_and_located_the_most_frequent_first() -> None:
    red, blue = (255, 0, 0), (0, 0, 255)
    reading = STREET.to_ids(picture([[SKY, red, blue], [blue, blue, SKY]]))
    assert reading.unknown == (UnknownColor(blue, 3, x=2, y=0), UnknownColor(red, 1, x=1, y=0))


def test_without_an_ignore_label_unknown_colors_hold_a_value_that_is_no_class() -> None:
    two = colored([0, 1], [SKY, ROAD])
    assert two.to_ids(picture([[SKY, POLE]])).label.tolist() == [[0, 255]]
    full = colored(range(256), palette(256))
    missing = next(c for c in palette(300) if c not in palette(256))
    reading = full.to_ids(picture([[palette(256)[255], missing]]))
    assert reading.label.tolist() == [[255, 65535]]
    assert len(reading.unknown) == 1


@pytest.mark.parametrize("classes", [1, 2, 254, 255, 256, 257, 1000])
def test_any_number_of_classes_is_read_exactly(classes: int) -> None:
    colors = palette(classes)
    class_map = colored(range(classes), colors)
    ids = np.random.default_rng(1).integers(0, classes, (40, 50))
    reading = class_map.to_ids(np.array(colors, np.uint8)[ids])
    assert np.array_equal(reading.label, ids)
    assert reading.label.dtype == (np.uint8 if classes <= 256 else np.uint16)


def test_an_ignore_label_past_255_makes_labels_16_bit() -> None:
    class_map = colored([0, 1], [SKY, ROAD], ignore=300)
    label = class_map.to_ids(picture([[SKY, POLE]])).label
    assert label.dtype == np.uint16
    assert label.tolist() == [[0, 300]]


def test_pictures_wider_than_a_tile_are_read_whole() -> None:
    ids = np.random.default_rng(2).integers(0, 3, (3, 70_000))
    colors = np.array([SKY, ROAD, POLE], np.uint8)
    assert np.array_equal(STREET.to_ids(colors[ids]).label, ids)


@given(
    st.integers(1, 300),
    st.integers(0, 2**32 - 1),
    st.integers(1, 20),
    st.integers(1, 20),
    st.booleans(),
)
def test_random_palettes_survive_the_way_there_and_back(
    classes: int, seed: int, height: int, width: int, gaps: bool
) -> None:
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(5 * classes if gaps else classes, classes, replace=False))
    class_map = colored(ids.tolist(), palette(classes, seed))
    label: Label = np.asarray(ids[rng.integers(0, classes, (height, width))], class_map.dtype)
    reading = class_map.to_ids(class_map.to_colors(label))
    assert np.array_equal(reading.label, label)
    assert not reading.unknown


@given(st.integers(0, 2**32 - 1))
def test_every_pixel_is_either_a_class_or_counted_as_unknown(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rgb = rng.choice(np.array([SKY, ROAD, POLE, (0, 0, 0), (9, 9, 9)], np.uint8), (11, 13))
    reading = STREET.to_ids(rgb)
    assert sum(u.count for u in reading.unknown) == np.count_nonzero(reading.label == 9)
    for unknown in reading.unknown:
        assert tuple(rgb[unknown.y, unknown.x]) == unknown.color
        same = (rgb == unknown.color).all(axis=2)
        assert np.count_nonzero(same) == unknown.count
        assert np.argwhere(same)[0].tolist() == [unknown.y, unknown.x]


def test_the_result_equals_scikit_images_mapping() -> None:
    colors = np.array(palette(30), np.uint8)
    ids = np.random.default_rng(3).integers(0, 30, (60, 80))
    rgb = colors[ids]
    packed = rgb.astype(np.int64) @ [1, 256, 65536]
    keys = colors.astype(np.int64) @ [1, 256, 65536]
    expected = map_array(packed, keys, np.arange(30))
    assert np.array_equal(colored(range(30), palette(30)).to_ids(rgb).label, expected)


def test_camvids_color_masks_become_its_own_ids(shared: Path) -> None:
    root = shared / "camvid"
    with (root / "classes.csv").open() as file:
        rows = list(csv.DictReader(file))
    colors = [(int(r["r"]), int(r["g"]), int(r["b"])) for r in rows]
    class_map = colored(range(len(rows)), colors, ignore=11)
    masks = sorted((root / "ColourMasks").glob("*.png"))[::12]
    for mask in masks:
        reading = class_map.to_ids(read_photo(mask))
        assert not reading.unknown
        assert np.array_equal(reading.label, read_label(root / "SegmentationClass" / mask.name))


def test_pascal_colors_are_the_devkits() -> None:
    known = {
        0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 3: (128, 128, 0), 4: (0, 0, 128),
        8: (64, 0, 0), 15: (192, 128, 128), 20: (0, 64, 128), 255: (224, 224, 192),
    }  # fmt: skip
    assert {i: pascal_color(i) for i in known} == known
    assert pascal_color(255) == VOID_COLOR


def test_ids_without_color_or_name_still_have_both() -> None:
    bare = ClassMap((SegClass(0, "a"), SegClass(1, "b")), 255)
    assert bare.color(1) == pascal_color(1)
    assert bare.color(255) == VOID_COLOR
    assert [bare.name(i) for i in (0, 7, 255)] == ["a", "class 7", "void"]
    with pytest.raises(UserError, match="no class has a color"):
        bare.to_ids(picture([[SKY]]))


def test_the_ignored_class_is_not_trained() -> None:
    first = colored([0, 1, 2], [SKY, ROAD, POLE], ignore=0)
    assert [c.id for c in first.trained] == [1, 2]
    assert first.num_classes == 3
    last = colored([0, 1, 255], [SKY, ROAD, POLE], ignore=255)
    assert last.num_classes == 2


@pytest.mark.parametrize(
    ("classes", "ignore", "message"),
    [
        ((SegClass(1, "a"), SegClass(1, "b")), None, "id 1 is given to both 'a' and 'b'"),
        ((SegClass(0, "a", SKY), SegClass(1, "b", SKY)), None, "given to both 'a' and 'b'"),
        ((SegClass(-1, "a"),), None, "id -1"),
        ((SegClass(65536, "a"),), None, "id 65536"),
        ((SegClass(65535, "a"),), None, "id 65535"),
        ((SegClass(0, "a"),), 65536, "ignore label is 65536"),
    ],
)
def test_a_contradictory_table_is_refused(
    classes: tuple[SegClass, ...], ignore: int | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        ClassMap(classes, ignore)


def test_the_digest_changes_with_anything_that_matters_and_only_then() -> None:
    again = ClassMap(tuple(reversed(STREET.classes)), 9)
    assert again.digest == STREET.digest
    others = {
        ClassMap(STREET.classes, 8).digest,
        ClassMap(STREET.classes, None).digest,
        ClassMap(STREET.classes[:2], 9).digest,
        ClassMap((*STREET.classes[:2], SegClass(2, "Pole", POLE)), 9).digest,
        ClassMap((*STREET.classes[:2], SegClass(2, "pole", (1, 0, 1))), 9).digest,
        ClassMap((*STREET.classes[:2], SegClass(3, "pole", POLE)), 9).digest,
    }
    assert len(others) == 6
    assert STREET.digest not in others


def test_a_class_map_survives_json() -> None:
    assert ClassMap.from_json(STREET.to_json()) == STREET
    bare = ClassMap((SegClass(0, "a"),))
    assert ClassMap.from_json(bare.to_json()) == bare


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.booleans())
def test_a_palette_is_read_as_its_colors_are(seed: int, classes: int, void: bool) -> None:
    """Ids, unknown colors, their counts and places: also where entries share a color."""
    rng = np.random.default_rng(seed)
    colors = palette(classes, seed % 1000)
    class_map = colored(range(classes), colors, ignore=classes if void else None)
    some = np.array(colors + palette(3, 7), np.uint8)
    table = some[rng.integers(0, len(some), 256)]
    indices = rng.integers(0, rng.integers(1, 257), (7, 9), np.uint8)
    found, expected = class_map.palette_to_ids(indices, table), class_map.to_ids(table[indices])
    assert found.label.dtype == expected.label.dtype
    assert np.array_equal(found.label, expected.label)
    assert found.unknown == expected.unknown


def test_a_palette_of_classes_without_color_is_refused() -> None:
    with pytest.raises(UserError, match="no class has a color"):
        ClassMap((SegClass(0, "a"),)).palette_to_ids(
            np.zeros((1, 1), np.uint8), np.zeros((256, 3), np.uint8)
        )


def test_a_class_map_is_sent_without_its_tables_and_arrives_once() -> None:
    STREET.to_ids(picture([[SKY]]))
    sent = pickle.dumps(STREET)
    assert len(sent) < 1000
    arrived = pickle.loads(sent)
    assert arrived == STREET
    assert pickle.loads(sent) is arrived
