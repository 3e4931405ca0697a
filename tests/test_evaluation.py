"""An evaluation is one pass over the images; its report says what it rests on."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdata.baselines import best_constant, position_majority
from segdata.classes import ClassMap, Label, SegClass
from segdata.confusion import ConfusionMatrix
from segdata.errors import UserError
from segdata.evaluation import (
    EvalItem,
    EvalOptions,
    evaluate,
    evaluate_folders,
    predict_items,
)
from segdata.evaluation.examples import Drawn
from segdata.executors import Processes
from segdata.images import Unreadable, encode_label, encode_photo
from segdata.miou_rules import MIOU_RULES
from segdata.pairing import PairOptions, pair_folders
from segdata.scores import EvalReport, ImageScore

VOID = 255


def class_map(classes: int, ignore: int | None = VOID) -> ClassMap:
    return ClassMap(tuple(SegClass(i, f"class {i}") for i in range(classes)), ignore)


def items(count: int, classes: int, seed: int = 0, size: int = 16) -> Iterator[EvalItem]:
    """Images whose predictions get worse from one to the next."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        truth = rng.integers(0, classes, (size, size)).astype(np.uint8)
        wrong = rng.random(truth.shape) < (i + 1) / (count + 1)
        prediction = np.where(wrong, rng.integers(0, classes, truth.shape), truth).astype(np.uint8)
        truth[0] = VOID
        yield EvalItem(f"image {i}", truth, prediction)


@pytest.mark.parametrize("classes", [2, 11, 150])
def test_the_scores_are_those_of_all_pixels_at_once(classes: int) -> None:
    all_items = list(items(7, classes))
    report = evaluate(all_items, class_map(classes))
    truth = np.concatenate([i.truth for i in all_items])
    prediction = np.concatenate([i.prediction for i in all_items])
    matrix = ConfusionMatrix.of(truth, prediction, classes, VOID)
    assert np.array_equal(report.matrix.counts, matrix.counts)
    assert report.miou == matrix.mean_iou()
    assert len(report.images) == 7
    assert len(report.per_class) == classes


def test_the_cells_of_the_images_add_up_to_the_matrix() -> None:
    report = evaluate(items(5, 6), class_map(6))
    total = np.zeros_like(report.matrix.counts)
    for image in report.images:
        total[image.cells[:, 0], image.cells[:, 1]] += image.cells[:, 2]
    assert np.array_equal(total, report.matrix.counts)


def test_worst_and_best_images_are_found_and_none_is_both() -> None:
    report = evaluate(items(9, 4, size=64), class_map(4), EvalOptions(examples=3))
    ranked = sorted(report.images, key=lambda s: s.miou)
    assert [e.score.key for e in report.worst] == [s.key for s in ranked[:3]]
    assert [e.score.key for e in report.best] == [s.key for s in ranked[::-1][:3]]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12, 20])
def test_few_or_equal_images_are_never_shown_twice(count: int) -> None:
    same = np.zeros((4, 4), np.uint8)
    report = evaluate((EvalItem(str(i), same, same) for i in range(count)), class_map(2))
    shown = [e.score.key for e in (*report.worst, *report.best)]
    assert len(shown) == len(set(shown)) == min(count, 12)


def test_random_images_are_any_of_a_short_stream() -> None:
    """Not the first ones: each of 24 is shown about as often as the others."""
    found: Counter[str] = Counter()
    for seed in range(400):
        drawn = Drawn(18, seed)
        for number in range(24):
            empty = np.zeros((2, 2), np.uint8)
            key = str(number)
            score = ImageScore(key, 0.5, 0.5, 4, np.zeros((0, 3), np.int64))
            drawn.offer(score, EvalItem(key, empty, empty))
        found.update(example.score.key for example in drawn.examples(6, set()))
    assert len(found) == 24
    # 100 expected; 60 and 140 are more than four standard deviations away.
    assert 60 < min(found.values()) <= max(found.values()) < 140


