"""Files that are 1 only where a probability is rounded to 1, and thresholds that people choose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segdata.diagnosis import Diagnosis
from segdata.findings import Certainty
from segdata.images import encode_label
from segdata.workflows.doctoring import DoctorRequest, diagnose

SIZE = (120, 160)
Array = np.ndarray


def scores() -> list[Array]:
    """Raw scores of a network that is sure of the middle of its objects."""
    rng, out = np.random.default_rng(1), []
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    for _ in range(6):
        y, x = rng.integers(30, 90), rng.integers(40, 120)
        distance = np.hypot(rows - y, columns - x)
        out.append((40 - 2 * distance + rng.normal(0, 0.3, SIZE)).clip(-12).astype(np.float32))
    return out


def half(score: Array) -> Array:
    return (1 / (1 + np.exp(-score.astype(np.float64)))).astype(np.float16)


def diagnosed(tmp_path: Path, made: list[Array], saved: list[Array]) -> Diagnosis:
    logits, predictions = tmp_path / "logits", tmp_path / "pred"
    logits.mkdir()
    predictions.mkdir()
    for number, (ids, score) in enumerate(zip(made, saved, strict=True)):
        np.savez(logits / f"{number}.npz", logits=score)
        (predictions / f"{number}.png").write_bytes(encode_label(ids.astype(np.uint8)))
    return diagnose(DoctorRequest(logits=logits, predictions=predictions))


def said(diagnosis: Diagnosis) -> dict[str, Certainty]:
    found = [cause.finding for cause in diagnosis.causes]
    return {one.rule: one.certainty for one in found if one.rule in ("V03", "I04")}


@pytest.mark.parametrize("channels", [1, 2])
def test_half_precision_that_was_cut_is_known_by_where_it_rounds(
    tmp_path: Path, channels: int
) -> None:
    raw = scores()
    saved = [s[None] if channels == 1 else np.stack([-s / 2, s / 2]) for s in raw]
    diagnosis = diagnosed(tmp_path, [half(s) for s in raw], saved)
    assert said(diagnosis) == {"V03": Certainty.STRONG}
    assert "a probability is rounded to 1" in diagnosis.causes[0].finding.message
    assert "argmax" in diagnosis.causes[0].finding.fix


def test_probabilities_saved_in_single_precision_tell_the_cut_of_half(tmp_path: Path) -> None:
    raw = scores()
    saved = [(1 / (1 + np.exp(-s)))[None].astype(np.float32) for s in raw]
    assert "V03" in said(diagnosed(tmp_path, [half(s) for s in raw], saved))


@pytest.mark.parametrize("threshold", [0.9999, 0.999, 0.99])
def test_a_high_threshold_that_somebody_chose_is_none(tmp_path: Path, threshold: float) -> None:
    raw = scores()
    made = [1 / (1 + np.exp(-s.astype(np.float64))) > threshold for s in raw]
    assert said(diagnosed(tmp_path, made, [s[None] for s in raw])) == {"I04": Certainty.STRONG}


@pytest.mark.parametrize("threshold", [5, 8, 10])
def test_a_whole_number_as_threshold_is_none(tmp_path: Path, threshold: int) -> None:
    raw = scores()
    made = [s > threshold for s in raw]
    assert said(diagnosed(tmp_path, made, [s[None] for s in raw])) == {"I04": Certainty.STRONG}


def test_a_wide_gap_leaves_both_open(tmp_path: Path) -> None:
    """Scores of a network that is sure of all: any number from 6 to 9 makes these files."""
    gaps = [np.where(s > 8.4, s + 1, np.minimum(s, 6)) for s in scores()]
    assert said(diagnosed(tmp_path, [half(s) for s in gaps], [s[None] for s in gaps])) == {
        "I04": Certainty.MEDIUM,
        "V03": Certainty.MEDIUM,
    }


def test_the_right_half_is_sound(tmp_path: Path) -> None:
    raw = scores()
    assert not said(diagnosed(tmp_path, [s > 0 for s in raw], [s[None] for s in raw]))
