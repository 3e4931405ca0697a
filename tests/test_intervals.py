"""Intervals are the bootstrap's: they cover the truth, repeat with the seed, and know groups."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest

from segdata.class_counts import ClassCounts
from segdata.classes import ClassMap, SegClass
from segdata.evaluation import EvalItem, EvalOptions, evaluate
from segdata.miou_rules import MIOU_RULES
from segdata.scores import Bootstrap, Interval
from segdata.scores.intervals import interval_around, intervals, replicates

VOID = 255
CLASSES = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(3)), VOID)
CITYSCAPES = MIOU_RULES["cityscapes"]


def images(rng: np.random.Generator, count: int, share_right: npt.ArrayLike = 0.7) -> ClassCounts:
    """``N×3`` counts of images of 100 pixels, of which a varying share is right."""
    truth = rng.multinomial(100, [0.5, 0.3, 0.2], count)
    right = np.clip(rng.normal(share_right, 0.1, count), 0, 1)[:, None]
    hits = rng.binomial(truth, right)
    wrong = (truth - hits).sum(axis=1, keepdims=True)
    # Every wrong pixel is predicted as class 0.
    return ClassCounts(hits, truth, hits + wrong * [1, 0, 0])


def items(count: int, seed: int = 0, alike: int = 1) -> list[EvalItem]:
    """Images whose errors differ; ``alike`` in a row are the same."""
    rng = np.random.default_rng(seed)
    out = []
    for i in range(count):
        if i % alike == 0:
            truth = rng.integers(0, 3, (8, 8)).astype(np.uint8)
            wrong = rng.random((8, 8)) < rng.random()
            prediction = np.where(wrong, 0, truth).astype(np.uint8)
        out.append(EvalItem(f"video{i // alike}/{i}", truth, prediction))
    return out


def folder(keys: Sequence[str]) -> list[str]:
    return [key.split("/")[0] for key in keys]


def width(interval: Interval) -> float:
    return interval.high - interval.low


def test_they_cover_the_truth_as_often_as_they_say() -> None:
    """Of 400 simulated evaluations of 60 images; the truth is the score of 200,000."""
    truth = images(np.random.default_rng(1), 200_000)
    expected = [CITYSCAPES.mean(truth)[0], truth.total().pixel_accuracy, truth.total().iou[1]]
    rng, covered = np.random.default_rng(2), np.zeros(3)
    for seed in range(400):
        found = intervals(images(rng, 60), CITYSCAPES, Bootstrap(300, seed=seed))
        assert found is not None
        for at, interval in enumerate((found.miou, found.pixel_accuracy, found.iou[1])):
            covered[at] += interval.low <= expected[at] <= interval.high
    # 400 tries vary by 1.1 %.
    assert (covered / 400 > 0.905).all()
    assert (covered / 400 < 0.975).all()


def test_a_seed_decides_them_and_another_moves_them_little() -> None:
    found = images(np.random.default_rng(1), 50)
    one, same, other = (intervals(found, CITYSCAPES, Bootstrap(seed=seed)) for seed in (3, 3, 4))
    assert dataclasses.asdict(one) == dataclasses.asdict(same)
    assert one.miou != other.miou
    assert other.miou.low == pytest.approx(one.miou.low, abs=0.3 * width(one.miou))


def test_the_level_is_the_share_of_the_replicates_inside() -> None:
    found = images(np.random.default_rng(2), 30)
    wide, narrow = (intervals(found, CITYSCAPES, Bootstrap(level=level)) for level in (0.95, 0.5))
    assert wide.miou.low < narrow.miou.low < narrow.miou.high < wide.miou.high
    values = replicates(30, Bootstrap(level=0.5), lambda w: CITYSCAPES.mean(found, w)[:, None])
    inside = (values >= narrow.miou.low) & (values <= narrow.miou.high)
    assert inside.mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("rule", MIOU_RULES)
def test_they_are_those_of_a_plain_loop_over_drawn_images(rule: str) -> None:
    """Classes that are absent from some draws and void images included."""
    rng = np.random.default_rng(5)
    whole = images(rng, 9)
    there = (rng.random((9, 3)) < [1, 0.5, 0.2]).astype(np.int64)
    there[4] = 0
    units = ClassCounts(whole.hits * there, whole.truth * there, whole.predicted * there)
    options = Bootstrap(200, seed=7)
    found = intervals(units, MIOU_RULES[rule], options)
    draws = np.random.default_rng(7).integers(0, 9, (200, 9))
    drawn = [units.take(draw) for draw in draws]
    rows = [
        [
            MIOU_RULES[rule].mean(one)[0], one.total().pixel_accuracy, one.total().mean_accuracy,
            one.total().frequency_weighted_iou, *one.total().iou,
        ]
        for one in drawn
    ]  # fmt: skip
    once = [
        MIOU_RULES[rule].mean(units)[0], units.total().pixel_accuracy, units.total().mean_accuracy,
        units.total().frequency_weighted_iou, *units.total().iou,
    ]  # fmt: skip
    held = [9] * 4 + (units.union > 0).sum(axis=0).tolist()
    columns = np.array(rows, dtype=np.float64).T
    expected = [
        interval_around(score, column, on, 0.95)
        for score, column, on in zip(once, columns, held, strict=True)
    ]
    told = [found.miou, found.pixel_accuracy, found.mean_accuracy, found.frequency_weighted_iou]
    np.testing.assert_allclose(
        [(i.low, i.high) for i in (*told, *found.iou)],
        [(i.low, i.high) for i in expected],
        rtol=1e-12,
    )


@pytest.mark.parametrize("rule", MIOU_RULES)
def test_groups_are_drawn_with_all_their_images(rule: str) -> None:
    """Nine images in four groups of different sizes, as a plain loop draws them."""
    found = images(np.random.default_rng(6), 9, 0.4)
    there = np.array([1, 1, 0, 1, 1, 1, 0, 1, 1])[:, None] * [0, 0, 1] + [1, 1, 0]
    found = ClassCounts(found.hits * there, found.truth * there, found.predicted * there)
    group = np.array([2, 0, 0, 1, 3, 0, 3, 0, 1])
    told = intervals(found, MIOU_RULES[rule], Bootstrap(200, seed=7), group)
    draws = np.random.default_rng(7).integers(0, 4, (200, 4))
    rows = [np.concatenate([np.flatnonzero(group == g) for g in draw]) for draw in draws]
    means = [MIOU_RULES[rule].mean(found.take(row))[0] for row in rows]
    expected = interval_around(MIOU_RULES[rule].mean(found)[0], np.array(means), 4, 0.95)
    assert (told.unit, told.units) == ("groups", 4)
    assert told.miou.low == pytest.approx(expected.low, nan_ok=True)
    assert told.miou.high == pytest.approx(expected.high, nan_ok=True)


def test_drawing_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by blocks of draws, and the draws are the same."""
    found = images(np.random.default_rng(1), 40)
    whole = intervals(found, CITYSCAPES, Bootstrap(100))
    monkeypatch.setattr("segdata.scores.intervals._BLOCK_BYTES", 8 * 40 * 7)
    in_blocks = intervals(found, CITYSCAPES, Bootstrap(100))
    assert dataclasses.asdict(whole) == dataclasses.asdict(in_blocks)


