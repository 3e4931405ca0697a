"""The confusion matrix is a count, and the scores are the ones that other tools compute."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import contingency_table

from segdata.classes import Label
from segdata.confusion import ConfusionMatrix
from segdata.errors import UserError
from segdata.miou_rules import MIOU_RULES

VOID = 255


def row(*runs: tuple[int, int]) -> Label:
    """A label of one row from (count, id) runs."""
    return np.repeat([i for _, i in runs], [n for n, _ in runs]).astype(np.uint8)[None]


def naive(truth: Label, prediction: Label, classes: int, ignore: int | None) -> list[list[int]]:
    counts = [[0] * (classes + 1) for _ in range(classes)]
    for t, p in zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        if t != ignore:
            counts[t][min(p, classes)] += 1
    return counts


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Label, Label, int, int | None]:
    """Truth, prediction, number of classes, ignore label: also one that lies among the classes."""
    classes = draw(st.sampled_from([1, 2, 5, 21, 200, 300]))
    ignore = draw(st.sampled_from([None, 0, VOID, 1000]))
    height, width = draw(st.integers(0, 9)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    wide = classes > 256 or (ignore or 0) > 255
    drawn = rng.integers(0, classes, (height, width))
    truth: Label = drawn.astype(np.uint16) if wide else drawn.astype(np.uint8)
    if ignore is not None:
        truth[rng.random(truth.shape) < 0.2] = ignore
    guess = rng.integers(0, classes + 3, (height, width))
    narrow = classes + 3 <= 256 and draw(st.booleans())
    prediction: Label = guess.astype(np.uint8) if narrow else guess.astype(np.uint16)
    return truth, prediction, classes, ignore


@given(pairs())
def test_it_equals_a_naive_count(case: tuple[Label, Label, int, int | None]) -> None:
    truth, prediction, classes, ignore = case
    matrix = ConfusionMatrix.of(truth, prediction, classes, ignore)
    assert matrix.counts.tolist() == naive(truth, prediction, classes, ignore)
    assert matrix.counts.dtype == np.int64


def test_it_equals_scikit_images_contingency_table() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 12, (60, 80)).astype(np.uint8)
    prediction = rng.integers(0, 12, (60, 80)).astype(np.uint8)
    truth[truth == 11] = VOID
    theirs = contingency_table(truth, prediction, ignore_labels=[VOID]).toarray()
    ours = ConfusionMatrix.of(truth, prediction, 12, VOID).counts[:, :-1]
    assert np.array_equal(ours, theirs[:12])


@pytest.mark.parametrize("shape", [(4100, 4100), (1, 17_000_000)])
def test_counts_are_exact_past_2_to_the_24th_in_one_cell(shape: tuple[int, int]) -> None:
    """Where float32, in which OpenCV counts, has lost the ones."""
    truth = np.zeros(shape, np.uint8)
    prediction = np.zeros(shape, np.uint8)
    prediction[-1, -3:] = 1
    matrix = ConfusionMatrix.of(truth, prediction, 2)
    assert matrix.counts.tolist() == [[truth.size - 3, 3, 0], [0, 0, 0]]
    assert (matrix + matrix).counts[0, 0] == 2 * truth.size - 6


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_sums_of_parts_equal_the_whole(seed: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    truth, prediction = rng.integers(0, 7, (2, 24, 5)).astype(np.uint8)
    whole = ConfusionMatrix.of(truth, prediction, 7)
    total = ConfusionMatrix.zeros(7)
    for t, p in zip(np.array_split(truth, parts), np.array_split(prediction, parts), strict=True):
        total += ConfusionMatrix.of(t, p, 7)
    assert np.array_equal(total.counts, whole.counts)


def test_arrays_that_are_views_are_counted_as_they_look() -> None:
    rng = np.random.default_rng(4)
    truth, prediction = rng.integers(0, 5, (2, 30, 40)).astype(np.uint8)
    view = ConfusionMatrix.of(truth[::2, ::-3], prediction[::2, ::-3], 5)
    assert view.counts.tolist() == naive(truth[::2, ::-3], prediction[::2, ::-3], 5, None)


def test_predictions_that_are_no_class_are_wrong_and_counted_apart() -> None:
    matrix = ConfusionMatrix.of(row((4, 0)), row((1, 0), (1, 1), (2, 7)), 2)
    assert matrix.counts.tolist() == [[1, 1, 2], [0, 0, 0]]
    assert matrix.pixel_accuracy == 0.25
    assert matrix.iou[0] == 0.25


def test_truth_outside_the_classes_is_refused_with_its_ids() -> None:
    with pytest.raises(UserError, match=r"3 pixels .* \[5, 9\]"):
        ConfusionMatrix.of(row((2, 0), (2, 5), (1, 9), (1, VOID)), row((6, 0)), 2, VOID)


def test_labels_of_different_sizes_are_refused_and_never_resized() -> None:
    with pytest.raises(UserError, match="3x2 and the prediction 2x3"):
        ConfusionMatrix.of(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), 2)


def worked_example() -> ConfusionMatrix:
    """The two images that nine tools score differently."""
    truth_a = row((12, 0), (4, 1), (2, 2), (2, VOID))
    predicted_a = row((10, 0), (2, 4), (4, 1), (1, 2), (1, 0), (2, 3))
    truth_b, predicted_b = row((16, 0), (4, 1)), row((16, 0), (1, 1), (3, 0))
    return ConfusionMatrix.of(truth_a, predicted_a, 5, VOID) + ConfusionMatrix.of(
        truth_b, predicted_b, 5, VOID
    )


def test_the_worked_example_has_the_ious_of_the_field() -> None:
    matrix = worked_example()
    assert matrix.counts[:3, :-1].tolist() == [[26, 0, 0, 0, 2], [3, 5, 0, 0, 0], [1, 0, 1, 0, 0]]
    np.testing.assert_array_equal(matrix.iou, [0.8125, 0.625, 0.5, np.nan, 0.0])
    assert round(matrix.frequency_weighted_iou, 4) == 0.7566
    assert round(matrix.pixel_accuracy, 4) == 0.8421
    assert round(matrix.mean_accuracy, 4) == 0.6845


@pytest.mark.parametrize(
    ("rule", "miou"),
    [("cityscapes", 0.4844), ("detectron2", 0.6458), ("paddle", 0.5875), ("smp", 0.5875),
     ("segnet", 0.3875)],
)  # fmt: skip
def test_the_worked_example_scores_as_the_rules_tool_scores_it(rule: str, miou: float) -> None:
    assert round(worked_example().mean_iou(rule), 4) == miou


def test_the_voc_rule_is_undefined_where_a_class_is_absent() -> None:
    assert math.isnan(worked_example().mean_iou("voc"))


def test_every_rule_agrees_where_every_class_is_there() -> None:
    truth, prediction = np.random.default_rng(5).integers(0, 4, (2, 20, 20)).astype(np.uint8)
    matrix = ConfusionMatrix.of(truth, prediction, 4)
    pooled = [name for name, rule in MIOU_RULES.items() if rule.over != "pixels"]
    assert len({round(matrix.mean_iou(name), 12) for name in pooled}) == 1


def test_an_unknown_rule_names_those_there_are() -> None:
    with pytest.raises(UserError, match="no mIoU rule 'median'") as caught:
        worked_example().mean_iou("median")
    assert "cityscapes" in caught.value.remedy


def test_it_equals_the_original_deeplab(shared: Path) -> None:
    """TensorFlow's mean_iou computes the ratios in float32, hence the tolerance."""
    folder = shared / "parity" / "miou"
    expected = json.loads((folder / "miou_expected.json").read_text())
    arrays: dict[str, npt.NDArray[np.uint8]] = dict(np.load(folder / "miou_fixture.npz"))
    matrices = [
        ConfusionMatrix.of(arrays[f"gt{i}"], arrays[f"pred{i}"], 6, expected["ignore"])
        for i in range(3)
    ]
    total = matrices[0] + matrices[1] + matrices[2]
    assert total.counts[:, :-1].tolist() == expected["confusion_rows_gt_cols_pred"]
    assert total.mean_iou() == pytest.approx(expected["miou"], abs=1e-7)
    for matrix, miou in zip(matrices, expected["per_image_miou"], strict=True):
        assert matrix.mean_iou() == pytest.approx(miou, abs=1e-7)
    in_truth = expected["alt_mean_over_classes_present_in_gt"]
    assert total.mean_iou("detectron2") == pytest.approx(in_truth, abs=1e-7)
    as_zero = expected["alt_mean_over_all_classes_absent_as_zero"]
    assert total.mean_iou("segnet") == pytest.approx(as_zero, abs=1e-7)


