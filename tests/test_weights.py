"""Class weights: golden numbers of the papers' formulas, of scikit-learn's and of the trainer's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.statistics.weights import FORMULAS, ClassCounts, class_weights


def counts(pixels: list[int], areas: list[int], images: list[int]) -> ClassCounts:
    return ClassCounts(np.array(pixels), np.array(areas), np.array(images))


# Three pictures of 100 pixels: 0 in all, 1 in two, 2 in one.
SMALL = counts([240, 50, 10], [300, 200, 100], [3, 2, 1])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # compute_class_weight("balanced"): 300 / (3 n)
        ("inverse", [300 / 720, 300 / 150, 300 / 30]),
        # frequencies 0.8, 0.25, 0.1; the median is 0.25
        ("median", [0.3125, 1.0, 2.5]),
        # 1 / ln(1.02 + p), p = 0.8, 1/6, 1/30
        ("enet", [1.66990, 5.84289, 19.2457]),
        # n = 3, 2, 1: (1 - 0.999^n) is 0.002997001, 0.001999, 0.001
        ("effective", [0.545826, 0.818331, 1.635843]),
    ],
)
def test_golden_numbers(name: str, expected: list[float]) -> None:
    assert class_weights(SMALL)[name] == pytest.approx(expected, rel=1e-5)


def test_enet_weights_lie_between_one_and_fifty_as_the_paper_says() -> None:
    weights = class_weights(counts([10**9, 1], [10**9, 10**9], [9, 1]))["enet"]
    assert 1.4 < weights[0] < 1.43
    assert 50 < weights[1] < 50.6


def test_balanced_is_what_the_trainer_takes() -> None:
    pytest.importorskip("torch")
    from model.training.loss import balanced_weights

    pixels = [240, 50, 10]
    assert class_weights(SMALL)["balanced"] == pytest.approx(balanced_weights(pixels), rel=1e-5)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_class_without_a_pixel_has_no_weight(name: str) -> None:
    weights = class_weights(counts([240, 0, 10], [300, 0, 100], [3, 0, 1]))[name]
    assert np.isnan(weights).tolist() == [False, True, False]
    assert np.isnan(class_weights(counts([0, 0], [0, 0], [0, 0]))[name]).all()


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=30))
def test_rarer_classes_never_weigh_less(pixels: list[int]) -> None:
    whole = [sum(pixels)] * len(pixels)
    ones = [1] * len(pixels)
    for name, weights in class_weights(counts(pixels, whole, ones)).items():
        if name == "effective":
            assert weights == pytest.approx(1.0)
            continue
        order = np.argsort(pixels)
        assert (np.diff(weights[order]) <= 1e-9).all(), name


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_means_are_what_they_are_said_to_be(pixels: list[int]) -> None:
    share = np.array(pixels) / sum(pixels)
    found = class_weights(counts(pixels, pixels, pixels))
    assert (found["inverse"] * share).sum() == pytest.approx(1.0)
    assert (found["balanced"] * share).sum() == pytest.approx(1.0)
    assert found["effective"].mean() == pytest.approx(1.0)
