"""A difference is called real only if it would stay with other images."""

from __future__ import annotations

import dataclasses
import json
import math
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from segdata.class_counts import ClassCounts
from segdata.classes import ClassMap, SegClass
from segdata.confusion import ConfusionMatrix
from segdata.drawing.changes import CHANGE_KINDS, change_kinds, change_map
from segdata.errors import UserError
from segdata.evaluation import EvalItem, EvalOptions, Measures, TwoPredictions, evaluate, score_both
from segdata.miou_rules import MIOU_RULES, miou_rule
from segdata.scores import Bootstrap, Compared, Comparison, ImageScore, cells_of, read_report
from segdata.scores import comparison_words as words
from segdata.scores.paired import MEANS, Paired
from segdata.scores.percentiles import tail
from segdata.scores.tested import excludes_zero, fewest, interval_of, many_intervals

VOID = 255
FEW_DRAWS = Bootstrap(400)


def class_map(classes: int) -> ClassMap:
    return ClassMap(tuple(SegClass(i, f"thing {i}") for i in range(classes)), VOID)


def image(key: str, counts: list[list[int]], group: str = "") -> ImageScore:
    """An image with that confusion matrix (rows are the truth)."""
    square = np.array(counts, np.int64)
    matrix = ConfusionMatrix(np.pad(square, ((0, 0), (0, 1))), VOID)
    score, accuracy = matrix.mean_iou(), matrix.pixel_accuracy
    return ImageScore(key, score, accuracy, int(square.sum()), cells_of(matrix), group)


def comparison(a: list[Any], b: list[Any], **more: Any) -> Comparison:
    scores = (
        tuple(image(str(i), counts) for i, counts in enumerate(a)),
        tuple(image(str(i), counts) for i, counts in enumerate(b)),
    )
    both = {"scores": scores, "bootstrap": FEW_DRAWS} | more
    return Comparison(class_map=class_map(len(a[0])), a=Compared("a"), b=Compared("b"), **both)


def random_counts(rng: np.random.Generator, images: int, right: float) -> list[Any]:
    """Matrices of three classes; images differ in how hard they are."""
    out = []
    for _ in range(images):
        hard = rng.uniform(0, 0.3)
        truth = rng.multinomial(1000, [0.6, 0.3, 0.1])
        rows = [rng.multinomial(n, _row(k, right - hard)) for k, n in enumerate(truth)]
        out.append(np.array(rows).tolist())
    return out


def _row(k: int, right: float) -> npt.NDArray[np.float64]:
    row = np.full(3, (1 - right) / 2)
    row[k] = right
    return row


def test_the_scores_of_a_small_case_are_those_by_hand() -> None:
    # A: 6 of 8 and 1 of 2 right; B: 7 of 8 and 2 of 2.
    found = comparison([[[6, 2], [1, 1]]], [[[7, 1], [0, 2]]])
    assert found.miou.a == pytest.approx((6 / 9 + 1 / 4) / 2)
    assert found.miou.b == pytest.approx((7 / 8 + 2 / 3) / 2)
    assert found.means["pixel_accuracy"].value == pytest.approx(0.2)
    assert found.means["mean_accuracy"].value == pytest.approx(
        (7 / 8 + 1) / 2 - (6 / 8 + 1 / 2) / 2
    )
    assert [row.iou.value for row in found.per_class] == pytest.approx(
        [7 / 8 - 6 / 9, 2 / 3 - 1 / 4]
    )
    assert found.outcome == "too few"
    assert "too few images to tell (N = 1): +0.312 mIoU" in words.verdict(found)


def test_an_equal_gain_in_every_image_has_an_interval_without_width() -> None:
    found = comparison([[[6, 2], [1, 1]]] * 8, [[[7, 1], [0, 2]]] * 8)
    interval = found.miou.interval
    assert interval is not None
    assert interval.low == pytest.approx(found.miou.value, abs=1e-12)
    assert interval.high == pytest.approx(found.miou.value, abs=1e-12)
    assert words.verdict(found) == (
        "B is better: +0.312 mIoU (+0.312 to +0.312 in 95\u00a0% of resampled images)"
    )
    assert words.named(found.per_class, "better") == ["thing 1", "thing 0"]