def test_where_everything_is_ignored_scores_are_zero_and_ious_undefined() -> None:
    matrix = ConfusionMatrix.of(
        np.full((4, 4), VOID, np.uint8), np.zeros((4, 4), np.uint8), 3, VOID
    )
    assert matrix.counts.sum() == 0
    assert matrix.mean_iou() == matrix.pixel_accuracy == matrix.mean_accuracy == 0.0
    assert np.isnan(matrix.iou).all()


def test_an_ignore_label_among_the_classes_is_no_class() -> None:
    """Ids 1 and 2 are classes, 0 is ignored: predicting 0 is an error, being 0 is none."""
    matrix = ConfusionMatrix.of(row((3, 0), (4, 1), (2, 2)), row((5, 1), (1, 0), (3, 2)), 3, 0)
    assert matrix.counts.tolist() == [[0, 0, 0, 0], [1, 2, 1, 0], [0, 0, 2, 0]]
    assert matrix.mean_iou() == pytest.approx((2 / 4 + 2 / 3) / 2)


def test_matrices_of_different_classes_are_not_added() -> None:
    with pytest.raises(ValueError, match="different classes"):
        ConfusionMatrix.zeros(3) + ConfusionMatrix.zeros(4)
    with pytest.raises(ValueError, match="different classes"):
        ConfusionMatrix.zeros(3) + ConfusionMatrix.zeros(3, VOID)
