"""Predictions against labels: another order, other names, nothing to find, scores of a constant."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from predicted_streets import Array, case_of, found, streets, weighed, write

from segdata.diagnosis import Verdict
from segdata.evidence import CaseFacts, LogFacts, Series
from segdata.evidence.logit_tally import LogitTally
from segdata.findings import Certainty, Level


def noisy(labels: list[Array], share: float = 0.05) -> list[Array]:
    """As a network predicts: some blocks are wrong."""
    rng = np.random.default_rng(11)
    out = []
    for label in labels:
        blocks = rng.random((9, 12)) < share
        wrong = np.kron(blocks, np.ones((8, 8), bool))
        out.append(np.where(wrong, (label + 1) % 4, label).astype(np.uint8))
    return out


# D10, L19


@pytest.mark.parametrize("order", [[0, 2, 1, 3], [1, 2, 3, 0], [3, 1, 2, 0]])
def test_d10_the_order_is_told(tmp_path: Path, order: list[int]) -> None:
    predicted = [np.array(order, np.uint8)[label] for label in noisy(streets())]
    case = case_of(write(tmp_path / "pred", predicted), write(tmp_path / "labels", streets()), 4)
    finding = found(case)["D10"]
    moved = {str(i): value for i, value in enumerate(order) if i != value}
    assert finding.evidence["predicted_as"] == moved
    assert finding.certainty is Certainty.STRONG
    assert weighed(case).causes[0].finding.rule == "D10"


def test_d10_a_class_that_is_hardly_found_has_changed_places_too(tmp_path: Path) -> None:
    poor = [label.copy() for label in streets()]
    for label in poor:
        label[(label == 3) & (np.indices(label.shape)[0] % 4 > 0)] = 0
    predicted = [np.array([0, 3, 2, 1], np.uint8)[label] for label in poor]
    case = case_of(write(tmp_path / "pred", predicted), write(tmp_path / "labels", streets()), 4)
    assert found(case)["D10"].evidence["predicted_as"] == {"1": 3, "3": 1}


def test_d10_another_list_of_classes_has_other_numbers(tmp_path: Path) -> None:
    """Cityscapes' labelIds beside trainIds."""
    numbers = np.array([7, 8, 11, 24], np.uint8)
    predicted = [numbers[label] for label in noisy(streets())]
    case = case_of(write(tmp_path / "pred", predicted), write(tmp_path / "labels", streets()), 4)
    assert found(case)["D10"].evidence["predicted_as"] == {"0": 7, "1": 8, "2": 11, "3": 24}
    assert "C10" not in found(case)


def test_d10_is_told_by_scores_alone() -> None:
    def scored(order: list[int]) -> CaseFacts:
        tally = LogitTally("l", 255)
        for truth, label in zip(streets(), noisy(streets()), strict=True):
            one_hot = np.arange(4)[:, None, None] == np.array(order)[label]
            tally.add(one_hot.astype(np.float32) * 5, truth)
        return CaseFacts(logits=tally.facts())

    finding = found(scored([0, 2, 3, 1]))["D10"]
    assert finding.evidence["predicted_as"] == {"1": 2, "2": 3, "3": 1}
    assert finding.certainty is Certainty.STRONG
    assert not found(scored([0, 1, 2, 3]))


def test_d10_its_fix_is_understood_by_eval(tmp_path: Path) -> None:
    from segdata.cli import run

    predicted = [np.array([0, 2, 1, 3], np.uint8)[label] for label in streets()]
    pred, labels = write(tmp_path / "pred", predicted), write(tmp_path / "labels", streets())
    command = found(case_of(pred, labels, 4))["D10"].fix.splitlines()[-1]
    words = shlex.split(command.replace("LABELS", shlex.quote(str(labels))))
    assert run([*words[1:], "--report", str(tmp_path / "r.json")]) == 0
    assert '"miou": 1.0' in (tmp_path / "r.json").read_text()


