"""Facts about shapes in labels: ribbons, regions, specks, what lies around."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import measure

from segdata.facts.regions import find_regions
from segdata.facts.ribbons import meet
from segdata.facts.structure import StructureCollector, StructureFacts, look_at_structure

labels = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24),
                    elements=st.integers(0, 3))  # fmt: skip


def collected(*found: npt.NDArray[Any]) -> StructureFacts:
    collector = StructureCollector()
    for number, label in enumerate(found):
        pair: Any = SimpleNamespace(
            structure=look_at_structure(label, 255), label=SimpleNamespace(path=f"{number}.png")
        )
        collector.add(pair, ())
    return collector.facts()


def squares(*ids: int) -> npt.NDArray[np.uint8]:
    """Squares of 20 pixels side by side."""
    return np.repeat(np.array(ids, np.uint8), 20)[None].repeat(20, axis=0)


def test_a_ribbon_lies_between_its_neighbors_and_a_pole_need_not() -> None:
    label = squares(2, 9, 2, 9)
    label[:, 19] = 5
    label[:, 59] = 11
    found = meet(label)
    assert found.between == {5: 20}
    assert found.beyond == {11: 20}
    # 9 meets 2 directly once, over 20 rows.
    assert found.crisp == 20


@pytest.mark.parametrize("how", [cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_CUBIC])
def test_interpolation_leaves_ribbons_and_nearest_neighbor_none(how: int) -> None:
    label = squares(0, 7, 2, 9, 4, 11)
    assert meet(cv2.resize(label, None, fx=0.37, fy=0.37, interpolation=how)).stepped > 0.3
    nearest = cv2.resize(label, None, fx=0.37, fy=0.37, interpolation=cv2.INTER_NEAREST)
    assert meet(nearest).stepped == 0


def test_jpeg_makes_ids_meet_at_the_borders_of_its_blocks() -> None:
    rows, columns = np.indices((160, 160))
    label = (((rows - 80) ** 2 + (columns - 77) ** 2 < 3000) * 9).astype(np.uint8)
    data = cv2.imencode(".jpg", label, [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
    compressed = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert meet(np.asarray(compressed)).blockiness > 1.3 > meet(label).blockiness


@settings(deadline=None)
@given(labels)
def test_meetings_are_the_neighbors_that_differ(label: npt.NDArray[np.uint8]) -> None:
    across = np.count_nonzero(label[:, 1:] != label[:, :-1])
    down = np.count_nonzero(label[1:] != label[:-1])
    assert meet(label).total == across + down
    assert sum((meet(label) + meet(label)).phases) == 2 * (across + down)


@settings(deadline=None)
@given(labels)
def test_regions_are_those_that_scikit_image_finds(label: npt.NDArray[np.uint8]) -> None:
    numbered = measure.label(label, background=-1, connectivity=1)
    areas = np.bincount(numbered.ravel())[1:]
    values = [int(label[numbered == number][0]) for number in range(1, len(areas) + 1)]
    expected: dict[int, list[int]] = {}
    for value, area in zip(values, areas.tolist(), strict=True):
        expected.setdefault(value, [0] * 32)[int(np.log2(area))] += 1
    assert dict(find_regions(label).sizes) == {v: tuple(s) for v, s in expected.items()}


def test_specks_are_located_with_what_is_around_them() -> None:
    label = np.zeros((60, 90), np.uint8)
    label[10:50, 10:50] = 1
    label[30, 70] = 1
    label[20, 20:22] = 0
    (hole,), (speck,) = (
        [s for s in find_regions(label).located if s.value == value] for value in (0, 1)
    )
    assert (speck.around, speck.area, speck.x, speck.y) == (0, 1, 70, 30)
    assert (hole.around, hole.area, hole.x, hole.y) == (1, 2, 20, 20)


def test_a_class_of_dots_has_no_specks() -> None:
    dots = np.zeros((60, 60), np.uint8)
    dots[::6, ::6] = 2
    assert collected(dots).tiny == ()
    dots[10:40, 10:40] = 2
    (tiny,) = collected(dots).tiny
    assert (tiny.value, tiny.around, tiny.files) == (2, 0, 1)


def test_a_large_label_is_looked_at_in_its_middle() -> None:
    label = np.zeros((3000, 2100), np.uint8)
    label[1500, 1000], label[5, 5] = 1, 1
    (speck,) = [s for s in find_regions(label).located if s.value == 1]
    assert (speck.x, speck.y) == (1000, 1500)


def test_what_lies_at_the_rim_everywhere_is_told() -> None:
    label = np.zeros((100, 100), np.uint8)
    label[:, :2], label[:40, :40] = 3, 1
    label[:, 0] = 3
    found = collected(label, label)
    assert [(rim.value, rim.files) for rim in found.rim] == [(3, 2)]
    other = np.zeros((100, 100), np.uint8)
    other[50:60, 50:60] = 3
    assert collected(label, other).rim == ()


def test_what_is_all_around_is_counted() -> None:
    label = np.ones((40, 40), np.uint8)
    label[10:20, 10:20] = 0
    found = collected(label, label, np.ones((40, 40), np.uint8))
    assert (found.around, found.zeros) == ({1: 2}, 2)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_of_any_size_can_be_looked_at(shape: tuple[int, int], dtype: type) -> None:
    found = look_at_structure(np.zeros(shape, dtype), None)
    assert pickle.loads(pickle.dumps(found)) == found


def test_thousands_of_values_are_bounded() -> None:
    draw = np.random.default_rng(0)
    noise = [draw.integers(0, 65536, (60, 60), np.uint16) for _ in range(3)]
    found = collected(*noise)
    assert len(found.pixels) <= 1024
    assert len(found.meetings.between) <= 1024
    assert len(pickle.dumps(found)) < 200_000
