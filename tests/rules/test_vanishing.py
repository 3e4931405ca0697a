"""Losses that fall to nothing or below it, and validations of one class."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from segdata import rules
from segdata.evidence import CaseFacts, LabelEvidence, LogFacts, Series, SettingsFacts
from segdata.evidence.predictions import PredictionFacts
from segdata.findings import Certainty, Finding, Level
from segdata.rules.outcome import entropy


def log(values: list[float], **more: Any) -> LogFacts:
    points = tuple((10 * n, value) for n, value in enumerate(values, 1))
    return LogFacts(where="t.log", kind="text", loss=Series(points), **more)


def errors(log: LogFacts, training: SettingsFacts | None = None) -> list[Finding]:
    found = rules.judge_case(CaseFacts(log=log, training=training))
    return [one for one in found if one.level >= Level.WARNING]


def scores(*values: float) -> dict[str, Series]:
    return {f"class {n}": Series(((100, value),)) for n, value in enumerate(values)}


ZERO = [0.4, 0.2, *[0.0] * 98]
WELL = [0.05 + 0.6 * math.exp(-n / 20) + 0.003 * (n % 3) for n in range(200)]
FLAT = [0.3 + 0.001 * (n % 3) for n in range(200)]
MMSEG = SettingsFacts(where="a.log", tool="mmseg", num_classes=2)


def test_a_loss_of_nothing_is_told_whatever_the_mean_score_of_one_class_says() -> None:
    perfect = {"mIoU": Series(((100, 1.0),))}
    for more in ({}, {"metrics": perfect, "class_scores": scores(1.0, math.nan)}):
        assert [one.rule for one in errors(log(ZERO, **more))] == ["L01"]
    good = {"metrics": {"mIoU": Series(((100, 0.9),))}, "class_scores": scores(0.95, 0.85)}
    assert errors(log(ZERO, **good)) == []


def test_a_configuration_in_the_log_says_why_the_loss_is_nothing() -> None:
    reduced = SettingsFacts(where="a.log", tool="mmseg", num_classes=2, reduce_zero_label=True)
    found = errors(log(ZERO), reduced)
    assert [one.rule for one in found if one.certainty is Certainty.STRONG] == ["D05"]
    assert errors(log(WELL), reduced) == []
    assert {one.rule for one in errors(log(ZERO), MMSEG)} == {"L01"}


def test_a_loss_of_nothing_in_every_line_is_that_of_one_channel() -> None:
    one = SettingsFacts(where="a.log", tool="mmseg", num_classes=1, one_channel=True)
    (told,) = errors(log([0.0] * 50), one)
    (guessed,) = errors(log([0.0] * 50))
    assert (told.rule, told.certainty) == ("D09", Certainty.STRONG)
    assert (guessed.rule, guessed.certainty) == ("D09", Certainty.MEDIUM)
    assert errors(log(WELL), one) == []


def test_a_cross_entropy_far_below_zero_says_labels_above_one() -> None:
    away = [-math.exp(n / 10) for n in range(100)]
    assert [one.rule for one in errors(log(away))] == ["L02"]
    # Losses made of Dice are negative, too, and end at -1.
    assert errors(log([-1 + value for value in WELL])) == []
    assert errors(log([-3 + value for value in WELL])) == []


def test_one_class_alone_in_the_last_validation_is_a_collapse() -> None:
    found = errors(log(FLAT, class_scores=scores(0.974, 0.0)))
    sure = {one.rule: one.certainty for one in found}
    assert (sure["T01"], sure["I11"]) == (Certainty.HINT, Certainty.MEDIUM)
    assert "2.6 %" in next(one.message for one in found if one.rule == "T01")
    rules_of = {one.rule for one in errors(log(FLAT, class_scores=scores(0.6, 0.0, 0.0)))}
    assert "I11" in rules_of
    assert "T01" not in rules_of


@pytest.mark.parametrize("last", [(0.97, 0.4), (0.97, 0.02), (0.97, math.nan), (0.9, 0.5, 0.0)])
def test_several_classes_or_one_that_is_not_there_are_no_collapse(last: tuple[float, ...]) -> None:
    assert errors(log(WELL, class_scores=scores(*last))) == []


def test_an_explosion_that_leaves_nothing_is_a_rate_that_is_too_high() -> None:
    dead = [0.33 + 0.001 * (n % 3) for n in range(150)]
    assert [one.rule for one in errors(log([0.7, 0.7, 3e4, 3e4, *dead]))] == ["T03"]
    # One bad batch, after which it goes on learning.
    assert errors(log([*WELL[:10], 3e4, *WELL[10:]])) == []


def test_a_curve_that_begins_in_the_middle_may_lie_flat() -> None:
    assert [one.rule for one in errors(log(FLAT))] == ["T03"]
    tail = Series(tuple((30_000 + 10 * n, value) for n, value in enumerate(FLAT)))
    assert errors(LogFacts(where="t.log", kind="text", loss=tail)) == []
    resumed = log(FLAT, notes={"init_ignored": "Ignoring initialization; other checkpoint exists"})
    assert errors(resumed) == []
    assert "T06" in [one.rule for one in rules.judge_case(CaseFacts(log=resumed))]


def test_few_steps_are_told_though_the_curve_is_short() -> None:
    noisy = [1 + 2 * math.exp(-n / 21) + 0.07 * (n % 3 - 1) for n in range(30)]
    assert [one.rule for one in errors(log(noisy))] == ["T02"]
    # Early stopping ends a run whose training loss still falls.
    assert errors(log([0.1 + 0.4 * math.exp(-n / 9) for n in range(31)])) == []


def test_a_log_that_ends_with_the_line_of_nan_is_no_run_to_be_trained_longer() -> None:
    falls = [1 - n / 300 for n in range(150)]
    assert [one.rule for one in errors(log(falls))] == ["T02"]
    ended = log(falls, notes={"nan": "Loss is inf or nan. : Tensor had NaN values"})
    assert [one.rule for one in errors(ended)] == ["T12"]


LABELS = LabelEvidence(
    where="data", num_classes=2, ignore=255, names={0: "background", 1: "object"}, labels=30,
    pixels={0: 620, 1: 380}, samples={"train": 30},
)  # fmt: skip
BLACK = PredictionFacts(
    where="out", files=9, read=9, pixels={0: 900}, constant=9, brightest=0, truth={0: 500, 1: 400}
)


def judged(rule: str, log: LogFacts, predictions: PredictionFacts | None) -> list[Finding]:
    case = CaseFacts(log=log, labels=LABELS, predictions=predictions)
    return [one for one in rules.judge_case(case) if one.rule == rule]


def test_a_first_epoch_near_nothing_counts_where_nothing_is_answered() -> None:
    epochs = log([0.04 / n**3 for n in range(1, 40)], counts="epochs")
    assert judged("L09", epochs, BLACK)
    # A fine-tuned network may begin as low.
    assert not judged("L09", epochs, None)


def test_a_loss_thrown_to_and_fro_by_a_high_rate_is_a_rate_that_is_too_high() -> None:
    wild = [0.66, 1.8e7, 7e4, *[0.575 * (1 + 0.4 * math.sin(n)) for n in range(150)]]
    rate = Series(((10, 1.0),))
    (found,) = judged("T03", log(wild, learning_rate=rate), BLACK)
    assert found.certainty is Certainty.STRONG


def test_what_lies_far_below_the_entropy_is_no_sure_case_of_too_few_steps() -> None:
    low = [0.2 + 0.5 * (1 - n / 200) ** 3 for n in range(200)]
    assert all(one.certainty <= Certainty.HINT for one in judged("T02", log(low), BLACK))
    assert not judged("T02", log(low), None)
    high = [0.4 + 0.3 * (1 - n / 200) for n in range(200)]
    assert [one.certainty for one in judged("T02", log(high), BLACK)] == [Certainty.STRONG]


def test_a_validation_that_gets_worse_on_few_pictures_is_learned_by_heart() -> None:
    fell = [0.7 * math.exp(-n / 20) + 0.01 for n in range(100)]
    rose = {"val loss": Series(tuple((10 * n, 0.5 + n / 100) for n in range(1, 100)))}
    (found,) = judged("T20", log(fell, metrics=rose), None)
    assert found.level is Level.INFO
    assert not judged("T20", log(fell), None)


def test_a_loss_that_stays_above_the_entropy_at_a_usual_rate_is_that_of_frozen_weights() -> None:
    still, rate = [0.72 + 0.002 * (n % 3) for n in range(60)], Series(((10, 0.003),))
    skewed = replace(LABELS, pixels={0: 840, 1: 160})
    for labels, count in ((skewed, 1), (LABELS, 0)):
        case = CaseFacts(log=log(still, learning_rate=rate), labels=labels)
        assert len([one for one in rules.judge_case(case) if one.rule == "T18"]) == count
    assert not judged("T18", log(WELL, learning_rate=rate), None)


def test_few_losses_say_too_few_steps_where_labels_say_that_they_are_high() -> None:
    few = [1.4, 1.2, 1.2, 1.1, 1.0, 0.9, 0.8, 0.8, 0.7]
    assert judged("T02", log(few), None)
    assert not errors(log(few))
    assert not judged("T02", log([1.4, 1.2, 1.2, 1.3, 1.4, 0.9, 1.2, 1.3, 1.1]), None)


@pytest.mark.parametrize(("heavy", "known"), [(1.0, True), (9.0, False)])
def test_weights_that_are_all_alike_leave_the_loss_what_it_is(heavy: float, known: bool) -> None:
    labels = LabelEvidence(where="d", num_classes=2, ignore=255, pixels={0: 50, 1: 50})
    told = SettingsFacts(where="a.py", tool="pytorch", class_weights={0: 1.0, 1: heavy})
    assert (entropy(CaseFacts(labels=labels, training=told)) is not None) is known