def test_d10_a_class_that_is_mistaken_for_another_is_no_order(tmp_path: Path) -> None:
    predicted = [np.where(label == 2, 1, label).astype(np.uint8) for label in streets()]
    case = case_of(write(tmp_path / "pred", predicted), write(tmp_path / "labels", streets()), 4)
    assert set(found(case)) == {"V01"}


def test_l19_labels_with_the_object_around_are_the_negative(tmp_path: Path) -> None:
    truths = [(label > 0).astype(np.uint8) for label in streets()]
    inverted = write(tmp_path / "labels", [1 - truth for truth in truths])
    case = case_of(write(tmp_path / "pred", truths), inverted, 2)
    assert found(case)["L19"].level is Level.ERROR
    assert "D10" not in found(case)
    sound = write(tmp_path / "sound", truths)
    other = case_of(write(tmp_path / "negative", [1 - truth for truth in truths]), sound, 2)
    assert "L19" not in found(other)
    assert "D10" in found(other)


# I07, I11


def test_i07_the_constant_scores_stand_beside_a_collapse(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    black = case_of(write(tmp_path / "pred", [label * 0 for label in streets()]), labels, 4)
    finding = found(black)["I07"]
    constant = finding.evidence["constant_accuracy"]
    assert constant == finding.evidence["accuracy"]
    assert constant == pytest.approx(np.mean(np.stack(streets()) == 0), abs=1e-4)
    assert finding.evidence["constant_mean_iou"] == pytest.approx(constant / 4, abs=1e-4)
    log = LogFacts(where="l", kind="text", metrics={"accuracy": Series(((1, constant),))})
    told = found(CaseFacts(predictions=black.predictions, log=log))["I07"]
    assert "the log says accuracy" in told.message
    (cause,) = weighed(black).causes[:1]
    assert cause.finding.rule == "I11"


def test_i11_files_alone_do_not_prove_that_the_network_says_one_class(tmp_path: Path) -> None:
    black = case_of(write(tmp_path / "pred", [label * 0 for label in streets()]))
    finding = found(black)["I11"]
    assert finding.certainty is Certainty.MEDIUM
    assert "or what it says was lost" in finding.message
    assert any("--logits" in line for line in finding.missing)
    tally = LogitTally("l", 255)
    tally.add(np.eye(4, dtype=np.float32)[0][:, None, None] * np.ones((4, 72, 96)), streets()[0])
    sure = found(CaseFacts(predictions=black.predictions, logits=tally.facts()))["I11"]
    assert sure.certainty is Certainty.STRONG
    assert "the network collapsed" in sure.message


def test_i11_a_few_pixels_of_others_are_a_collapse_where_labels_hold_more(tmp_path: Path) -> None:
    few = [label * 0 for label in streets()]
    few[0][10:13, 10:14] = 1
    labels = write(tmp_path / "labels", streets())
    case = case_of(write(tmp_path / "pred", few), labels, 4)
    assert "but for a few pixels" in found(case)["I11"].message
    assert not {"V01", "V02"} & set(found(case))
    rare = case_of(tmp_path / "pred", write(tmp_path / "rare", few), 4)
    assert set(found(rare)) == {"V02"}


def test_i07_predictions_at_random_are_told_whatever_they_look_like(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    rng = np.random.default_rng(2)
    bad = [np.kron(rng.integers(0, 4, (9, 12)), np.ones((8, 8), int)) for _ in streets()]
    case = case_of(write(tmp_path / "pred", bad), labels, 4)
    assert "I07" in found(case)
    assert weighed(case).verdict is Verdict.FAULT


def test_i07_is_silent_about_predictions_that_find_something(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    bright = [label * 85 for label in noisy(streets())]
    assert not found(case_of(write(tmp_path / "pred", bright), labels, 4))


def test_white_for_1_is_read_as_1_whatever_most_of_the_picture_is(tmp_path: Path) -> None:
    truths = [(label == 0).astype(np.uint8) for label in streets()]
    labels = write(tmp_path / "labels", truths)
    white = [truth * 255 for truth in truths]
    assert not found(case_of(write(tmp_path / "pred", white), labels, 2))
    few = [np.full_like(truth, 255) for truth in truths]
    few[0][:3, :3] = 0
    said = found(case_of(write(tmp_path / "few", few), labels, 2))["I11"].message
    assert "class 1" in said
    assert said.startswith("99.98%")


# I08


def test_i08_each_fits_the_label_of_the_next(tmp_path: Path) -> None:
    predicted = noisy(streets())
    labels = write(tmp_path / "labels", streets())
    case = case_of(write(tmp_path / "pred", [*predicted[1:], predicted[0]]), labels, 4)
    finding = found(case)["I08"]
    assert finding.evidence["first"]["s000.png"] == "s001.png"
    assert weighed(case).causes[0].finding.rule == "I08"


def test_i08_half_of_the_names_may_be_shifted(tmp_path: Path) -> None:
    """One picture was left out in the middle."""
    predicted = noisy(streets(16))
    labels = write(tmp_path / "labels", streets(16))
    tail = write(tmp_path / "pred", [*predicted[:8], *predicted[9:], predicted[8]])
    assert weighed(case_of(tail, labels, 4)).causes[0].finding.rule == "I08"
    one = write(tmp_path / "one", [*predicted[:14], predicted[15], predicted[14]])
    assert "I08" not in found(case_of(one, labels, 4))


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, lambda label: label[::-1, ::-1]])
def test_l25_predictions_may_be_mirrored(tmp_path: Path, turn: Any) -> None:
    labels = write(tmp_path / "labels", streets())
    mirrored = write(tmp_path / "pred", [turn(label).copy() for label in noisy(streets())])
    case = case_of(mirrored, labels, 4)
    assert weighed(case).causes[0].finding.rule == "L25"
    assert not {"I01", "I08"} & set(found(case))
    assert "L25" not in found(case_of(write(tmp_path / "right", noisy(streets())), labels, 4))


def test_i08_is_silent_about_right_names_and_about_bad_networks(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    assert "I08" not in found(case_of(write(tmp_path / "good", noisy(streets())), labels, 4))
    rng = np.random.default_rng(2)
    bad = [np.kron(rng.integers(0, 4, (9, 12)), np.ones((8, 8), int)) for _ in streets()]
    assert "I08" not in found(case_of(write(tmp_path / "bad", bad), labels, 4))


def test_i08_is_silent_about_pictures_that_look_alike(tmp_path: Path) -> None:
    one = streets(1)[0]
    alike = [np.roll(one, shift, axis=1) for shift in range(8)]
    labels = write(tmp_path / "labels", alike)
    assert "I08" not in found(case_of(write(tmp_path / "pred", noisy(alike)), labels, 4))


# I09, I10


@pytest.mark.parametrize("nothing", [0, 255])
def test_i09_labels_that_hold_nothing_are_no_measure(tmp_path: Path, nothing: int) -> None:
    empty = write(tmp_path / "labels", [label * 0 + nothing for label in streets()])
    case = case_of(write(tmp_path / "pred", streets()), empty, 4)
    assert found(case)["I09"].level is Level.ERROR
    assert weighed(case).causes[0].finding.rule == "I09"


def test_i09_one_labelled_picture_is_enough_and_right_black_is_i10(tmp_path: Path) -> None:
    empty = [label * 0 for label in streets()]
    labels = write(tmp_path / "labels", [*empty[1:], streets()[-1]])
    assert "I09" not in found(case_of(write(tmp_path / "pred", streets()), labels, 4))
    black = case_of(write(tmp_path / "black", empty), write(tmp_path / "none", empty), 4)
    assert set(found(black)) == {"I10"}
    assert weighed(black).verdict is Verdict.RIGHTLY_CONSTANT
