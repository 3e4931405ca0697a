"""Which labels are suspect, how much they count, and in what order they come."""

from __future__ import annotations

import tracemalloc
from collections.abc import Collection, Iterator

import numpy as np
import pytest
from doubted import IGNORE, STREET, Recorded, sure_of
from hypothesis import given
from hypothesis import strategies as st

from segdata.classes import ClassMap, SegClass
from segdata.errors import UserError
from segdata.worklist import Look, Shown, rank
from segdata.worklist.confidence import UNSEEN, SelfConfidence
from segdata.worklist.suspects import edge_weights, judge

SIZE = 60, 80


def street() -> np.ndarray:
    """Road, a car and a tree."""
    true = np.zeros(SIZE, np.uint8)
    true[10:30, 10:40] = 1
    true[40:55, 50:75] = 2
    return true


def judged(label: np.ndarray, seen: np.ndarray, confidence: float = 0.9) -> list:
    look = Look("a", sure_of(seen, confidence=confidence), label)
    return judge(look, np.full(3, 0.7), IGNORE).suspects


def test_probabilities_of_16_bits_give_the_scores_of_32() -> None:
    """A network that is wholly sure says 1 and 0: the odds are beyond what 16 bits hold."""
    seen = np.zeros(SIZE, np.uint8)
    seen[10:30, 10:40] = 1
    sure = (np.arange(3)[:, None, None] == seen).astype(np.float16)
    label = np.zeros(SIZE, np.uint8)
    found = [
        judge(Look("a", sure.astype(kind), label), np.full(3, 0.7), IGNORE).suspects[0].score
        for kind in (np.float16, np.float32)
    ]
    assert found[0] == found[1] < 1


class TestThresholds:
    def test_a_threshold_is_the_mean_probability_of_the_class_where_it_is_labelled(self) -> None:
        label = np.array([[0, 0, 1], [1, IGNORE, 2]], np.uint8)
        own = np.array([[0.9, 0.5, 0.8], [0.4, 0.1, 0.6]], np.float32)
        probabilities = np.zeros((3, 2, 3), np.float32)
        for row, column in np.ndindex(2, 3):
            if label[row, column] != IGNORE:
                probabilities[label[row, column], row, column] = own[row, column]
        usual = SelfConfidence(STREET)
        usual.add(Look("a", probabilities, label))
        assert usual.thresholds == pytest.approx([0.7, 0.6, 0.6])
        assert usual.pixels.tolist() == [2, 2, 1]

    def test_two_images_count_as_one_of_both(self) -> None:
        random = np.random.default_rng(1)
        label = random.integers(0, 3, (4, 9)).astype(np.uint8)
        probabilities = random.dirichlet(np.ones(3), (4, 9)).transpose(2, 0, 1)
        whole, halves = SelfConfidence(STREET), SelfConfidence(STREET)
        whole.add(Look("a", probabilities, label))
        for rows in (np.s_[:1], np.s_[1:]):
            halves.add(Look("a", probabilities[:, rows], label[rows]))
        assert halves.thresholds == pytest.approx(whole.thresholds)

    def test_a_class_that_is_never_labelled_must_be_more_probable_than_all_others(self) -> None:
        usual = SelfConfidence(STREET)
        usual.add(Look("a", sure_of(np.zeros(SIZE, np.uint8)), np.zeros(SIZE, np.uint8)))
        assert usual.thresholds[1:].tolist() == [UNSEEN, UNSEEN]

    def test_an_ignored_id_below_the_others_is_never_suggested(self) -> None:
        class_map = ClassMap((SegClass(0, "void"), SegClass(1, "a"), SegClass(2, "b")), 0)
        label = np.ones(SIZE, np.uint8)
        label[:2] = 0
        images = Recorded({"a": label}, {"a": sure_of(np.zeros(SIZE, np.uint8))}, {}, class_map)
        assert rank(images, 10).entries == ()


