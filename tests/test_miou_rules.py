"""Every rule scores what its tool scores, from arrays and from files, whatever the labels hold."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, jaccard_score, precision_recall_fscore_support

from segdata.class_counts import ClassCounts
from segdata.classes import ClassMap, Label, SegClass
from segdata.cli import run
from segdata.confusion import ConfusionMatrix
from segdata.evaluation import EvalItem, evaluate
from segdata.images import encode_label
from segdata.miou_rules import MIOU_RULES
from segdata.scores import EvalReport

VOID = 255
# Two images of five classes and void that nine tools score differently: class 3 is predicted on
# void only, class 4 is predicted and never true. Runs of (count, id).
TRUTH_A, PREDICTED_A = (
    [(12, 0), (4, 1), (2, 2), (2, VOID)],
    [(10, 0), (2, 4), (4, 1), (1, 2), (1, 0), (2, 3)],
)
TRUTH_B, PREDICTED_B = [(16, 0), (4, 1)], [(16, 0), (1, 1), (3, 0)]
ANSWERS = {
    "cityscapes": 0.4844,
    "voc": None,
    "detectron2": 0.6458,
    "paddle": 0.5875,
    "smp": 0.5875,
    "smp-imagewise": 0.7361,
    "segnet": 0.3875,
    "torchmetrics-imagewise": 0.5602,
    "micro": 0.7273,
}


def image(runs: Sequence[tuple[int, int]]) -> Label:
    """Four rows of five pixels."""
    ids = np.repeat([i for _, i in runs], [n for n, _ in runs])
    return ids.astype(np.uint8).reshape(4, 5)


def class_map(classes: int, ignore: int | None) -> ClassMap:
    return ClassMap(tuple(SegClass(i, f"class {i}") for i in range(classes)), ignore)


def rounded(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """The worked example as files, and the options that name them."""
    for folder, a, b in (("predicted", PREDICTED_A, PREDICTED_B), ("true", TRUTH_A, TRUTH_B)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(encode_label(image(a)))
        (tmp_path / folder / "b.png").write_bytes(encode_label(image(b)))
    predictions, labels = str(tmp_path / "predicted"), str(tmp_path / "true")
    return ["--predictions", predictions, "--labels", labels, "--num-classes", "5",
            "--ignore", "255", "--format", "json", "--bootstrap", "0",
            "--executor", "serial"]  # fmt: skip


def test_the_worked_example_has_all_nine_answers() -> None:
    report = evaluate(
        [
            EvalItem("a", image(TRUTH_A), image(PREDICTED_A)),
            EvalItem("b", image(TRUTH_B), image(PREDICTED_B)),
        ],
        class_map(5, VOID),
    )
    assert {name: rounded(value) for name, value in report.rules.items()} == ANSWERS


def test_files_on_the_command_line_have_all_nine_answers(
    folders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", *folders]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {n: rounded(v) for n, v in found["miou_under_every_rule"].items()} == ANSWERS
    assert found["miou_rule"] == "cityscapes"
    assert rounded(found["frequency_weighted_iou"]) == 0.7566
    assert rounded(found["pixel_accuracy"]) == 0.8421
    assert rounded(found["mean_accuracy"]) == 0.6845


@pytest.mark.parametrize("rule", ANSWERS)
def test_a_named_rule_is_the_headline_and_each_image_s_score(
    folders: list[str], capsys: pytest.CaptureFixture[str], rule: str
) -> None:
    assert run(["eval", *folders, "--miou-rule", rule]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (rounded(found["miou"]), found["miou_rule"]) == (ANSWERS[rule], rule)
    # Image B holds two of five classes, which score 16 of 19 and 1 of 4 pixels.
    two = 16 / 19 + 1 / 4
    of_b = {"voc": None, "smp": (two + 3) / 5, "paddle": (two + 3) / 5, "segnet": two / 5,
            "smp-imagewise": (two + 3) / 5, "micro": 17 / 23}.get(rule, two / 2)  # fmt: skip
    assert rounded(found["images"][1]["miou"]) == rounded(of_b)


@dataclass(frozen=True)
class Case:
    """Images to score: void, absent classes, classes that are only predicted, ids of 16 bits."""

    truths: list[Label]
    predictions: list[Label]
    classes: int
    ignore: int | None

    @property
    def counted_ids(self) -> list[int]:
        return [i for i in range(self.classes) if i != self.ignore]

    def counted(self) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Truth and prediction of each image's pixels that are not void, as flat integers."""
        pairs = zip(self.truths, self.predictions, strict=True)
        return [
            (t[t != self.ignore].astype(np.int64), p[t != self.ignore].astype(np.int64))
            for t, p in pairs
        ]

    def together(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        truth, prediction = zip(*self.counted(), strict=True)
        return np.concatenate(truth), np.concatenate(prediction)

    def report(self) -> EvalReport:
        pairs = zip(self.truths, self.predictions, strict=True)
        items = (EvalItem(str(i), *pair) for i, pair in enumerate(pairs))
        return evaluate(items, class_map(self.classes, self.ignore))


@st.composite
def cases(draw: st.DrawFn, strays: bool = True) -> Case:
    """Args: strays: predictions may hold ids that are no class."""
    classes = draw(st.sampled_from([2, 5, 21, 300]))
    ignore = draw(st.sampled_from([None, 0, 1, VOID if classes < VOID else 1000, 65535]))
    wide = classes > 256 or (ignore or 0) > 255
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    there = rng.choice(classes, max(1, min(classes, 8) // 2), replace=False)
    guessed = rng.choice(classes, min(classes, 8), replace=False)
    truths, predictions = [], []
    for _ in range(draw(st.integers(1, 4))):
        size = tuple(rng.integers(1, 9, 2))
        truth = rng.choice(there, size).astype(np.uint16 if wide else np.uint8)
        prediction = np.where(rng.random(size) < 0.5, truth, rng.choice(guessed, size))
        if strays:
            prediction[rng.random(size) < 0.05] = classes + 1
        if ignore is not None:
            truth[rng.random(size) < 0.2] = ignore
            # Where the right class of a pixel was ignored as a whole, it is drawn anew.
            prediction[prediction == ignore] = guessed[0]
        truths.append(truth)
        predictions.append(prediction.astype(truth.dtype))
    return Case(truths, predictions, classes, ignore)


def ious(truth: npt.NDArray[np.int64], prediction: npt.NDArray[np.int64], ids: list[int],
         empty: float) -> npt.NDArray[np.float64]:  # fmt: skip
    """IoU of classes by sets of pixels; ``empty`` where a class is in neither."""
    out = []
    for i in ids:
        true, guess = set(np.flatnonzero(truth == i)), set(np.flatnonzero(prediction == i))
        out.append(len(true & guess) / len(true | guess) if true | guess else empty)
    return np.array(out)


def mmsegmentation(case: Case) -> float:
    """Histograms of what was hit, predicted and true; classes without any are left out."""
    truth, prediction = case.together()

    def histogram(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.bincount(ids[ids < case.classes], minlength=case.classes)[case.counted_ids]

    hit = histogram(truth[truth == prediction])
    union = histogram(truth) + histogram(prediction) - hit
    return float((hit[union > 0] / union[union > 0]).mean()) if union.any() else 0.0


def cityscapes_scripts(case: Case) -> float:
    """True positives over those, false negatives and false positives, label by label."""
    scores = []
    truth, prediction = case.together()
    for i in case.counted_ids:
        hits = int(np.sum((truth == i) & (prediction == i)))
        missed, false = int(np.sum(truth == i)) - hits, int(np.sum(prediction == i)) - hits
        if hits + missed + false:
            scores.append(hits / (hits + missed + false))
    return float(np.mean(scores)) if scores else 0.0


def detectron2(case: Case) -> float:
    """Only classes that the truth holds."""
    truth, prediction = case.together()
    ids = [i for i in case.counted_ids if (truth == i).any()]
    return float(ious(truth, prediction, ids, math.nan).mean()) if ids else 0.0


def paddle(case: Case) -> float:
    return float(ious(*case.together(), case.counted_ids, 1.0).mean())


def voc_devkit(case: Case) -> float:
    return float(ious(*case.together(), case.counted_ids, math.nan).mean())


def segnet(case: Case) -> float:
    return float(ious(*case.together(), case.counted_ids, 0.0).mean())


def smp_imagewise(case: Case) -> float:
    """Every image's mean of all classes, a class that is not there being 1."""
    return float(np.mean([ious(*pair, case.counted_ids, 1.0).mean() for pair in case.counted()]))


def micro(case: Case) -> float:
    """All classes' pixels in one pot."""
    truth, prediction = case.together()
    hits = int(np.sum(truth == prediction))
    union = sum(int(np.sum((truth == i) | (prediction == i))) for i in case.counted_ids)
    return hits / union if union else 0.0


ORACLES: list[tuple[str, Callable[[Case], float]]] = [
    ("cityscapes", mmsegmentation),
    ("cityscapes", cityscapes_scripts),
    ("detectron2", detectron2),
    ("paddle", paddle),
    ("smp", paddle),
    ("voc", voc_devkit),
    ("segnet", segnet),
    ("smp-imagewise", smp_imagewise),
    ("micro", micro),
]


@settings(max_examples=60, deadline=None)
@given(cases())
def test_every_rule_equals_its_tool_s(case: Case) -> None:
    report = case.report()
    rules = report.rules
    if not report.pixels:
        # Tools say 0, 1 or nothing at all of pixels that are all ignored; here it is undefined.
        assert all(np.isnan(score) for score in rules.values())
        return
    for rule, oracle in ORACLES:
        expected = oracle(case)
        assert rules[rule] == pytest.approx(expected, abs=1e-12, nan_ok=True), oracle.__name__


@settings(max_examples=20, deadline=None)
@given(cases())
def test_scores_of_classes_equal_scikit_learn_s(case: Case) -> None:
    truth, prediction = case.together()
    report = case.report()
    ids = [c.id for c in report.per_class]
    assert ids == case.counted_ids
    if not len(truth):
        return
    theirs = confusion_matrix(truth, prediction, labels=range(case.classes))
    # The matrix ends with the last class that is not ignored.
    last = report.matrix.num_classes
    assert np.array_equal(report.matrix.counts[:, :-1], theirs[:last, :last])
    iou = jaccard_score(truth, prediction, labels=ids, average=None, zero_division=0)
    precision, recall, dice, pixels = precision_recall_fscore_support(
        truth, prediction, labels=ids, zero_division=np.nan
    )
    for score, *expected in zip(
        report.per_class, iou, precision, recall, dice, pixels, strict=True
    ):
        there = score.pixels + score.predicted > 0
        assert score.pixels == expected[4]
        np.testing.assert_allclose([score.precision, score.recall], expected[1:3], rtol=1e-12)
        np.testing.assert_allclose(
            [score.iou, score.dice], [expected[0], expected[3]] if there else np.nan, rtol=1e-12
        )


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(cases(strays=False))
def test_scores_equal_torchmetrics(case: Case) -> None:
    torch = pytest.importorskip("torch")
    classification = pytest.importorskip("torchmetrics.classification")
    segmentation = pytest.importorskip("torchmetrics.segmentation")
    truth, prediction = (
        torch.from_numpy(np.concatenate([part.ravel().astype(np.int64) for part in parts]))
        for parts in (case.truths, case.predictions)
    )
    report = case.report()
    if not report.pixels:
        return
    given_ = {"num_classes": case.classes, "ignore_index": case.ignore}
    matrix = classification.MulticlassConfusionMatrix(**given_)(prediction, truth)
    last = report.matrix.num_classes
    assert np.array_equal(report.matrix.counts[:, :-1], matrix.numpy()[:last, :last])
    for average, rule in (("macro", "cityscapes"), ("micro", "micro")):
        theirs = classification.MulticlassJaccardIndex(**given_, average=average)(prediction, truth)
        assert report.rules[rule] == pytest.approx(float(theirs), abs=1e-6), average
    if case.ignore in range(case.classes):
        # MeanIoU cannot leave a class out.
        return
    imagewise = segmentation.MeanIoU(num_classes=case.classes, input_format="index")
    for true, guess in case.counted():
        if len(true):
            imagewise.update(torch.from_numpy(guess)[None], torch.from_numpy(true)[None])
    theirs = float(imagewise.compute())
    assert report.rules["torchmetrics-imagewise"] == pytest.approx(theirs, abs=1e-6)


def test_sums_of_scores_are_exact_where_float32_is_not() -> None:
    """Counts of a cell past 2^24, in which float32 has lost the ones."""
    counts = np.array([[2**24 + 1, 1, 0], [0, 2**40 + 1, 0]])
    matrix = ConfusionMatrix(counts)
    assert matrix.iou.tolist() == [(2**24 + 1) / (2**24 + 2), (2**40 + 1) / (2**40 + 2)]
    (image_counts,) = [matrix.by_class.alone()]
    assert image_counts.total().truth.tolist() == [2**24 + 2, 2**40 + 1]


@pytest.mark.parametrize("rule", MIOU_RULES)
def test_images_that_count_several_times_score_as_if_they_were_there_so_often(rule: str) -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 40, (6, 4)) * (rng.random((6, 4)) < 0.6)
    hits = rng.integers(0, truth + 1)
    predicted = hits + rng.integers(0, 9, hits.shape) * (rng.random(hits.shape) < 0.4)
    counts = ClassCounts(hits, truth, predicted)
    drawn = rng.integers(0, 6, (20, 6))
    weights = np.stack([np.bincount(one, minlength=6) for one in drawn]).astype(np.float64)
    expected = [MIOU_RULES[rule].mean(counts.take(one))[0] for one in drawn]
    np.testing.assert_allclose(MIOU_RULES[rule].mean(counts, weights), expected, rtol=1e-12)
    assert np.isfinite(expected).any()
