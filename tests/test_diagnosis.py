"""The doctor's ranking: what the predictions prove, then labels, then everything else."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from segdata.chain import Link
from segdata.diagnosis import Evidence, Verdict, diagnose
from segdata.findings import Certainty, Finding, Level


def finding(
    rule: str, level: Level = Level.ERROR, certainty: Certainty = Certainty.PROOF
) -> Finding:
    return Finding(rule=rule, level=level, certainty=certainty, message=f"{rule} says so")


LABELS_LOST = finding("L01")
COLLAPSED = finding("I11")
IMBALANCE = finding("T01", certainty=Certainty.MEDIUM)
LOOKS_BLACK = finding("V01", Level.INFO)
RIGHTLY_BLACK = finding("I10", Level.INFO)
EVERYTHING = (Evidence.LABELS, Evidence.PREDICTIONS, Evidence.RUN)


@pytest.mark.parametrize("order", list(itertools.permutations([IMBALANCE, COLLAPSED, LABELS_LOST])))
def test_a_proof_about_labels_outranks_imbalance_in_any_order(order: tuple[Finding, ...]) -> None:
    diagnosis = diagnose(order, EVERYTHING)
    assert diagnosis.verdict is Verdict.FAULT
    (cause,) = diagnosis.causes
    assert cause.finding.rule == "L01"
    assert {found.rule for found in cause.explains} == {"I11", "T01"}


def test_what_lies_before_a_cause_does_not_follow_from_it() -> None:
    rate = finding("T03", certainty=Certainty.MEDIUM)
    diagnosis = diagnose([rate, finding("C04")], EVERYTHING)
    assert [cause.finding.rule for cause in diagnosis.causes] == ["C04", "T03"]


def test_a_fault_is_told_though_the_predictions_only_look_black() -> None:
    diagnosis = diagnose([LOOKS_BLACK, LABELS_LOST], EVERYTHING)
    assert diagnosis.verdict is Verdict.FAULT
    assert diagnosis.causes[0].finding.rule == "L01"


def test_a_doubt_about_labels_comes_before_what_only_looks_black() -> None:
    doubt = replace(finding("L19", Level.WARNING), certainty=Certainty.MEDIUM)
    found = diagnose([doubt, LOOKS_BLACK], EVERYTHING)
    assert [cause.finding.rule for cause in found.causes] == ["L19", "V01"]
    assert found.verdict is Verdict.DISPLAY_ONLY
    assert found.answer.finding.rule == "V01"
    assert found.broken is Link.VIEWER


def test_a_hint_is_no_more_than_a_surer_doubt_about_labels() -> None:
    hint = replace(finding("I01"), certainty=Certainty.HINT)
    doubt = replace(finding("L19", Level.WARNING), certainty=Certainty.MEDIUM)
    assert [c.finding.rule for c in diagnose([hint, doubt], EVERYTHING).causes] == ["L19", "I01"]


def test_the_answer_comes_before_warnings_that_are_no_reason() -> None:
    diagnosis = diagnose([finding("P07", Level.WARNING), LOOKS_BLACK], EVERYTHING)
    assert [cause.finding.rule for cause in diagnosis.causes] == ["V01", "P07"]


def test_what_is_wrong_in_stale_shards_stands_under_their_age() -> None:
    empty = replace(finding("L08"), path="shards/train-00000-of-00001.tfrecord, record 3")
    here = replace(finding("L07"), path="data/SegmentationClass/a.png")
    diagnosis = diagnose([empty, finding("S01"), here], EVERYTHING)
    assert [cause.finding.rule for cause in diagnosis.causes] == ["S01", "L07"]
    assert [found.rule for found in diagnosis.causes[0].explains] == ["L08"]


def test_a_cause_that_two_kinds_of_evidence_tell_is_told_once_and_the_surest_stays() -> None:
    doubtful = finding("T02", certainty=Certainty.MEDIUM)
    sure = finding("T02", certainty=Certainty.STRONG)
    (cause,) = diagnose([doubtful, sure], EVERYTHING).causes
    assert cause.finding is sure


def test_each_broken_file_is_told() -> None:
    files = [replace(finding("L27"), path=name) for name in ("a.png", "b.png")]
    assert len(diagnose(files, EVERYTHING).causes) == 2


def test_the_symptom_is_listed_under_its_cause() -> None:
    diagnosis = diagnose([COLLAPSED, LABELS_LOST], EVERYTHING)
    assert [f.rule for f in diagnosis.causes[0].explains] == ["I11"]
    assert diagnosis.to_json()["diagnosis"][0]["explains"] == ["I11"]


def test_a_weak_cause_does_not_claim_to_explain() -> None:
    diagnosis = diagnose([COLLAPSED, IMBALANCE], EVERYTHING)
    assert all(not cause.explains for cause in diagnosis.causes)
    assert {cause.finding.rule for cause in diagnosis.causes} == {"I11", "T01"}


def test_predictions_that_only_look_black_are_no_fault() -> None:
    diagnosis = diagnose([LOOKS_BLACK], [Evidence.PREDICTIONS])
    assert diagnosis.verdict is Verdict.DISPLAY_ONLY
    assert diagnosis.exit_code == 0


def test_black_is_right_where_the_labels_are_black_too() -> None:
    assert diagnose([RIGHTLY_BLACK], EVERYTHING).verdict is Verdict.RIGHTLY_CONSTANT


def test_black_is_not_right_where_the_labels_are_at_fault() -> None:
    diagnosis = diagnose([RIGHTLY_BLACK, LABELS_LOST], EVERYTHING)
    assert diagnosis.verdict is Verdict.FAULT
    assert [cause.finding.rule for cause in diagnosis.causes] == ["L01"]
    assert diagnosis.causes[0].explains == (RIGHTLY_BLACK,)


def test_nothing_wrong_is_healthy_and_nothing_seen_is_not() -> None:
    assert diagnose([], EVERYTHING).verdict is Verdict.HEALTHY
    assert diagnose([], []).verdict is Verdict.NOT_ENOUGH


def test_warnings_alone_make_no_fault() -> None:
    warned = diagnose([finding("P07", Level.WARNING)], EVERYTHING)
    assert warned.verdict is Verdict.HEALTHY
    assert len(warned.causes) == 1


def test_what_would_settle_it_is_named() -> None:
    missing = diagnose([COLLAPSED], [Evidence.PREDICTIONS]).missing
    assert len(missing) == 1
    assert "labels" in missing[0]
    assert not diagnose([], EVERYTHING).missing


def test_the_fault_comes_with_exit_code_one() -> None:
    assert diagnose([LABELS_LOST], EVERYTHING).exit_code == 1