def test_a_photo_that_cannot_be_read_costs_its_picture_and_no_score(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    label = np.zeros((4, 4), np.uint8)
    report = evaluate([EvalItem("a", label, label, tmp_path / "a.jpg")], class_map(2))
    assert report.miou == 1.0
    assert report.worst[0].photo is None


def test_examples_are_small_and_carry_the_photo_whether_array_or_file(tmp_path: Path) -> None:
    photo = np.full((600, 1200, 3), 90, np.uint8)
    (tmp_path / "photo.png").write_bytes(encode_photo(photo))
    label = np.arange(600 * 1200, dtype=np.uint32).reshape(600, 1200) // 100_000
    truth = label.astype(np.uint8)
    for image in (photo, tmp_path / "photo.png"):
        report = evaluate([EvalItem("a", truth, truth, image)], class_map(8))
        example = report.worst[0]
        assert example.photo is not None
        assert example.photo.shape == (240, 480, 3)
        assert example.truth.shape == example.prediction.shape == (240, 480)
        assert set(np.unique(example.truth)) == set(np.unique(truth))


def test_memory_does_not_grow_with_the_images() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        evaluate(items(count, 3, size=256), class_map(3), EvalOptions(examples=2))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(4)
    assert peak(200) < 1.5 * peak(30)


def test_nothing_to_score_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(UserError, match="nothing to score"):
        evaluate([], class_map(2))


def test_an_image_that_is_all_void_has_no_score_and_harms_none() -> None:
    void = EvalItem("void", np.full((8, 8), VOID, np.uint8), np.zeros((8, 8), np.uint8))
    with_void = evaluate([*items(3, 4), void], class_map(4))
    without = evaluate(items(3, 4), class_map(4))
    assert with_void.miou == without.miou
    assert math.isnan(with_void.images[-1].miou)
    assert with_void.to_json()["images"][-1]["miou"] is None
    assert "void" not in {e.score.key for e in (*with_void.worst, *with_void.best)}
    alone = evaluate([void], class_map(4), EvalOptions(boundary=True))
    assert math.isnan(alone.miou)
    data = alone.to_json()
    assert data["per_class"][0]["iou"] is None
    for told in (data, data["boundary"]["trimap"][-1]):
        assert told["miou"] is told["pixel_accuracy"] is None
    assert data["mean_accuracy"] is data["frequency_weighted_iou"] is None


def test_bands_are_scored_by_the_rule_of_the_report() -> None:
    """A class that is nowhere counts 1 for PaddleSeg, in the whole as in a band around borders."""
    (one,) = items(1, 2)
    report = evaluate([one], class_map(3), EvalOptions(rule="paddle", boundary=True))
    assert report.boundary is not None
    widest = report.to_json()["boundary"]["trimap"][-1]
    assert widest["miou"] == pytest.approx(report.boundary.band(-1).mean_iou("paddle"))
    assert widest["miou"] > report.boundary.band(-1).mean_iou()


def test_an_error_in_one_image_names_the_image() -> None:
    bad = EvalItem("street/7", np.full((2, 2), 9, np.uint8), np.zeros((2, 2), np.uint8))
    with pytest.raises(UserError, match=r"street/7: 4 pixels of the truth have ids \[9\]"):
        evaluate([bad], class_map(2))
    small = EvalItem("street/8", np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
    with pytest.raises(UserError, match="street/8: truth is 2x2 and the prediction 3x2"):
        evaluate([small], class_map(2))


def test_an_unknown_rule_is_refused_before_the_first_image_is_read() -> None:
    def never() -> Iterator[EvalItem]:
        raise AssertionError
        yield

    with pytest.raises(UserError, match="no mIoU rule"):
        evaluate(never(), class_map(2), EvalOptions(rule="mean"))


def test_the_json_has_the_promised_keys_and_null_for_undefined() -> None:
    one = EvalItem("a", np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8))
    report = evaluate([one], class_map(3), EvalOptions(rule="voc", provenance={"split": "val"}))
    data = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert data["miou"] is None
    assert data["miou_rule"] == "voc"
    assert data["pixel_accuracy"] == data["mean_accuracy"] == data["frequency_weighted_iou"] == 1.0
    assert data["per_class"][0] == {
        "id": 0, "name": "class 0", "iou": 1.0, "dice": 1.0, "precision": 1.0, "recall": 1.0,
        "pixels": 16, "predicted": 16, "boundary_iou": None,
    }  # fmt: skip
    assert data["per_class"][1]["iou"] is None
    assert data["confusion"] == [[16, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert data["confusion_columns"] == ["class 0", "class 1", "class 2", "no class"]
    assert data["provenance"] == {"split": "val"}


def test_the_ignored_class_is_in_no_table() -> None:
    report = evaluate(
        [EvalItem("a", np.array([[0, 1, 2]], np.uint8), np.array([[1, 1, 2]], np.uint8))],
        ClassMap((SegClass(0, "void"), SegClass(1, "a"), SegClass(2, "b")), 0),
    )
    assert [c.name for c in report.per_class] == ["a", "b"]
    assert report.miou == 1.0


def test_what_is_confused_is_told_with_its_price() -> None:
    """Half of class 1 is taken for class 0; mending that gains what the matrix says."""
    truth = np.repeat(np.array([0, 1], np.uint8), 50)[None]
    prediction = truth.copy()
    prediction[0, 50:75] = 0
    report = evaluate([EvalItem("a", truth, prediction)], class_map(2))
    (confusion,) = report.confusions()
    assert (confusion.truth, confusion.predicted, confusion.pixels) == (1, 0, 25)
    assert confusion.share == 0.5
    assert confusion.images == ("a",)
    assert confusion.miou_gain == pytest.approx(1.0 - report.miou)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_the_price_of_a_confusion_is_the_difference_it_makes(seed: int) -> None:
    report = evaluate(items(2, 4, seed), class_map(4))
    for confusion in report.confusions():
        mended = report.matrix.counts.copy()
        mended[confusion.truth, confusion.predicted] = 0
        mended[confusion.truth, confusion.truth] += confusion.pixels
        gain = ConfusionMatrix(mended, VOID).mean_iou() - report.miou
        assert confusion.miou_gain == pytest.approx(gain, abs=1e-12)


def test_the_best_constant_is_the_best_of_all_constants() -> None:
    rng = np.random.default_rng(3)
    truth = rng.choice(5, (40, 40), p=[0.1, 0.2, 0.5, 0.2, 0.0]).astype(np.uint8)
    truth[:3] = VOID
    classes = class_map(5)
    matrix = ConfusionMatrix.of(truth, truth, 5, VOID)
    for rule in MIOU_RULES:
        scores = [
            ConfusionMatrix.of(truth, np.full_like(truth, i), 5, VOID).mean_iou(rule)
            for i in range(5)
        ]
        best = best_constant(matrix.by_class.alone().truth, classes, MIOU_RULES[rule])
        assert np.array_equal(best.miou, max(scores), equal_nan=True)
        assert f"“class {int(np.argmax(scores))}”" in best.detail


def test_the_majority_map_is_the_most_frequent_class_of_every_position() -> None:
    labels: list[Label] = [
        np.array([[0, 1, VOID], [2, 2, 1]], np.uint8),
        np.array([[0, 2, VOID], [2, 1, 1]], np.uint8),
        np.array([[1, 2, VOID], [0, 0, VOID]], np.uint8),
    ]
    # Nothing but void at the upper right: the most frequent class of all; of equals the lowest id.
    assert position_majority(labels, class_map(3)).tolist() == [[0, 2, 1], [2, 0, 1]]


def test_the_majority_map_stretches_labels_of_other_sizes() -> None:
    small = np.array([[0, 1]], np.uint8)
    large = np.repeat(np.repeat(small, 6, axis=0), 4, axis=1)
    assert position_majority([large, small], class_map(2)).tolist() == large.tolist()
    with pytest.raises(UserError, match="no labels"):
        position_majority([], class_map(2))
    with pytest.raises(UserError, match="no labels"):
        position_majority([np.full((2, 2), VOID, np.uint8)], class_map(2))


def test_maps_are_scored_beside_the_prediction() -> None:
    wanted = list(items(4, 3))
    majority = np.zeros((16, 16), np.uint8)
    report = evaluate(wanted, class_map(3), EvalOptions(maps={"all zero": majority}))
    constant = [ConfusionMatrix.of(i.truth, np.zeros_like(i.truth), 3, VOID).counts for i in wanted]
    expected = ConfusionMatrix(np.sum(constant, axis=0), VOID).mean_iou()
    assert [b.name for b in report.baselines] == ["best constant class", "all zero"]
    assert report.baselines[1].miou == expected


class Threshold:
    """A predictor: class 1 is what is bright."""

    class_map = class_map(2)

    def predict(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return (image[..., 0] > 127).astype(np.uint8)

    def predict_with_confidence(
        self, image: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
        bright = image[..., 0].astype(np.float32) / 255
        return self.predict(image), np.maximum(bright, 1 - bright)

    def logits(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        raise NotImplementedError


def test_a_predictor_is_scored_on_samples() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    truth = (photo[..., 0] > 127).astype(np.uint8)
    report = evaluate(predict_items([("a", photo, truth)], Threshold()), Threshold.class_map)
    assert report.miou == 1.0
    assert report.worst[0].photo is not None


def write(folder: Path, name: str, label: Label) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_label(label))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    predictions, labels = tmp_path / "predictions", tmp_path / "labels"
    for item in items(4, 5):
        write(predictions, f"{item.key}.png", item.prediction)
        write(labels, f"{item.key}.png", item.truth)
    return predictions, labels


def same(a: EvalReport, b: EvalReport) -> bool:
    examples = zip((*a.worst, *a.best), (*b.worst, *b.best), strict=True)
    return np.array_equal(a.matrix.counts, b.matrix.counts) and all(
        x.score.key == y.score.key and np.array_equal(x.prediction, y.prediction)
        for x, y in examples
    )


def test_folders_of_files_score_as_the_arrays_in_them(folders: tuple[Path, Path]) -> None:
    report = evaluate_folders(pair_folders(*folders), class_map(5))
    assert same(report, evaluate(items(4, 5), class_map(5)))
    assert report.pairing is not None
    assert report.pairing.paired == 4


@pytest.mark.slow
def test_processes_give_the_same_report(folders: tuple[Path, Path]) -> None:
    pairs = pair_folders(*folders)
    serial = evaluate_folders(pairs, class_map(5))
    assert same(serial, evaluate_folders(pairs, class_map(5), executor=Processes(2)))


def test_missing_and_extra_files_are_named_and_the_rest_is_scored(
    folders: tuple[Path, Path],
) -> None:
    predictions, labels = folders
    (predictions / "image 2.png").rename(predictions / "other.png")
    report = evaluate_folders(pair_folders(predictions, labels), class_map(5))
    assert report.to_json()["pairing"] == {
        "paired": 3, "missing": ["image 2"], "extra": ["other"], "how": "",
    }  # fmt: skip


def test_names_are_joined_by_sub_folder_or_else_by_stem(tmp_path: Path) -> None:
    label = np.zeros((2, 2), np.uint8)
    for city in ("bonn", "ulm"):
        write(tmp_path / "labels", f"{city}/{city}_1.png", label)
        write(tmp_path / "nested", f"{city}/{city}_1.png", label)
        write(tmp_path / "flat", f"{city}_1.png", label)
    write(tmp_path / "photos", "ulm_1.png", label)
    photos = PairOptions(photos=tmp_path / "photos")
    nested = pair_folders(tmp_path / "nested", tmp_path / "labels", photos)
    assert [p.key for p in nested.pairs] == ["bonn/bonn_1", "ulm/ulm_1"]
    assert [p.photo is not None for p in nested.pairs] == [False, True]
    flat = pair_folders(tmp_path / "flat", tmp_path / "labels")
    assert flat.pairing.how == "by file name, whatever the sub-folder"
    assert [p.key for p in flat.pairs] == ["bonn/bonn_1", "ulm/ulm_1"]


def test_folders_that_do_not_fit_are_refused_with_names(tmp_path: Path) -> None:
    write(tmp_path / "a", "one.png", np.zeros((2, 2), np.uint8))
    write(tmp_path / "b", "two.png", np.zeros((2, 2), np.uint8))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"'one'.*'two'"):
        pair_folders(tmp_path / "a", tmp_path / "b")
    with pytest.raises(UserError, match="empty holds no images"):
        pair_folders(tmp_path / "empty", tmp_path / "b")
    with pytest.raises(UserError, match="none is no folder"):
        pair_folders(tmp_path / "a", tmp_path / "none")


def test_files_of_different_sizes_are_an_error_with_both_names(
    folders: tuple[Path, Path],
) -> None:
    predictions, labels = folders
    write(predictions, "image 1.png", np.zeros((16, 8), np.uint8))
    with pytest.raises(UserError, match=r"image 1\.png is 8×16, but .*image 1\.png is 16×16"):
        evaluate_folders(pair_folders(predictions, labels), class_map(5))


def test_a_damaged_file_is_named(folders: tuple[Path, Path]) -> None:
    predictions, labels = folders
    (predictions / "image 0.png").write_bytes(b"not a picture")
    with pytest.raises(Unreadable, match=r"image 0\.png is not an image"):
        evaluate_folders(pair_folders(predictions, labels), class_map(5))


def test_sixteen_bit_ids_and_mixed_widths_are_scored(tmp_path: Path) -> None:
    truth = np.arange(400, dtype=np.uint16).reshape(20, 20)
    wrong = truth.copy()
    wrong[0, :7] = 399
    wrong[1, :2] = 65000
    write(tmp_path / "p", "a.png", wrong)
    write(tmp_path / "l", "a.png", truth)
    write(tmp_path / "p", "b.png", np.full((2, 2), 3, np.uint8))
    write(tmp_path / "l", "b.png", np.full((2, 2), 3, np.uint16))
    report = evaluate_folders(pair_folders(tmp_path / "p", tmp_path / "l"), class_map(400, None))
    assert report.pixels == 404
    assert report.matrix.pixel_accuracy == (404 - 9) / 404
    assert report.matrix.counts[:, -1].sum() == 2


def test_camvid_scored_against_itself_is_perfect(shared: Path) -> None:
    labels = shared / "camvid" / "SegmentationClass"
    pairs = pair_folders(labels, labels, PairOptions(photos=shared / "camvid" / "JPEGImages"))
    few = type(pairs)(pairs.pairs[:6], pairs.pairing)
    report = evaluate_folders(few, class_map(11, 11))
    assert report.miou == 1.0
    assert report.worst[0].photo is not None
    assert not report.confusions()
