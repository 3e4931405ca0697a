"""Predictions that do not fit their labels, and networks that have just begun to learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from predicted_streets import Array, case_of, found, streets, weighed, write

from segdata.diagnosis import Verdict
from segdata.evidence import (
    CaseFacts,
    LabelEvidence,
    LogFacts,
    Look,
    Series,
    SettingsFacts,
    SweepFacts,
)
from segdata.findings import Certainty, Level

HINTS = {"I01", "I02", "C01", "T02"}


def confused(share: float, classes: int = 4) -> list[Array]:
    """Of the blocks so many hold the rarest class, whatever lies there."""
    rng = np.random.default_rng(4)
    out = []
    for label in streets(classes=classes):
        wrong = np.kron(rng.random((9, 12)) < share, np.ones((8, 8), bool))
        out.append(np.where(wrong, classes - 1, label).astype(np.uint8))
    return out


def judged(tmp_path: Path, predicted: list[Array], classes: int = 4) -> CaseFacts:
    labels = write(tmp_path / "labels", streets(classes=classes))
    return case_of(write(tmp_path / "pred", predicted), labels, classes)


def with_loss(case: CaseFacts, *losses: float) -> CaseFacts:
    """Labels that have an entropy of 0.69, and a log."""
    labels = LabelEvidence(where="d", num_classes=2, ignore=255, pixels={0: 500, 1: 500})
    loss = Series(tuple(enumerate(losses)))
    return replace(case, labels=labels, log=LogFacts(where="l", kind="text", loss=loss))


def test_predictions_as_good_as_chance_are_wrong_and_never_only_dark(tmp_path: Path) -> None:
    case = judged(tmp_path, confused(0.85))
    assert set(found(case)) >= HINTS
    assert not {"V01", "V02"} & set(found(case))
    first = weighed(case).causes[0].finding
    assert (first.rule, first.level, first.certainty) == ("I01", Level.ERROR, Certainty.HINT)
    assert "not black, only dark, but do not fit their labels (mean IoU" in first.message
    assert any("--script" in line for line in weighed(case).missing)
    assert weighed(case).verdict is Verdict.FAULT


def test_predictions_that_fit_poorly_are_a_question_and_no_alarm(tmp_path: Path) -> None:
    case = judged(tmp_path, confused(0.5))
    assert set(found(case)) == HINTS
    assert {finding.level for finding in found(case).values()} == {Level.INFO}
    assert weighed(case).verdict is Verdict.NOT_ENOUGH


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25])
def test_predictions_with_errors_are_sound_and_their_score_is_told(
    tmp_path: Path, share: float
) -> None:
    case = judged(tmp_path, confused(share))
    assert set(found(case)) == {"V01"}
    assert "mean IoU is" in found(case)["V01"].message


def test_an_undertrained_network_that_says_frequent_classes_is_no_alarm(tmp_path: Path) -> None:
    """Rare classes are not found at all, objects half."""
    beginner = [np.where(label == 3, 0, label).astype(np.uint8) for label in streets()]
    for label in beginner:
        label[::2][label[::2] > 0] = 0
    case = judged(tmp_path, beginner)
    assert all(finding.level < Level.WARNING for finding in found(case).values())


def test_labels_of_one_class_and_files_without_labels_say_nothing_about_the_fit(
    tmp_path: Path,
) -> None:
    assert not HINTS & set(found(case_of(write(tmp_path / "alone", confused(0.85)), classes=4)))
    empty = write(tmp_path / "empty", [label * 0 for label in streets()])
    assert not HINTS & set(found(case_of(tmp_path / "alone", empty, 4)))


def test_a_loss_that_fell_makes_one_class_a_matter_of_predicting(tmp_path: Path) -> None:
    black = judged(tmp_path, [np.minimum(label, 0) for label in streets()])
    assert not HINTS & set(found(black))
    learned = with_loss(black, 0.7, 0.4, 0.1)
    assert found(learned)["I01"].level is Level.ERROR
    assert "though the loss fell to 0.1" in found(learned)["I01"].message
    assert weighed(learned).causes[0].finding.rule == "I01"
    assert not HINTS & set(found(with_loss(black, 0.7, 0.5, 0.4)))


def test_a_loss_that_never_fell_speaks_of_training_not_of_photos(tmp_path: Path) -> None:
    case = with_loss(judged(tmp_path, confused(0.85)), 0.7, 0.69, 0.7)
    assert not HINTS & set(found(case))
    assert "has not learned" in found(case)["T03"].message
    assert weighed(case).verdict is Verdict.FAULT


def swept(case: CaseFacts, agreement: float, left_out: tuple[str, ...] = ()) -> CaseFacts:
    """A run that works, and how much of the files it says itself."""
    assert case.predictions is not None
    looks = (Look("as trained", 0.8, 0.3, agreement=agreement),)
    sweep = SweepFacts(
        where="run on val", images=6, looks=looks, left_out=left_out, files=case.predictions.where
    )
    return replace(case, sweep=sweep)


def test_files_that_a_working_run_does_not_say_were_made_otherwise(tmp_path: Path) -> None:
    case = judged(tmp_path, confused(0.85))
    finding = found(swept(case, 0.2))["C01"]
    assert finding.certainty is Certainty.MEDIUM
    assert "the run itself reaches a mean IoU of 0.80" in finding.message
    hurried = found(swept(case, 0.2, ("0 to 1",)))["C01"]
    assert hurried.certainty is Certainty.HINT
    sound = write(tmp_path / "sound", streets())
    assert set(found(swept(case_of(sound, tmp_path / "labels", 4), 0.6))) == {"V01"}


def test_what_a_run_says_itself_was_fed_right(tmp_path: Path) -> None:
    said = found(swept(judged(tmp_path, confused(0.5)), 1.0))
    assert set(said) == {"V01", "T02"}
    assert said["T02"].level is Level.INFO


def test_weights_for_rare_classes_excuse_a_beginner(tmp_path: Path) -> None:
    case = judged(tmp_path, confused(0.85))
    weighted = SettingsFacts(where="run", tool="segdata", class_weights={0: 1, 1: 1, 2: 1, 3: 9})
    judgement = found(replace(case, training=weighted))
    assert {judgement[rule].level for rule in HINTS} == {Level.INFO}


def test_a_known_cause_is_not_doubted(tmp_path: Path) -> None:
    order = np.array([1, 2, 3, 0], np.uint8)
    assert not HINTS & set(found(judged(tmp_path, [order[label] for label in streets()])))
    moved = streets()
    other = case_of(write(tmp_path / "moved", [*moved[1:], moved[0]]), tmp_path / "labels", 4)
    assert "I08" in found(other)
    assert not HINTS & set(found(other))