def report_of(count: int, *, alike: int = 1, rule: str = "cityscapes", grouped: bool = True):  # type: ignore[no-untyped-def]
    options = EvalOptions(rule=rule, groups=folder if grouped else None)
    return evaluate(items(count, alike=alike), CLASSES, options)


def test_one_image_or_one_group_gives_none_and_zero_draws_neither() -> None:
    assert report_of(1).intervals is None
    assert report_of(6, alike=6).intervals is None
    assert report_of(6, alike=6, grouped=False).intervals is not None
    none = evaluate(items(6), CLASSES, EvalOptions(bootstrap=Bootstrap(0)))
    assert none.intervals is None
    assert none.to_json()["intervals"] is None


@pytest.mark.parametrize("rule", ["cityscapes", "smp-imagewise", "torchmetrics-imagewise"])
def test_groups_of_images_that_are_alike_make_them_wider(rule: str) -> None:
    """60 frames of 12 videos tell hardly more than 12 frames."""
    frames = report_of(60, alike=5, rule=rule, grouped=False).intervals
    videos = report_of(60, alike=5, rule=rule).intervals
    assert (frames.unit, frames.units) == ("images", 60)
    assert (videos.unit, videos.units) == ("groups", 12)
    assert width(videos.miou) > 1.6 * width(frames.miou)
    alone = report_of(12, rule=rule).intervals
    assert width(videos.miou) == pytest.approx(width(alone.miou), rel=0.2)


