"""Predicted files that were interpolated, or taken over the wrong axis."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from predicted_streets import Array, case_of, found, streets, weighed, write

from segdata.evidence import CaseFacts, LabelEvidence, LogitFacts, SettingsFacts
from segdata.findings import Certainty

IDS = np.array([0, 7, 2, 5], np.uint8)


def resized(label: Array, way: int) -> Array:
    """Half as large and back again, as a network with output stride does it."""
    height, width = label.shape
    small = cv2.resize(label, (width // 2, height // 2), interpolation=cv2.INTER_NEAREST)
    return cv2.resize(small, (width, height), interpolation=way)


@pytest.mark.parametrize("way", [cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_i06_ribbons_of_ids_between_tell_interpolation(tmp_path: Path, way: int) -> None:
    labels = [IDS[label] for label in streets()]
    blended = write(tmp_path / "pred", [resized(label, way) for label in labels])
    case = case_of(blended, write(tmp_path / "labels", labels), 8)
    assert found(case)["I06"].certainty is Certainty.STRONG
    assert weighed(case).causes[0].finding.rule == "I06"
    assert "I06" in found(case_of(blended))


def test_i06_two_classes_leave_a_rim_of_a_third(tmp_path: Path) -> None:
    labels = [np.where(label > 0, 2, 0).astype(np.uint8) for label in streets()]
    blended = write(tmp_path / "pred", [resized(label, cv2.INTER_LINEAR) for label in labels])
    assert found(case_of(blended))["I06"].certainty is Certainty.MEDIUM
    case = case_of(blended, write(tmp_path / "labels", labels), 3)
    assert found(case)["I06"].certainty is Certainty.STRONG


def test_i06_is_silent_about_nearest_neighbor_and_about_borders_in_the_labels(
    tmp_path: Path,
) -> None:
    labels = [IDS[label] for label in streets()]
    nearest = write(tmp_path / "pred", [resized(label, cv2.INTER_NEAREST) for label in labels])
    assert "I06" not in found(case_of(nearest, write(tmp_path / "labels", labels), 8))
    drawn = [resized(np.where(label > 0, 2, 0).astype(np.uint8), 1) for label in streets()]
    same = case_of(write(tmp_path / "rims", drawn), write(tmp_path / "true", drawn), 3)
    assert "I06" not in found(same)


def test_i06_ordered_bands_are_no_interpolation(tmp_path: Path) -> None:
    depth = np.tile(np.arange(96, dtype=np.uint8) // 2, (72, 1))
    assert "I06" not in found(case_of(write(tmp_path / "pred", [depth] * 3)))


def scores_of(label: Array, classes: int = 4) -> Array:
    """``K×H×W``: the class of the label, and noise."""
    noise = np.random.default_rng(7).normal(0, 0.3, (classes, *label.shape))
    return noise + (np.arange(classes)[:, None, None] == label)


def test_i05_a_side_as_long_as_there_are_classes_is_the_wrong_axis(tmp_path: Path) -> None:
    wrong = [scores_of(label).argmax(axis=1).astype(np.uint8) for label in streets()]
    labels = write(tmp_path / "labels", streets())
    case = case_of(write(tmp_path / "pred", wrong), labels, 4)
    assert found(case)["I05"].certainty is Certainty.STRONG
    assert not {"V09", "I03"} & set(found(case))
    assert weighed(case).causes[0].finding.rule == "I05"


def test_i05_stripes_and_values_beyond_the_classes_tell_it_too(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 200, (72, 96), dtype=np.uint8)
    case = case_of(write(tmp_path / "noise", [noise]), classes=4)
    assert "4 classes" in found(case)["I05"].message
    stripes = np.tile(np.arange(96, dtype=np.uint8) % 4, (72, 1))
    assert (
        "striped"
        in found(case_of(write(tmp_path / "stripes", [stripes]), classes=4))["I05"].message
    )


def test_i05_reshaped_scores_are_noise_where_labels_are_areas(tmp_path: Path) -> None:
    noise = [
        scores_of(label).reshape(*label.shape, 4).argmax(axis=2).astype(np.uint8)
        for label in streets()
    ]
    labels = write(tmp_path / "labels", streets())
    case = case_of(write(tmp_path / "pred", noise), labels, 4)
    assert found(case)["I05"].certainty is Certainty.STRONG
    assert weighed(case).causes[0].finding.rule == "I05"
    alike = case_of(tmp_path / "pred", write(tmp_path / "noisy", noise), 4)
    assert "I05" not in found(alike)


def test_i05_is_silent_about_grey_pictures_of_probabilities(tmp_path: Path) -> None:
    soft = cv2.GaussianBlur((streets()[0] > 0).astype(np.uint8) * 255, (15, 15), 0)
    assert "I05" not in found(case_of(write(tmp_path / "pred", [soft]), classes=2))


def test_i05_noise_that_fits_the_labels_is_no_wrong_axis(tmp_path: Path) -> None:
    noisy = [
        (scores_of(label) + np.random.default_rng(2).normal(0, 0.5, (4, *label.shape))).argmax(0)
        for label in streets()
    ]
    labels = write(tmp_path / "labels", streets())
    assert "I05" not in found(case_of(write(tmp_path / "pred", noisy), labels, 4))


def test_i05_the_best_row_of_each_column_is_told_though_scores_are_given(tmp_path: Path) -> None:
    rows = [scores_of(label, 2).argmax(axis=1)[0] for label in streets(classes=2)]
    repeated = [np.tile(row.astype(np.uint8), (72, 1)) for row in rows]
    labels = write(tmp_path / "labels", streets(classes=2))
    case = case_of(write(tmp_path / "pred", repeated), labels, 2)
    assert "I05" in found(case)
    assert "I06" not in found(case)
    scores = LogitFacts(where="l", images=8, labelled=0, channels=2, classes=(), low=0, high=1)
    assert "I05" in found(replace(case, logits=scores))


def test_i06_random_pixels_are_no_ribbons(tmp_path: Path) -> None:
    rng, labels = np.random.default_rng(6), streets()
    noisy = [
        np.where(rng.random(one.shape) < 0.1, rng.integers(0, 4, one.shape), one) for one in labels
    ]
    case = case_of(write(tmp_path / "pred", noisy), write(tmp_path / "labels", labels), 4)
    assert set(found(case)) == {"V01"}
    assert set(found(case_of(tmp_path / "pred"))) == {"V01"}


@pytest.mark.parametrize("kept", [(48, 64), (48, 96), (72, 64)])
def test_i03_predictions_that_end_where_labels_go_on_are_cut_off(
    tmp_path: Path, kept: tuple[int, int]
) -> None:
    seen = np.zeros((72, 96), bool)
    seen[: kept[0], : kept[1]] = True
    # Background from edge to edge would hide where a picture ends.
    labels = [np.where(np.indices(seen.shape)[1] % 16 < 3, 3, label) for label in streets()]
    labels = [np.where(np.indices(seen.shape)[0] % 16 > 13, 2, label) for label in labels]
    cut = write(tmp_path / "pred", [np.where(seen, label, 0) for label in labels])
    case = case_of(cut, write(tmp_path / "labels", labels), 4)
    assert found(case)["I03"].certainty is Certainty.STRONG
    assert weighed(case).causes[0].finding.rule == "I03"
    right = write(tmp_path / "dark", [np.where(seen, label, 0) for label in labels])
    assert "I03" not in found(case_of(cut, right, 4))


def test_i03_objects_that_end_here_and_there_are_whole(tmp_path: Path) -> None:
    some = [label * (label != 3) for label in streets()]
    case = case_of(write(tmp_path / "pred", some), write(tmp_path / "labels", streets()), 4)
    assert "I03" not in found(case)


def settings(crop: tuple[int, int], tool: str = "deeplab") -> SettingsFacts:
    return SettingsFacts(where="eval.sh", tool=tool, crop_size=crop)


def test_i03_the_original_needs_a_crop_as_large_as_the_largest_photo() -> None:
    labels = LabelEvidence(where="d", num_classes=2, ignore=255, sizes={(480, 640): 3})
    finding = found(CaseFacts(labels=labels, inference=settings((321, 321))))["I03"]
    assert finding.certainty is Certainty.PROOF
    assert "640x480" in finding.message
    assert "I03" not in found(CaseFacts(labels=labels, inference=settings((481, 641))))
    assert "I03" not in found(CaseFacts(labels=labels, inference=settings((99, 99), "segdata")))
    assert "I03" not in found(CaseFacts(labels=labels, training=settings((321, 321))))