@pytest.mark.parametrize("images", [1, 5, 6, 40])
def test_what_is_compared_with_itself_differs_by_nothing(images: int) -> None:
    counts = random_counts(np.random.default_rng(images), images, 0.8)
    found = comparison(counts, counts)
    assert {one.value for one in found.means.values()} == {0.0}
    assert {row.iou.outcome for row in found.per_class} == {"same"}
    assert words.verdict(found) == "no difference: A and B score the same in every image"
    assert all(ends.low == ends.high == 0 for ends in (found.miou.interval,) if ends)
    assert found.deciding == ()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(6, 20), st.sampled_from(sorted(MIOU_RULES)))
def test_b_against_a_is_the_mirror_image_of_a_against_b(seed: int, images: int, rule: str) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_counts(rng, images, 0.8), random_counts(rng, images, rng.uniform(0.6, 0.95))
    one, other = comparison(a, b, rule=rule), comparison(b, a, rule=rule)
    mirror = {"better": "worse", "worse": "better"}
    rows = [*one.means.values(), *(row.iou for row in one.per_class)]
    mirrored = [*other.means.values(), *(row.iou for row in other.per_class)]
    for x, y in zip(rows, mirrored, strict=True):
        assert y.value == -x.value
        assert y.outcome == mirror.get(x.outcome, x.outcome)
        if x.interval is not None and y.interval is not None:
            assert (y.interval.low, y.interval.high) == (-x.interval.high, -x.interval.low)


def test_differences_are_those_of_the_scores_under_every_rule() -> None:
    rng = np.random.default_rng(3)
    a, b = random_counts(rng, 9, 0.8), random_counts(rng, 9, 0.7)
    for name in MIOU_RULES:
        found = comparison(a, b, rule=name)
        for side, counts in (("a", a), ("b", b)):
            table = np.array(counts)
            hits = np.diagonal(table, axis1=1, axis2=2)
            expected = miou_rule(name).mean(ClassCounts(hits, table.sum(2), table.sum(1)))[0]
            assert getattr(found.miou, side) == pytest.approx(expected)


def test_intervals_hold_the_true_difference_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    population = (random_counts(rng, 4000, 0.85), random_counts(rng, 4000, 0.80))
    tables = [np.array(counts) for counts in population]
    truth = paired(*tables).differences(Bootstrap(100))[0].value
    inside, trials = 0, 300
    for trial in range(trials):
        drawn = rng.integers(0, 4000, 12)
        one = paired(*(table[drawn] for table in tables))
        ends = one.differences(Bootstrap(400, seed=trial))[0].interval
        assert ends is not None
        inside += ends.low <= truth <= ends.high
    # Of 300 trials, 3 standard errors of 95 % are 3.8 %.
    assert 0.91 <= inside / trials <= 0.99