class TestSuspects:
    def test_an_object_of_the_wrong_class_is_found_whole(self) -> None:
        true = street()
        label = np.where(true == 1, np.uint8(2), true)
        (found,) = judged(label, true)
        assert (found.label, found.suggestion) == (2, 1)
        assert (found.top, found.left, found.mask.shape) == (10, 10, (20, 30))
        assert found.pixels == 600
        assert found.confidence == pytest.approx(0.9)
        assert found.mask.all()

    def test_an_object_that_was_forgotten_is_found(self) -> None:
        true = street()
        label = np.where(true == 2, np.uint8(0), true)
        (found,) = judged(label, true)
        assert (found.label, found.suggestion, found.pixels) == (0, 2, 15 * 25)

    def test_two_objects_are_two_regions_even_if_the_suggestion_is_one(self) -> None:
        label = street()
        assert len(judged(label, np.full(SIZE, 0, np.uint8))) == 2

    def test_right_labels_have_no_suspects(self) -> None:
        assert judged(street(), street()) == []

    def test_ignored_pixels_are_never_suspect(self) -> None:
        true = street()
        label = np.where(true == 1, np.uint8(IGNORE), true)
        assert judged(label, true) == []

    def test_less_than_the_usual_confidence_is_not_enough(self) -> None:
        true = street()
        label = np.where(true == 1, np.uint8(2), true)
        assert judged(label, true, 0.69) == []
        assert len(judged(label, true, 0.71)) == 1

    def test_a_label_that_is_as_probable_as_usual_is_believed(self) -> None:
        label = np.zeros(SIZE, np.uint8)
        probabilities = np.stack([np.full(SIZE, p, np.float32) for p in (0.4, 0.6, 0.0)])
        look = Look("a", probabilities, label)
        assert judge(look, np.array([0.3, 0.5, 0.5]), IGNORE).suspects == []
        assert len(judge(look, np.array([0.5, 0.5, 0.5]), IGNORE).suspects) == 1

    def test_specks_are_dropped(self) -> None:
        label = np.zeros(SIZE, np.uint8)
        seen = label.copy()
        seen[30, 30:33] = 1
        assert judged(label, seen) == []
        seen[30, 33] = 1
        assert len(judged(label, seen)) == 1

    def test_a_border_that_is_drawn_a_pixel_aside_is_worth_nothing(self) -> None:
        label = np.zeros(SIZE, np.uint8)
        label[:, 40:] = 1
        seen = label.copy()
        seen[:, 40] = 0
        assert judged(label, seen) == []

    def test_surer_regions_score_higher_and_scores_lie_between_0_and_1(self) -> None:
        true = street()
        label = np.where(true == 1, np.uint8(2), true)
        scores = [judged(label, true, sure)[0].score for sure in (0.75, 0.9, 0.99)]
        assert scores == sorted(scores)
        assert 0 < scores[0] < scores[-1] < 1

    def test_wrong_pixels_are_counted_by_pair_and_right_ones_by_class(self) -> None:
        label, seen = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
        seen[:10] = 2
        found = judge(Look("a", sure_of(seen), label), np.full(3, 0.7), IGNORE)
        assert found.wrong == {(0, 2): 800.0}
        assert found.right.tolist() == [4000.0, 0.0, 0.0]

    def test_sixteen_bit_ids_are_judged_alike(self) -> None:
        class_map = ClassMap((SegClass(0, "road"), SegClass(300, "car")), 65535)
        seen = np.zeros(SIZE, np.uint16)
        seen[20:40, 20:40] = 300
        label = np.zeros(SIZE, np.uint16)
        label[:3] = 65535
        images = Recorded({"a": label}, {"a": sure_of(seen, 301)}, {}, class_map)
        (entry,) = rank(images, 5).entries
        assert (entry.suspect.suggestion, entry.suspect.pixels) == (300, 400)
        assert np.array_equal(entry.prediction, seen)


@given(st.integers(0, 2**32 - 1))
def test_edge_weights_are_zero_at_borders_and_grow_to_one(seed: int) -> None:
    label = np.random.default_rng(seed).integers(0, 3, (6, 8)).astype(np.uint8)
    label = label.repeat(40, axis=0).repeat(40, axis=1)
    weights = edge_weights(label)
    differs = np.zeros(label.shape, bool)
    differs[:, 1:] |= label[:, 1:] != label[:, :-1]
    differs[1:] |= label[1:] != label[:-1]
    assert (weights[differs] == 0).all()
    assert weights.min() >= 0
    assert weights.max() <= 1
    # 0.8 % of the diagonal of 320×240 is 3.2 pixels: the middle of every square counts fully.
    assert (weights[20::40, 20::40] == 1).all()


def test_a_picture_of_one_class_has_no_border() -> None:
    assert (edge_weights(np.zeros((5, 7), np.uint16)) == 1).all()


