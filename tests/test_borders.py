"""Scores near borders equal slow, plain ones for every class of a label."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdata.classes import ClassMap, Label, SegClass
from segdata.confusion import ConfusionMatrix
from segdata.evaluation import EvalItem, EvalOptions, evaluate
from segdata.evaluation.borders import band_cells, bands_of, contour_counts
from segdata.scores.boundary import TRIMAP_WIDTHS, contour_width

VOID = 255
Counts = npt.NDArray[np.int64]


def blobs(rng: np.random.Generator, size: tuple[int, int], ids: list[int]) -> Label:
    """A label of smooth regions, as photos have them."""
    coarse = rng.choice(ids, (2 + size[0] // 9, 2 + size[1] // 9)).astype(np.uint16)
    label = cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(np.roll(label, tuple(rng.integers(0, 5, 2)), (0, 1)), np.uint16)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Label, Label, int, int | None]:
    """Truth, prediction, classes, ignore label: 8 and 16 bits, tiny images, predicted strays."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    classes = draw(st.sampled_from([2, 5, 19, 256, 300]))
    ignore = draw(st.sampled_from([None, 0, VOID, 256, 1000, 65535]))
    side = st.sampled_from([1, 2, 3, 7, 40, 90])
    size = draw(side), draw(side)
    ids = [int(i) for i in rng.choice(classes, min(classes, 5), replace=False)]
    truth, prediction = blobs(rng, size, ids), blobs(rng, size, [*ids, classes])
    prediction = np.where(rng.random(size) < 0.7, truth, prediction)
    if ignore is not None:
        truth[blobs(rng, size, [0, 0, 1]) == 1] = ignore
    fits = [part.max(initial=0) < 256 and draw(st.booleans()) for part in (truth, prediction)]
    truth, prediction = (
        part.astype(np.uint8) if narrow else part.astype(np.uint16)
        for part, narrow in zip((truth, prediction), fits, strict=True)
    )
    return truth, prediction, classes, ignore


def contour_of(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What boundary-iou-api calls a mask's boundary: the mask without its eroded self."""
    width = max(1, round(0.02 * float(np.hypot(*mask.shape))))
    padded = np.pad(mask.astype(np.uint8), 1)
    eroded = cv2.erode(
        padded, np.ones((3, 3), np.uint8), iterations=width, borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )  # fmt: skip
    return mask & (eroded[1:-1, 1:-1] == 0)


def class_by_class(
    truth: Label, prediction: Label, classes: int, ignore: int | None
) -> dict[int, list[int]]:
    """Hits, truth and predictions near contours of every class, one mask at a time."""
    void = np.zeros(truth.shape, bool) if ignore is None else truth == ignore
    out = {}
    for i in range(classes):
        if i == ignore:
            continue
        true, guess = contour_of((truth == i) & ~void), contour_of((prediction == i) & ~void)
        counts = [int(part.sum()) for part in (true & guess, true, guess)]
        if any(counts):
            out[i] = counts
    return out


@settings(max_examples=60, deadline=None)
@given(scenes())
def test_contours_equal_those_of_one_class_at_a_time(
    scene: tuple[Label, Label, int, int | None],
) -> None:
    found = {int(row[0]): row[1:].tolist() for row in contour_counts(*scene)}
    assert found == class_by_class(*scene)


@settings(max_examples=30, deadline=None)
@given(scenes())
def test_a_prediction_that_is_right_where_it_counts_scores_1(
    scene: tuple[Label, Label, int, int | None],
) -> None:
    """Whatever it says where the truth is void."""
    truth, prediction, classes, ignore = scene
    void = np.zeros(truth.shape, bool) if ignore is None else truth == ignore
    right = np.where(void, prediction.astype(np.uint16), truth)
    for row in contour_counts(truth, right, classes, ignore).tolist():
        assert row[1] == row[2] == row[3] > 0
    bands = band_cells(truth, right, classes, ignore)
    assert np.array_equal(bands[:, 1], bands[:, 2])


def test_both_sides_of_an_edge_belong_to_their_own_classes() -> None:
    """Subtracting an eroded picture of ids, as some do, calls the edge of 3 and 7 class 4."""
    truth = np.full((100, 100), 3, np.uint8)
    truth[:, 50:] = 7
    width = contour_width(100, 100)
    assert width == 3
    edge_of_image = 2 * width * 50 + (100 - 2 * width) * width
    own = edge_of_image + (100 - 2 * width) * width
    assert contour_counts(truth, truth, 10, None).tolist() == [[3, own, own, own], [7] + [own] * 3]


@settings(max_examples=20, deadline=None)
@given(scenes(), st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_which_number_a_class_has(
    scene: tuple[Label, Label, int, int | None], random: Any
) -> None:
    truth, prediction, classes, ignore = scene
    table = np.arange(1 << 16, dtype=np.uint16)
    free = [i for i in range(classes) if i != ignore]
    table[free] = random.sample(free, len(free))
    turned = contour_counts(table[truth], table[prediction], classes, ignore)
    plain = contour_counts(truth, prediction, classes, ignore)
    expected = {(int(table[row[0]]), *row[1:]) for row in plain.tolist()}
    assert {tuple(row) for row in turned.tolist()} == expected


def chessboard(label: Label) -> Counts:
    """By comparing every pixel with every other; large where there is no other class."""
    rows, columns = np.indices(label.shape).reshape(2, -1)
    steps = np.maximum(abs(rows[:, None] - rows), abs(columns[:, None] - columns))
    other = label.ravel()[:, None] != label.ravel()
    return np.where(other, steps, 10**6).min(axis=1).reshape(label.shape)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.tuples(st.integers(1, 30), st.integers(1, 30)))
def test_the_distance_to_a_border_is_the_steps_of_a_king(seed: int, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    label = blobs(rng, size, rng.choice(400, 3).tolist())
    expected = np.searchsorted(TRIMAP_WIDTHS, chessboard(label))
    assert np.array_equal(bands_of(label), expected)


@settings(max_examples=40, deadline=None)
@given(scenes())
def test_bands_hold_the_pixels_up_to_their_width(
    scene: tuple[Label, Label, int, int | None],
) -> None:
    truth, prediction, classes, ignore = scene
    if truth.size > 3600:
        truth, prediction = truth[:50, :50].copy(), prediction[:50, :50].copy()
    distance = chessboard(truth)
    found = np.zeros((len(TRIMAP_WIDTHS), classes, classes + 1), np.int64)
    band, true, guess, counts = band_cells(truth, prediction, classes, ignore).T
    found[band, true, guess] = counts
    for at, width in enumerate(TRIMAP_WIDTHS):
        near = distance <= width
        expected = ConfusionMatrix.of(
            truth[near][None], prediction[near][None], classes, ignore
        ).counts  # fmt: skip
        assert np.array_equal(found[: at + 1].sum(axis=0), expected), width


@pytest.mark.parametrize(
    ("size", "width"), [((1, 1), 1), ((90, 120), 3), ((480, 640), 16), ((1024, 2048), 46)]
)
def test_contours_are_as_wide_as_2_percent_of_the_diagonal(
    size: tuple[int, int], width: int
) -> None:
    assert contour_width(*size) == width


def report(items: list[EvalItem], classes: int, ignore: int | None = VOID) -> Any:
    class_map = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(classes)), ignore)
    return evaluate(items, class_map, EvalOptions(boundary=True))