@pytest.mark.parametrize("rule", ["cityscapes", "smp-imagewise"])
def test_groups_of_one_image_are_images(rule: str) -> None:
    videos, frames = report_of(20, rule=rule), report_of(20, rule=rule, grouped=False)
    assert videos.intervals.miou.low == pytest.approx(frames.intervals.miou.low, abs=0.02)
    assert {g.name: g.miou for g in videos.groups} == {
        image.group: image.miou for image in videos.images
    }


def test_images_that_are_all_void_are_drawn_by_nobody() -> None:
    void = np.full((8, 8), VOID, np.uint8)
    extra = [EvalItem(f"void/{i}", void, np.zeros_like(void)) for i in range(30)]
    plain, padded = evaluate(items(10), CLASSES), evaluate([*items(10), *extra], CLASSES)
    assert dataclasses.asdict(plain.intervals) == dataclasses.asdict(padded.intervals)


def test_the_score_lies_inside_its_interval() -> None:
    report = report_of(40, grouped=False)
    assert report.intervals.miou.low < report.miou < report.intervals.miou.high
    told = report.to_json()["intervals"]
    assert told["miou"] == [report.intervals.miou.low, report.intervals.miou.high]
    assert (told["over"], told["units"], told["level"]) == ("images", 40, 0.95)


def test_few_images_make_them_wider_than_percentiles_do() -> None:
    """Student's 2.776 of 5 images times sqrt(5/4), instead of 1.960 (Hesterberg 2015, 5.3)."""
    draws = NormalDist(0.5, 0.01)
    resampled = np.array([draws.inv_cdf((i + 0.5) / 100_000) for i in range(100_000)])
    few, many = (interval_around(0.5, resampled, on, 0.95) for on in (5, 10**7))
    assert (few.low, few.high) == pytest.approx((0.5 - 0.03104, 0.5 + 0.03104), abs=2e-4)
    assert (many.low, many.high) == pytest.approx((0.5 - 0.0196, 0.5 + 0.0196), abs=1e-4)


def test_the_score_lies_inside_where_draws_lose_classes() -> None:
    """Eight images of 200 classes, each class in one or two: a draw holds five of the images."""
    rng = np.random.default_rng(3)
    truth = 100 * (rng.random((8, 200)) < 0.2)
    hits = rng.binomial(truth, 0.8)
    found = ClassCounts(hits, truth, hits + 2)
    told = intervals(found, CITYSCAPES)
    score = CITYSCAPES.mean(found)[0]
    assert told.miou.low < score < told.miou.high
    # The draws themselves lie lower.
    drawn = replicates(8, Bootstrap(), lambda weights: CITYSCAPES.mean(found, weights)[:, None])
    assert np.quantile(drawn, 0.95) < score


def test_a_class_that_one_image_holds_has_none() -> None:
    """Its score is the same in every draw, which tells nothing of other images."""
    truth = np.array([[90, 10], [100, 0], [100, 0]])
    found = intervals(ClassCounts(truth - [[0, 5]] * (truth[:, 1:] > 0), truth, truth), CITYSCAPES)
    assert math.isnan(found.iou[1].low)
    assert math.isnan(found.iou[1].high)
    assert not math.isnan(found.iou[0].low)


def test_they_stay_between_0_and_1() -> None:
    skewed = np.concatenate([np.full(900, 1.0), np.full(100, 0.2)])
    assert interval_around(0.99, skewed, 20, 0.95).high == 1.0


def test_a_score_of_nothing_has_no_minus() -> None:
    assert str(interval_around(0.0, np.zeros(100), 20, 0.95).high) == "0.0"