def many(count: int) -> Recorded:
    """Images in which a car of growing confidence is labelled as a tree."""
    true = street()
    label = np.where(true == 1, np.uint8(2), true)
    keys = [f"{n:03d}" for n in range(count)]
    seen = {k: sure_of(true, confidence=0.8 + 0.19 * n / count) for n, k in enumerate(keys)}
    return Recorded(dict.fromkeys(keys, label), seen)


class TestRanking:
    def test_the_worst_come_first_and_no_more_than_asked_for(self) -> None:
        found = rank(many(12), 5)
        assert [entry.rank for entry in found.entries] == [1, 2, 3, 4, 5]
        assert [entry.key for entry in found.entries] == ["011", "010", "009", "008", "007"]
        scores = [entry.suspect.score for entry in found.entries]
        assert scores == sorted(scores, reverse=True)
        assert found.images == 12

    def test_the_order_of_equals_is_that_of_the_images(self) -> None:
        images = many(4)
        same = dict.fromkeys(images.labels, images.predictions["003"])
        found = rank(Recorded(images.labels, same), 3)
        assert [entry.key for entry in found.entries] == ["000", "001", "002"]

    def test_pairs_and_shares_are_those_of_the_labels(self) -> None:
        true = street()
        label = true.copy()
        label[10:30, 10:25] = 2
        found = rank(Recorded({"a": label}, {"a": sure_of(true)}), 10)
        assert [(pair.label, pair.suggestion) for pair in found.confusions] == [(2, 1)]
        shares = {noise.id: noise.share for noise in found.classes}
        assert shares[0] == 0
        assert shares[1] == 0
        # Half of the car, 300 pixels, and a tree of 375, less their borders.
        assert shares[2] == pytest.approx(300 / 675, abs=0.02)

    def test_the_first_look_is_spread_over_all_images_and_small(self) -> None:
        asked = []

        class Counted(Recorded):
            def looks(self, every: int = 1) -> Iterator[Look]:
                asked.append(len(list(self.labels)[::every]))
                return super().looks(every)

        images = many(100)
        rank(Counted(images.labels, images.predictions), 3)
        assert asked == [25, 100]

    @pytest.mark.parametrize("count", [5, 100])
    def test_images_of_the_first_look_count_once(self, count: int) -> None:
        found = rank(many(count), 3)
        assert sum(noise.pixels for noise in found.classes) == count * SIZE[0] * SIZE[1]

    def test_nothing_to_look_at_is_told(self) -> None:
        with pytest.raises(UserError, match="nothing to look at"):
            rank(Recorded({}, {}), 5)


class Endless:
    """So many images, made when they are asked for."""

    class_map, has_photos = STREET, False

    def __init__(self, total: int) -> None:
        self.total = total

    def looks(self, every: int = 1) -> Iterator[Look]:
        for number in range(0, self.total, every):
            random = np.random.default_rng(number)
            label = random.integers(0, 3, (6, 8)).astype(np.uint8).repeat(20, 0).repeat(20, 1)
            yield Look(f"image {number}", sure_of(np.roll(label, 20, 1)), label)

    def shown(self, keys: Collection[str]) -> Iterator[Shown]:
        raise AssertionError(keys)


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    def peak(images: int) -> int:
        tracemalloc.start()
        try:
            rank(Endless(images), 20)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(5)
    assert peak(120) < 1.3 * peak(30)


@pytest.mark.parametrize(
    ("probabilities", "label", "what"),
    [
        (np.zeros((4, *SIZE)), street(), "there are 3 classes"),
        (np.zeros((3, 60, 81)), street(), "81×60 pixels, and its label has 80×60"),
        (np.full((3, *SIZE), 1.5), street(), "not 0 to 1"),
        (np.full((3, *SIZE), np.nan), street(), "not 0 to 1"),
        (np.zeros((3, *SIZE)), np.full(SIZE, 7, np.uint8), "holds 7, which is no class"),
    ],
    ids=["classes", "size", "logits", "nan", "id"],
)
def test_what_does_not_fit_is_told(probabilities: np.ndarray, label: np.ndarray, what: str) -> None:
    with pytest.raises(UserError, match=what) as told:
        Look("a", probabilities, label).check(STREET)
    assert "a" in told.value.message
    assert told.value.remedy