def paired(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Paired:
    one, other = (
        ClassCounts(np.diagonal(t, axis1=1, axis2=2), t.sum(axis=2), t.sum(axis=1)) for t in (a, b)
    )
    return Paired(one, other, miou_rule("cityscapes"))


def test_of_many_classes_without_a_difference_hardly_any_is_told() -> None:
    """Uncorrected, 20 classes would give a false claim in two of three trials."""
    rng = np.random.default_rng(5)
    false = 0
    for trial in range(100):
        truth = np.full((40, 20), 100)
        hits = [rng.binomial(100, np.clip(rng.normal(0.7, 0.1, truth.shape), 0, 1)) for _ in "ab"]
        sides = [ClassCounts(h, truth, truth) for h in hits]
        found = Paired(sides[0], sides[1], miou_rule("cityscapes")).differences(
            Bootstrap(2000, seed=trial)
        )
        false += any(one.outcome in ("better", "worse") for one in found[len(MEANS) :])
    assert false <= 12


def test_hard_images_that_are_hard_for_both_do_not_hide_a_difference() -> None:
    rng = np.random.default_rng(2)
    hits = np.round(rng.uniform(200, 900, (30, 1))).astype(np.int64)
    truth = np.full((30, 1), 1000)
    a, b = (ClassCounts(h, truth, truth) for h in (hits, hits + 10))
    found = Paired(a, b, miou_rule("cityscapes")).differences(FEW_DRAWS)[0]
    assert found.outcome == "better"
    assert found.interval is not None
    assert found.interval.high - found.interval.low < 0.02


@pytest.mark.parametrize("units", [6, 10, 30, 1000])
def test_the_tail_is_that_of_expanded_percentiles(units: int) -> None:
    student = stats.t.ppf(0.975, units - 1)
    expected = stats.norm.cdf(-student * math.sqrt(units / (units - 1)))
    assert tail(0.95, units) == pytest.approx(expected, rel=0.02)


def test_classes_are_told_as_benjamini_and_hochberg_do() -> None:
    shifts = np.array([5.0, 3.6, 3.1, 2.6, 2.3, 2.2, 1.5, 0.4, 0.0, -2.9])
    draws = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    found, level = many_intervals(shifts + draws[:, None], np.full(10, 10**7), 0.95)
    p = 2 * stats.norm.cdf(-np.abs(shifts))
    expected = stats.false_discovery_control(p) <= 0.05
    assert [excludes_zero(ends) for ends in found] == expected.tolist()
    assert level == pytest.approx(1 - 0.05 * expected.sum() / 10)


def test_fewer_images_than_a_sign_test_needs_tell_nothing() -> None:
    assert [fewest(level) for level in (0.9, 0.95, 0.99)] == [5, 6, 8]
    assert interval_of(np.ones(100), 5, 0.95) is None
    assert interval_of(np.ones(100), 6, 0.95) is not None


def test_draws_without_a_score_are_left_out() -> None:
    assert interval_of(np.array([np.nan, 1.0, 1.0]), 50, 0.95) == interval_of(
        np.array([1.0, 1.0]), 50, 0.95
    )
    assert many_intervals(np.full((9, 2), np.nan), np.array([50, 50]), 0.95)[0] == [None, None]


def test_images_that_belong_together_are_drawn_together() -> None:
    rng = np.random.default_rng(8)
    a, b = random_counts(rng, 7, 0.8), random_counts(rng, 7, 0.75)

    def copies(side: list[Any]) -> tuple[ImageScore, ...]:
        """Four copies of each image: they are no new information."""
        return tuple(
            image(f"{i}/{n}", counts, f"scene {i}")
            for i, counts in enumerate(side)
            for n in range(4)
        )

    alone = comparison(a, b)
    grouped = comparison(a, b, scores=(copies(a), copies(b)))
    assert grouped.unit == "groups"
    assert grouped.miou == alone.miou
    assert [g.images for g in grouped.groups] == [4] * 7
    assert "of resampled groups" in words.verdict(grouped)


@pytest.mark.parametrize("rule", ["cityscapes", "smp-imagewise", "torchmetrics-imagewise"])
def test_groups_are_drawn_under_rules_that_look_at_every_image_too(rule: str) -> None:
    """As a plain loop over drawn groups of different sizes."""
    rng = np.random.default_rng(9)
    group = np.array([0, 3, 1, 1, 2, 5, 4, 5, 5, 6, 0])
    a, b = (np.array(random_counts(rng, 11, right)) for right in (0.8, 0.7))
    whole = paired(a, b)
    found = Paired(whole.a, whole.b, miou_rule(rule), group=group).differences(FEW_DRAWS)[0]
    draws = np.random.default_rng(FEW_DRAWS.seed).integers(0, 7, (FEW_DRAWS.replicates, 7))
    rows = [np.concatenate([np.flatnonzero(group == g) for g in draw]) for draw in draws]
    mean = miou_rule(rule).mean
    expected = interval_of(
        np.array([mean(whole.b.take(row))[0] - mean(whole.a.take(row))[0] for row in rows]),
        7, FEW_DRAWS.level,
    )  # fmt: skip
    assert found.units == 7
    assert expected is not None
    assert found.interval is not None
    assert found.interval.low == pytest.approx(expected.low)
    assert found.interval.high == pytest.approx(expected.high)


def test_grouped_images_are_drawn_as_groups_under_every_rule() -> None:
    equal, gain = [[8, 2], [2, 8]], [[10, 0], [0, 10]]
    found = comparison([equal] * 14, [equal] * 7 + [gain] * 7)
    scores = tuple(
        tuple(dataclasses.replace(s, group=f"scene {i // 2}") for i, s in enumerate(side))
        for side in found.scores
    )
    grouped = dataclasses.replace(found, scores=scores, rule="smp-imagewise")
    assert (grouped.unit, grouped.miou.units) == ("groups", 7)
    assert grouped.deciding[0].key.startswith("scene ")


def test_the_difference_lies_inside_its_interval_where_draws_lose_classes() -> None:
    rng = np.random.default_rng(3)
    truth = 100 * (rng.random((8, 200)) < 0.2)
    sides = []
    for right in (0.7, 0.8):
        hits = rng.binomial(truth, right)
        sides.append(ClassCounts(hits, truth, hits + 2))
    found = Paired(*sides, miou_rule("cityscapes")).differences(FEW_DRAWS)[0]
    assert found.outcome == "better"
    assert found.interval is not None
    assert found.interval.low <= found.value <= found.interval.high


def test_the_image_that_decides_is_named() -> None:
    equal, gain = [[8, 2], [2, 8]], [[10, 0], [0, 10]]
    found = comparison([equal] * 7, [equal] * 6 + [gain])
    assert found.deciding[0].key == "6"
    assert found.deciding[0].without == 0.0
    assert words.influence(found) == "without 6, which moves it most, the difference would be 0"
    assert words.image_verdict(found) == "B scores higher in 1 images, lower in 0 and the same in 6"


def test_a_class_in_few_images_is_not_told() -> None:
    with_rare = [[8, 1, 0], [1, 8, 1], [0, 4, 6]]
    without = [[8, 1, 0], [1, 8, 0], [0, 0, 0]]
    better = [[9, 0, 0], [0, 10, 0], [0, 0, 10]]
    found = comparison([with_rare] * 2 + [without] * 8, [better] * 2 + [without] * 8)
    rare = found.per_class[2].iou
    assert (rare.units, rare.outcome, rare.interval) == (2, "too few", None)
    assert any("thing 2" in warning for warning in words.warnings(found))


def test_other_means_that_say_the_opposite_are_told() -> None:
    a, b = [[90, 10], [5, 5]], [[80, 20], [0, 10]]
    found = comparison([a] * 8, [b] * 8)
    assert found.outcome == "better"
    assert found.means["pixel_accuracy"].outcome == "worse"
    assert any("by pixel accuracy" in w and "B is worse" in w for w in words.warnings(found))


def test_an_undefined_mean_is_no_difference() -> None:
    found = comparison([[[5, 0], [0, 0]]] * 8, [[[5, 0], [0, 0]]] * 8, rule="voc")
    assert found.outcome == "undefined"
    json.dumps(found.to_json(), allow_nan=False)


@given(st.floats(-1, 1))
def test_a_sign_stands_before_every_difference_but_zero(value: float) -> None:
    told = words.signed(value)
    assert told == "0" if value == 0 else told[0] == ("+" if value > 0 else "−")


def items(count: int, seed: int = 0) -> list[TwoPredictions]:
    rng = np.random.default_rng(seed)
    out = []
    for i in range(count):
        truth = rng.integers(0, 4, (24, 32)).astype(np.uint8)
        a, b = (
            np.where(rng.random(truth.shape) < p, 0, truth).astype(np.uint8)
            for p in rng.uniform(0, 0.5, 2)
        )
        truth[:2] = VOID
        out.append(TwoPredictions(f"image {i}", truth, a, b, np.zeros((24, 32, 3), np.uint8)))
    return out


def test_one_pass_scores_both_as_two_evaluations_do() -> None:
    found = score_both(items(9), Measures(4, VOID, "cityscapes", boundary=True))
    for side, name in zip(found.scores, "ab", strict=True):
        report = evaluate(
            (EvalItem(i.key, i.truth, getattr(i, name)) for i in items(9)),
            class_map(4),
            EvalOptions(boundary=True),
        )
        assert [s.key for s in side] == [s.key for s in report.images]
        for one, other in zip(side, report.images, strict=True):
            assert np.array_equal(one.cells, other.cells)
            assert np.array_equal(one.contours, other.contours)  # type: ignore[arg-type]


def test_the_images_that_changed_most_are_kept() -> None:
    found = score_both(items(30), Measures(4, VOID, "cityscapes"))
    change = {a.key: b.miou - a.miou for a, b in zip(*found.scores, strict=True)}
    ranked = sorted(change, key=lambda key: -change[key])
    assert [one.a.score.key for one in found.gains] == ranked[:6]
    assert [one.a.score.key for one in found.losses] == ranked[::-1][:6]
    assert all(np.array_equal(one.a.truth, one.b.truth) for one in found.gains)


def test_memory_does_not_grow_with_the_images() -> None:
    def peak(count: int) -> int:
        def large() -> Iterator[TwoPredictions]:
            rng = np.random.default_rng(0)
            for i in range(count):
                truth = np.zeros((600, 800), np.uint8)
                a, b = (np.where(rng.random((600, 1)) < 0.2, 1, truth) for _ in "ab")
                photo = np.zeros((600, 800, 3), np.uint8)
                yield TwoPredictions(str(i), truth, a.astype(np.uint8), b.astype(np.uint8), photo)

        tracemalloc.start()
        score_both(large(), Measures(2, None, "cityscapes"))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    # Thumbnails of six gains and six losses are kept: one large image is 2.9 MB.
    assert peak(120) < peak(40) + 2_000_000


def test_what_changed_is_told_of_every_pixel() -> None:
    truth = np.array([[1, 1, 1, 1, VOID]], np.uint8)
    a = np.array([[1, 0, 1, 0, 1]], np.uint8)
    b = np.array([[1, 1, 2, 2, 1]], np.uint8)
    kinds = change_kinds(truth, a, b, VOID)
    names = [CHANGE_KINDS[kind].name for kind in kinds[0]]
    assert names == ["both right", "only B right", "only A right", "both wrong", "void"]
    assert change_map(kinds).shape == (1, 5, 3)
    swapped = [CHANGE_KINDS[kind].name for kind in change_kinds(truth, b, a, VOID)[0]]
    assert swapped == ["both right", "only A right", "only B right", "both wrong", "void"]


def report_text(boundary: bool = False) -> str:
    source = (EvalItem(i.key, i.truth, i.a) for i in items(5))
    report = evaluate(source, class_map(4), EvalOptions(boundary=boundary))
    return json.dumps(report.to_json(cells=True))


def test_a_report_is_read_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(report_text(boundary=True))
    found = read_report(path)
    source = (EvalItem(i.key, i.truth, i.a) for i in items(5))
    report = evaluate(source, class_map(4), EvalOptions(boundary=True))
    assert found.class_map == report.class_map
    assert found.rule == report.rule
    for one, other in zip(found.images, report.images, strict=True):
        assert (one.key, one.miou, one.pixel_accuracy, one.pixels) == (
            other.key, other.miou, other.pixel_accuracy, other.pixels
        )  # fmt: skip
        assert np.array_equal(one.cells, other.cells)
        assert np.array_equal(one.contours, other.contours)  # type: ignore[arg-type]


REPORT = report_text()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_report_is_a_user_s_error_or_still_a_report(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    tree = json.loads(REPORT)
    strange = st.sampled_from([None, -1, 10**30, 2.5, "x", [], {}, [[1, 2]], [[1, 2, "3"]], True])
    place: Any = tree
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(min(len(place), 2)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not (isinstance(inner, (dict, list)) and inner) or data.draw(st.booleans()):
            break
        place = inner
    place[key] = data.draw(strange)
    path = tmp_path_factory.mktemp("damaged") / "r.json"
    path.write_text(json.dumps(tree))
    told = "r.json"
    try:
        read_report(path)
    except UserError as error:
        told = error.message
    assert "r.json" in told


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"images": []}', "\x00\xff"])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=r"r\.json"):
        read_report(path)


def test_a_report_without_counts_says_how_to_write_them(tmp_path: Path) -> None:
    tree = json.loads(REPORT)
    for entry in tree["images"]:
        del entry["cells"]
    path = tmp_path / "r.json"
    path.write_text(json.dumps(tree))
    with pytest.raises(UserError, match="does not hold the confusion matrix") as raised:
        read_report(path)
    assert "segdata eval RUN --report" in raised.value.remedy


def test_two_counts_of_one_cell_are_damage(tmp_path: Path) -> None:
    """One of them would be in the sum of the pixels alone, and not in the hits."""
    classes = ClassMap((SegClass(0, "a"), SegClass(1, "b")), None).to_json()
    image = {"key": "a", "miou": 1.0, "cells": [[0, 0, 5], [0, 0, 7]]}
    data = {"images": [image], "miou_rule": "cityscapes", "classes": classes}
    (tmp_path / "r.json").write_text(json.dumps(data))
    with pytest.raises(UserError, match="damaged: a has two counts of one cell"):
        read_report(tmp_path / "r.json")