def test_scores_of_many_images_are_the_sums_of_their_pixels() -> None:
    rng = np.random.default_rng(2)
    items, expected = [], np.zeros((3, 4), np.int64)
    for name in "abc":
        truth = blobs(rng, (60, 45), [0, 1, 2, 3]).astype(np.uint8)
        truth[:9, :9] = VOID
        prediction = np.where(rng.random(truth.shape) < 0.9, truth, 1).astype(np.uint8)
        items.append(EvalItem(name, truth, prediction))
        for i, counts in class_by_class(truth, prediction, 4, VOID).items():
            expected[:, i] += counts
    found = report(items, 4)
    hits, true, guess = expected
    np.testing.assert_allclose(found.boundary.contours.iou, hits / (true + guess - hits))
    assert found.boundary_miou == pytest.approx((hits / (true + guess - hits)).mean())
    told = found.to_json()["boundary"]
    assert told["miou"] == found.boundary_miou
    assert told["iou"] == [score.boundary_iou for score in found.per_class]
    assert [band["width"] for band in told["trimap"]] == [1, 2, 3, 5, 10, 20, 40]
    assert told["trimap"][-1]["miou"] == found.boundary.band(6).mean_iou()


def test_wider_bands_hold_narrower_ones_and_the_widest_all_of_a_busy_image() -> None:
    rng = np.random.default_rng(4)
    truth = blobs(rng, (70, 90), [0, 1, 2]).astype(np.uint8)
    prediction = np.where(rng.random(truth.shape) < 0.8, truth, 2).astype(np.uint8)
    found = report([EvalItem("a", truth, prediction)], 3)
    assert (np.diff(found.boundary.bands, axis=0) >= 0).all()
    assert (found.boundary.bands[0] < found.boundary.bands[-1]).any()
    assert np.array_equal(found.boundary.bands[-1], found.matrix.counts)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (6, 6)])
def test_an_image_of_one_class_has_no_border_but_its_edge(size: tuple[int, int]) -> None:
    label = np.zeros(size, np.uint8)
    found = report([EvalItem("a", label, label)], 2)
    assert not found.boundary.bands.any()
    assert found.boundary.contours.truth.tolist() == [min(label.size, 20), 0]
    assert found.boundary.contours.iou[0] == 1


def test_an_image_that_is_all_void_adds_nothing() -> None:
    void, zeros = np.full((5, 5), VOID, np.uint8), np.zeros((5, 5), np.uint8)
    found = report([EvalItem("a", void, zeros)], 2)
    assert not found.boundary.contours.predicted.any()
    assert not found.boundary.bands.any()
    assert np.isnan(found.boundary_miou)
