"""Shapes as pixels: equal to the tools they come from, and never lost without a word."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from labeled_projects import brush, compressed, square, uncompressed
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask

from segdata.classes import ClassMap, SegClass
from segdata.images import Unreadable
from segdata.sources.shapes import (
    Damaged,
    LeftOut,
    Pixels,
    Region,
    Shape,
    Size,
    brush_mask,
    by_area,
    coco_runs,
    draw,
    ellipse,
    fill,
    fill_each,
    pillow,
    placed,
    points_of,
    ring,
    row_runs,
    turned_box,
)

SIZE = (40, 60)
MASKS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)),
                      elements=st.integers(0, 1))  # fmt: skip
# Near and in a picture of SIZE, with and without digits behind the point.
COORDINATE = st.one_of(st.integers(-15, 75).map(float), st.floats(-15, 75, width=32),
                       st.integers(-150, 750).map(lambda tenths: tenths / 10))  # fmt: skip
POINT = st.tuples(COORDINATE, COORDINATE)
THREE = ClassMap((SegClass(0, "background"), SegClass(1, "car"), SegClass(2, "road")), 255)


def whole(pixels: Pixels, size: Size = SIZE) -> npt.NDArray[np.bool_]:
    """The pixels of a shape in its picture."""
    region = pixels.region()
    picture = np.zeros(size, dtype=np.bool_)
    height, width = region.mask.shape
    picture[region.top : region.top + height, region.left : region.left + width] = region.mask
    return picture


@given(st.lists(POINT, min_size=3, max_size=8))
def test_polygons_are_those_of_pycocotools(points: list[tuple[float, float]]) -> None:
    flat = np.ravel(points).tolist()
    theirs = coco_mask.decode(coco_mask.frPyObjects([flat], *SIZE)[0]).astype(bool)
    if not theirs.any():
        return
    ours = fill([ring(points, SIZE)], SIZE)
    assert np.array_equal(whole(ours), theirs)
    assert ours.area == theirs.sum()


def test_parts_of_an_object_are_united_as_pycocotools_does() -> None:
    parts = [[5, 5, 20, 5, 20, 20, 5, 20], [15, 15, 30, 15, 30, 30, 15, 30]]
    theirs = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(parts, *SIZE)))
    assert np.array_equal(whole(fill_each(parts, SIZE, Counter())), theirs)


@given(MASKS)
def test_run_lengths_of_coco_are_read_in_both_forms(mask: Any) -> None:
    for segmentation in (compressed(mask), uncompressed(mask)):
        runs = coco_runs(segmentation, mask.shape)
        assert np.array_equal(whole(runs, mask.shape), mask)
        assert runs.area == mask.sum()


@given(MASKS)
def test_brush_strokes_are_what_was_packed(mask: Any) -> None:
    assert np.array_equal(brush_mask(bytes(brush(mask)), mask.shape), mask)


def test_brush_strokes_are_those_of_label_studios_own_encoder() -> None:
    # label-studio-sdk 2.1.2, converter.brush.mask2rle of square(1, 2, (6, 8), 3) * 255.
    theirs = [0, 0, 0, 192, 57, 27, 254, 39, 0, 183, 255, 132, 192, 45, 255, 225, 48, 11, 127, 249,
              44, 0]  # fmt: skip
    assert np.array_equal(brush_mask(bytes(theirs), (6, 8)), square(1, 2, (6, 8), 3))


def test_runs_along_rows_are_cvats() -> None:
    assert row_runs([2, 3, 1, 4], (2, 5)).astype(int).tolist() == [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1]]
    assert row_runs([0, 2], (1, 2)).all()


# What LabelMe's exporter does (labelme.utils.shape.shape_to_mask), said once more.
def as_labelme(kind: str, points: list[tuple[float, float]]) -> npt.NDArray[np.bool_]:
    image = Image.new("L", (SIZE[1], SIZE[0]))
    pen = ImageDraw.Draw(image)
    (x, y), (other_x, other_y) = points[0], points[1]
    if kind == "polygon":
        pen.polygon(points, fill=1, outline=1)
    elif kind == "rectangle":
        box = [(min(x, other_x), min(y, other_y)), (max(x, other_x), max(y, other_y))]
        pen.rectangle(box, fill=1, outline=1)
    elif kind == "circle":
        radius = math.hypot(x - other_x, y - other_y)
        pen.ellipse([(x - radius, y - radius), (x + radius, y + radius)], fill=1, outline=1)
    elif kind == "linestrip":
        pen.line(points, fill=1, width=10)
    else:
        pen.ellipse([(x - 5, y - 5), (x + 5, y + 5)], fill=1, outline=1)
    return np.asarray(image).astype(bool)


@pytest.mark.parametrize("kind", ["polygon", "rectangle", "circle", "linestrip", "point"])
@given(st.lists(POINT, min_size=3, max_size=6))
def test_pillow_draws_as_labelmes_exporter(kind: str, points: list[tuple[float, float]]) -> None:
    theirs = as_labelme(kind, points)
    array = points_of(points)
    try:
        ours = {
            "polygon": lambda: pillow.polygon(array, SIZE),
            "rectangle": lambda: pillow.rectangle(array[:2], SIZE),
            "circle": lambda: pillow.disk(array[0], math.dist(array[0], array[1]), SIZE),
            "linestrip": lambda: pillow.line(array, 10, SIZE),
            "point": lambda: pillow.disk(array[0], 5, SIZE),
        }[kind]()
    except LeftOut:
        assert not theirs.any()
        return
    assert np.array_equal(whole(ours), theirs)


@pytest.mark.parametrize(
    "points",
    [
        [(20.2, 10.2), (20.4, 10.2), (20.3, 10.4)],
        [(5, 10.1), (50, 10.15), (50, 10.1)],
        [(20, 10), (20, 10), (20, 10)],
        [(60, 40), (60, 40), (60, 39.9)],
    ],
)
def test_an_outline_too_thin_for_a_pixel_stays_visible(points: list[tuple[float, float]]) -> None:
    drawn = fill([ring(points, SIZE)], SIZE)
    assert drawn.area >= 1
    rows, columns = np.nonzero(whole(drawn))
    box = np.array(points)
    assert columns.min() >= box[:, 0].min() - 1
    assert columns.max() <= box[:, 0].max()
    assert rows.min() >= box[:, 1].min() - 1
    assert rows.max() <= box[:, 1].max()


def test_points_far_away_cost_nothing_and_keep_what_is_in_the_picture() -> None:
    far = whole(fill([ring([[10, 10], [1e12, 10], [1e12, 1e12], [10, 1e12]], SIZE)], SIZE))
    assert far[10:, 10:].all()
    assert not far[:10].any()
    assert not far[:, :10].any()


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([1, 2, 3, 4], "fewer than three points"),
        ([[-9, 1], [-5, 1], [-5, 9]], "outside the picture"),
        ([[70, 1], [90, 1], [90, 9]], "outside the picture"),
        ([[-(10**9), 1], [-(10**8), 1], [-(10**9), 9]], "outside the picture"),
        ([[0, 0], [59, 39]] * 50_000, "too long to draw"),
    ],
)
def test_a_bad_outline_is_left_out_with_its_reason(points: Any, reason: str) -> None:
    with pytest.raises(LeftOut, match=reason):
        ring(points, SIZE)


@pytest.mark.parametrize(
    "points",
    [
        [1, 2, 3, 4, 5], [1, 2, float("nan"), 4, 5, 6], [1, 2, float("inf"), 4, 5, 6],
        ["a", "b"] * 3, [{}, 1] * 3, [10**400, 1] * 3,
    ],
)  # fmt: skip
def test_an_outline_without_numbers_is_damaged(points: Any) -> None:
    with pytest.raises(Damaged, match="no numbers"):
        ring(points, SIZE)


def test_the_good_parts_of_an_object_are_drawn_and_the_bad_ones_counted() -> None:
    left_out: Counter[str] = Counter()
    parts = [[5, 5, 20, 5, 20, 20, 5, 20], [1, 2, 3, 4], [90, 90, 99, 90, 99, 99]]
    assert fill_each(parts, SIZE, left_out).area == 225
    assert left_out.total() == 2
    with pytest.raises(LeftOut):
        fill_each(parts[1:], SIZE, left_out)


@pytest.mark.parametrize(
    "counts",
    [
        [], [-5, 2405], [2**62, 2**62], [10**40], [1, 2], [2400, 1], ["1"], [1.5], None, 7, {},
        "", "é", "0", "PPPPPPPPPPPP0", "\x7f", "0000",
    ],
)  # fmt: skip
def test_damaged_run_lengths_reach_no_decoder(counts: Any) -> None:
    with pytest.raises(Damaged):
        coco_runs({"size": list(SIZE), "counts": counts}, SIZE)


def test_run_lengths_of_another_size_are_told_with_both_sizes() -> None:
    with pytest.raises(Unreadable, match=r"\[4000, 60\].*\[40, 60\]"):
        coco_runs({"size": [4000, 60], "counts": [240_000]}, SIZE)


@pytest.mark.parametrize("cut", [0, 4, 8, 12, 20])
def test_brush_strokes_that_end_early_are_damaged(cut: int) -> None:
    data = bytes(brush(square(1, 2, (6, 8), 3)))
    with pytest.raises(Damaged):
        brush_mask(data[:cut], (6, 8))
    with pytest.raises(Damaged):
        brush_mask(data, (8, 8))


@pytest.mark.parametrize("degrees", [0, 30, 78])
def test_an_ellipse_is_close_to_opencvs(degrees: float) -> None:
    theirs = np.zeros((200, 200), np.uint8)
    cv2.ellipse(theirs, (90, 110), (60, 25), degrees, 0, 360, 1, -1)
    drawn = ellipse(np.array([90.5, 110.5]), np.array([60.5, 25.5]), degrees, (200, 200))
    ours = whole(drawn, (200, 200))
    assert np.count_nonzero(ours != theirs) <= 0.01 * theirs.sum()


def test_a_tiny_ellipse_stays_visible() -> None:
    drawn = ellipse(np.array([20.0, 10.0]), np.array([0.1, 0.1]), 0, SIZE)
    assert np.argwhere(whole(drawn)).tolist() == [[10, 20]]


@pytest.mark.parametrize("radii", [(0, 5), (-1, 5), (1e300, 5)])
def test_an_ellipse_without_an_extent_is_left_out(radii: tuple[float, float]) -> None:
    with pytest.raises(LeftOut):
        ellipse(np.array([20.0, 10.0]), np.array(radii), 0, SIZE)


def test_a_box_is_turned_clockwise() -> None:
    corner, opposite = np.array([10.0, 10.0]), np.array([30.0, 20.0])
    turned = turned_box(corner, opposite, corner, 90)
    assert np.allclose(turned, [[10, 10], [10, 30], [0, 30], [0, 10]])


def test_a_mask_is_cut_to_the_picture() -> None:
    region = placed(np.ones((10, 10), dtype=np.bool_), -4, 55, SIZE)
    assert (region.top, region.left, region.mask.shape) == (0, 55, (6, 5))
    with pytest.raises(LeftOut, match="outside"):
        placed(np.ones((10, 10), dtype=np.bool_), 40, 0, SIZE)


def shape(name: str | None, top: int, left: int, side: int = 6) -> Shape:
    return Shape(name, Region(top, left, np.ones((side, side), dtype=np.bool_)))


def test_later_shapes_are_on_top() -> None:
    reading = draw([shape("road", 0, 0, 9), shape("car", 3, 3, 3)], SIZE, THREE, {})
    assert np.bincount(reading.label.reshape(-1)).tolist() == [2400 - 81, 9, 72]


def test_by_area_small_objects_stay_visible() -> None:
    reading = draw(by_area([shape("car", 3, 3, 3), shape("road", 0, 0, 9)]), SIZE, THREE, {})
    assert np.count_nonzero(reading.label == 1) == 9


def test_a_name_that_no_class_has_never_becomes_background() -> None:
    reading = draw([shape("tree", 0, 0), shape("car", 0, 0, 2)], SIZE, THREE, {"tags": 2})
    assert reading.unlisted == {"tree": 32}
    assert reading.left_out == {"tags": 2}
    assert np.count_nonzero(reading.label == 255) == 32


def test_pixels_under_no_shape_are_counted_where_no_class_is_background() -> None:
    road = ClassMap((SegClass(0, "road"), SegClass(1, "car")))
    reading = draw([shape("road", 0, 0)], SIZE, road, {})
    assert reading.unlisted == {"background": 2400 - 36}
    assert set(np.unique(reading.label)) == {0, 255}


@pytest.mark.parametrize("name", [None, "void", "__ignore__", "Unlabeled"])
def test_what_takes_no_part_gets_the_ignore_label(name: str | None) -> None:
    reading = draw([shape(name, 0, 0)], SIZE, THREE, {})
    assert np.count_nonzero(reading.label == 255) == 36
    assert not reading.unlisted


@pytest.mark.parametrize("name", ["background", "_background_", "Background"])
def test_background_drawn_over_a_shape_is_background(name: str) -> None:
    reading = draw([shape("car", 0, 0), shape(name, 0, 0, 3)], SIZE, THREE, {})
    assert np.count_nonzero(reading.label == 1) == 27
    assert not reading.unlisted


def test_more_classes_than_eight_bits_hold_make_wide_labels() -> None:
    many = ClassMap(tuple(SegClass(n, "background" if n == 0 else f"c{n}") for n in range(300)))
    reading = draw([shape("c299", 0, 0)], SIZE, many, {})
    assert reading.label.dtype == np.uint16
    assert np.count_nonzero(reading.label == 299) == 36
