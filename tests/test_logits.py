"""Logits in files: what they rank, how files were made of them, and what nobody should be told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segdata.diagnosis import Diagnosis, Verdict
from segdata.errors import UserError
from segdata.evidence import LabelEvidence, LogFacts, Series, decodings
from segdata.evidence.logit_files import read_logits
from segdata.evidence.logit_tally import LogitTally
from segdata.evidence.score_pairs import PairTally
from segdata.findings import Certainty, Finding, Level
from segdata.images import encode_label
from segdata.rules import judge_case
from segdata.rules.network import decoding
from segdata.workflows.doctoring import DoctorRequest, diagnose

SIZE = (60, 80)
IMAGES = 8


class Files:
    """Logits and predicted files of a toy network on toy scenes.

    Args:
        lead: what the score of background has more than it should.
        empty: how many labels are empty, though the object is there.
        absent: how many images show no object, and have empty labels.
    """

    def __init__(self, folder: Path, lead: float = 0, empty: int = 0, absent: int = 0) -> None:
        self.logits, self.predictions = folder / "logits", folder / "predictions"
        self.logits.mkdir(parents=True)
        self.predictions.mkdir()
        rng = np.random.default_rng(0)
        self.scores, self.labels = [], []
        for index in range(IMAGES):
            there = np.zeros(SIZE, np.uint8)
            y, x = rng.integers(5, 30), rng.integers(5, 40)
            if index >= absent:
                there[y : y + 20, x : x + 25] = 1
            score = rng.normal(size=SIZE) + np.where(there, 5, -5) - lead
            self.scores.append(score.astype(np.float32))
            self.labels.append(there * np.uint8(index >= empty))

    def two(self, index: int) -> np.ndarray:
        return np.stack([-self.scores[index] / 2, self.scores[index] / 2])

    def write(self, change: Any = None, predicted: Any = None, name: str = "logits") -> None:
        """``change``: score of objects and two scores to what is saved, K×H×W."""
        for index, label in enumerate(self.labels):
            scores = self.two(index) if change is None else change(self.scores[index])
            np.savez(self.logits / f"{index}.npz", **{name: scores}, label=label)
            if predicted is not None:
                ids = predicted(self.scores[index]).astype(np.uint8)
                (self.predictions / f"{index}.png").write_bytes(encode_label(ids))

    def diagnosis(self, **more: Any) -> Diagnosis:
        files = any(self.predictions.iterdir())
        return diagnose(
            DoctorRequest(
                logits=self.logits, predictions=self.predictions if files else None, **more
            )
        )


def said(diagnosis: Diagnosis, least: Level = Level.WARNING) -> dict[str, Certainty]:
    found = [cause.finding for cause in diagnosis.causes]
    found += [finding for cause in diagnosis.causes for finding in cause.explains]
    return {finding.rule: finding.certainty for finding in found if finding.level >= least}


def sigmoid(score: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-score))


def pair(score: np.ndarray) -> np.ndarray:
    return np.stack([-score / 2, score / 2])


HEALTHY: dict[str, Any] = {
    "raw scores": pair,
    "probabilities": lambda s: np.stack([1 - sigmoid(s), sigmoid(s)]).astype(np.float32),
    "half precision": lambda s: np.stack([1 - sigmoid(s), sigmoid(s)]).astype(np.float16),
    "one raw channel": lambda s: s[None],
    "one channel after a sigmoid": lambda s: sigmoid(s)[None].astype(np.float32),
    "H×W": lambda s: s,
    "channels last": lambda s: pair(s).transpose(1, 2, 0),
    "with a batch axis": lambda s: pair(s)[None],
    "150 classes, most of them absent": lambda s: np.concatenate(
        [pair(s), np.full((148, *SIZE), -20.0)]
    ).astype(np.float32),
    "8 bits": lambda s: np.clip(pair(s) * 8, -127, 127).astype(np.int8),
    "smaller than the label": lambda s: pair(s)[:, 2::4, 2::4],
}


@pytest.mark.parametrize("name", HEALTHY)
def test_networks_that_work_cause_no_alarm(name: str, tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write(HEALTHY[name], lambda s: s > 0)
    diagnosis = files.diagnosis()
    assert said(diagnosis) == {}
    facts = diagnosis.exhibits.facts.logits
    assert facts is not None
    assert facts.labelled == IMAGES
    assert facts.miou is not None
    assert facts.miou > 0.8
    assert facts.classes[1].auc == pytest.approx(1.0, abs=0.01)


def test_one_channel_is_noted_where_nobody_has_shown_what_is_made_of_it(tmp_path: Path) -> None:
    def notes(change: Any, predicted: Any = None) -> list[Finding]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        files = Files(folder)
        files.write(change, predicted)
        found = [cause.finding for cause in files.diagnosis().causes]
        return [finding for finding in found if finding.rule == "D09"]

    (raw,) = notes(HEALTHY["one raw channel"])
    assert (raw.level, raw.certainty) == (Level.INFO, Certainty.HINT)
    assert "argmax" in raw.message
    assert "with 0 " in raw.message
    assert "with 0.5" in notes(HEALTHY["one channel after a sigmoid"])[0].message
    assert notes(HEALTHY["one raw channel"], lambda s: s > 0) == []
    assert notes(pair) == []


def test_images_without_objects_are_no_unfinished_labels(tmp_path: Path) -> None:
    files = Files(tmp_path, absent=6, empty=6)
    files.write()
    assert said(files.diagnosis()) == {}


def test_a_black_answer_that_ranks_well_wants_longer_training(tmp_path: Path) -> None:
    files = Files(tmp_path, lead=12)
    files.write(predicted=lambda s: s > 0)
    diagnosis = files.diagnosis()
    assert diagnosis.verdict is Verdict.FAULT
    assert diagnosis.causes[0].finding.rule == "T02"
    assert "AUC 1.00" in diagnosis.causes[0].finding.message
    assert said(diagnosis)["T02"] < Certainty.PROOF


def test_collapsed_to_the_object_is_told_as_such(tmp_path: Path) -> None:
    files = Files(tmp_path, lead=-12)
    files.write()
    told = [c.finding.message for c in files.diagnosis().causes if c.finding.rule == "I11"]
    assert "collapsed to class 1, not to background" in told[0]


def test_scores_without_a_trace_of_the_object_do_not_want_longer_training(tmp_path: Path) -> None:
    files = Files(tmp_path)
    rng = np.random.default_rng(1)
    files.write(lambda s: pair(rng.normal(size=SIZE) - 12))
    assert "T02" not in said(files.diagnosis())


def test_a_network_that_ranks_better_than_chance_may_want_longer_training(tmp_path: Path) -> None:
    files = Files(tmp_path)
    rng = np.random.default_rng(1)
    files.write(lambda s: pair(np.where(s > 0, 1.6, 0) + rng.normal(size=SIZE) - 12))
    assert said(files.diagnosis())["T02"] is Certainty.HINT


def test_objects_in_images_with_empty_labels_are_unlabelled_ones(tmp_path: Path) -> None:
    files = Files(tmp_path, lead=12, empty=6)
    files.write()
    diagnosis = files.diagnosis()
    assert diagnosis.causes[0].finding.rule == "L26"
    assert "6 of 8 labels are empty, and in 6" in diagnosis.causes[0].finding.message
    assert "T02" not in said(diagnosis)


MADE = {
    "0.5 on raw scores": ("I04", lambda s: s[None] - 4.5, lambda s: s - 4.5 > 0.5),
    "softmax of one channel": ("I04", lambda s: s[None], np.ones_like),
    "twice a sigmoid": ("I04", lambda s: sigmoid(s)[None].astype(np.float32), np.ones_like),
    "0.9 on probabilities": ("I04", lambda s: pair(s / 3), lambda s: sigmoid(s / 3) > 0.9),
    "swapped": ("I05", pair, lambda s: s <= 0),
    "over rows": ("I05", pair, lambda s: np.tile(np.arange(SIZE[1]), (SIZE[0], 1))),
    "above 5": ("I04", pair, lambda s: s > 5),
    "half of 255": ("I04", lambda s: 27 * s[None], lambda s: 27 * s > 127),
    "0.99 on one probability": (
        "I04",
        lambda s: sigmoid(s)[None].astype(np.float32),
        lambda s: sigmoid(s) > 0.99,
    ),
    "all channels but the first": (
        "I05",
        lambda s: np.stack([np.abs(s) * 0 - 2, s, -s]),
        lambda s: np.where(s > 0, 0, 1),
    ),
    "argmax of one channel": ("D09", lambda s: s[None], np.zeros_like),
    "three classes, black files": (
        "I05",
        lambda s: np.concatenate([pair(s), np.full((1, *SIZE), -9.0)]),
        np.zeros_like,
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_how_files_were_made_of_scores_is_found(name: str, tmp_path: Path) -> None:
    rule, change, predicted = MADE[name]
    files = Files(tmp_path)
    files.write(change, predicted)
    diagnosis = files.diagnosis()
    assert diagnosis.causes[0].finding.rule == rule
    assert Certainty.MEDIUM <= diagnosis.causes[0].finding.certainty < Certainty.PROOF


def test_files_that_are_what_other_images_say_are_shifted(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write(predicted=lambda s: s > 0)
    pictures = [path.read_bytes() for path in sorted(files.predictions.iterdir())]
    for index, picture in enumerate([*pictures[1:], pictures[0]]):
        (files.predictions / f"{index}.png").write_bytes(picture)
    assert files.diagnosis().causes[0].finding.rule == "I08"


def test_files_of_other_scores_are_told_and_smoothed_ones_are_sound(tmp_path: Path) -> None:
    files = Files(tmp_path)
    rng = np.random.default_rng(3)
    files.write(predicted=lambda s: rng.random(SIZE) > 0.5)
    assert "I05" in said(files.diagnosis())
    files.write(predicted=lambda s: cv2.medianBlur((s > 0).astype(np.uint8), 7))
    assert said(files.diagnosis()) == {}


def test_a_network_that_works_and_has_huge_scores_is_a_hint_at_most(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write(lambda s: pair(s) * 3000)
    facts = files.diagnosis().exhibits.facts
    clean = replace(facts, labels=LabelEvidence(where="d", num_classes=2, ignore=255))
    (found,) = [one for one in judge_case(clean) if one.rule == "C07"]
    assert (found.level, found.certainty) == (Level.INFO, Certainty.HINT)
    assert "drive every score down" not in found.message


def test_scores_in_the_thousands_speak_of_stray_ids(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write(lambda s: pair(s) * 3000 - 9000)
    diagnosis = files.diagnosis()
    # The answers are right, so it is a warning; still the labels want a look.
    assert said(diagnosis)["C07"] is Certainty.STRONG
    assert diagnosis.verdict is not Verdict.FAULT


def test_no_numbers_are_a_proof(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write(lambda s: np.where(s > 0, np.nan, pair(s)))
    assert said(files.diagnosis())["C07"] is Certainty.PROOF


def test_a_converted_network_is_compared_with_its_original(tmp_path: Path) -> None:
    original, same, black = (Files(tmp_path / name) for name in ("a", "b", "c"))
    original.write()
    same.write(lambda s: np.round(pair(s), 1))
    black.write(lambda s: np.stack([s * 0 + 5, s * 0]))

    def beside(files: Files) -> Diagnosis:
        return files.diagnosis(paths=(str(original.logits),))

    assert said(beside(same)) == {}
    assert said(beside(black))["C09"] is Certainty.STRONG
    assert beside(black).causes[0].finding.rule == "C09"


def test_the_loss_says_whether_longer_training_helps(tmp_path: Path) -> None:
    files = Files(tmp_path, lead=12)
    files.write()
    facts = files.diagnosis().exhibits.facts

    def found(curve: list[float]) -> list[Certainty]:
        loss = Series(tuple(enumerate(curve)))
        case = replace(facts, log=LogFacts(where="log", kind="text", loss=loss))
        told = [f for f in judge_case(case) if f.rule == "T02" and "AUC" in f.message]
        return [finding.certainty for finding in told]

    assert found([0.97**step for step in range(100)]) == [Certainty.STRONG]
    # Flat since long: the labels do not match the images, whatever is ranked.
    assert found([0.4] * 100) == []
    assert found([0.5, 0.4]) == [Certainty.MEDIUM]


@pytest.mark.parametrize(
    ("images", "lead", "told"), [(20, 12, True), (20, 0, False), (300, 12, False)]
)
def test_few_images_are_a_hint_where_answers_are_bad(
    images: int, lead: float, told: bool, tmp_path: Path
) -> None:
    files = Files(tmp_path, lead=lead)
    files.write()
    facts = files.diagnosis().exhibits.facts
    labels = LabelEvidence(where="data", num_classes=2, ignore=255, samples={"train": images})
    found = {f.rule: f.level for f in judge_case(replace(facts, labels=labels))}
    assert found.get("T20") is (Level.INFO if told else None)


def test_auc_is_that_of_all_pairs_of_pixels() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, (20, 20))
    score = rng.normal(size=truth.shape).round(1) + truth
    tally = LogitTally("x")
    tally.add(pair(score).astype(np.float32), truth)
    own, other = score[truth == 1][:, None], score[truth == 0][None]
    exact = ((own > other).mean() + (own == other).mean() / 2).item()
    assert tally.facts().classes[1].auc == pytest.approx(exact, abs=0.002)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 1.0, 50.0, 1e6]), st.sampled_from([2, 3, 7])
)
def test_auc_does_not_depend_on_the_scale(seed: int, scale: float, channels: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, channels, (16, 16))
    scores = rng.normal(size=(channels, 16, 16)) + 2 * (np.arange(channels)[:, None, None] == truth)
    found = []
    for factor in (1.0, scale):
        tally = LogitTally("x")
        tally.add((scores * factor).astype(np.float32), truth)
        found.append([one.auc for one in tally.facts().classes])
    assert found[0] == pytest.approx(found[1], abs=0.02)


def test_what_is_kept_does_not_grow_with_the_images() -> None:
    import pickle

    rng = np.random.default_rng(0)
    sizes = []
    tally = LogitTally("x")
    for count in range(1300):
        label = np.zeros((8, 8), np.int64)
        label[:4] = count % 3 == 0
        tally.add(rng.normal(size=(2, 8, 8)).astype(np.float32), label)
        if count in (1000, 1299):
            sizes.append(len(pickle.dumps(tally)))
    assert sizes[1] < sizes[0] * 1.05


def test_names_of_ways_are_the_same_in_rules_and_evidence() -> None:
    known = {value for name, value in vars(decodings).items() if name.isupper()}
    assert set(decoding._THRESHOLDS) <= known
    assert set(decoding._AXES) <= known
    assert decoding._ONE_ARGMAX in known


def test_files_that_hold_no_scores_are_refused(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04cut", b"\x80\x04pickle"):
        (tmp_path / "x.npz").write_bytes(content)
        with pytest.raises(UserError, match=r"x\.npz cannot be read"):
            read_logits(tmp_path / "x.npz")
    np.savez(tmp_path / "y.npz", names=np.array(["a"]))
    with pytest.raises(UserError, match="holds no scores"):
        read_logits(tmp_path / "y.npz")
    np.save(tmp_path / "z.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="cannot be read"):
        read_logits(tmp_path / "z.npy")


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None])
def test_empty_and_missing_folders_are_refused(make: Any, tmp_path: Path) -> None:
    make(tmp_path / "none")
    with pytest.raises(UserError, match="none"):
        diagnose(DoctorRequest(logits=tmp_path / "none"))


def test_a_damaged_file_among_sound_ones_is_told(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write()
    (files.logits / "3.npz").write_bytes(b"PK\x03\x04cut")
    diagnosis = files.diagnosis()
    assert any("3.npz" in line for line in diagnosis.missing)
    assert diagnosis.verdict is Verdict.NOT_ENOUGH


@pytest.mark.parametrize("shape", [(), (9,), (2, 3, 4, 5, 6)])
def test_what_is_no_picture_of_scores_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(shape, np.float32))
    with pytest.raises(UserError, match="holds no scores"):
        read_logits(tmp_path / "x.npy")


def test_ids_are_no_scores(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((6, 8), np.uint8))
    with pytest.raises(UserError, match="holds ids") as error:
        read_logits(tmp_path / "x.npy")
    assert "--predictions" in error.value.remedy


def test_two_networks_may_differ_in_channels_and_labels_may_hold_negative_ids() -> None:
    pairs = PairTally("other", ignore=255)
    rng = np.random.default_rng(0)
    for channels, label in ((2, [[-1, 0], [1, 1]]), (5, [[4, 0], [-100, 255]])):
        scores = rng.normal(size=(channels, 2, 2)).astype(np.float32)
        pairs.add(scores, scores, np.array(label))
    facts = pairs.facts()
    assert facts.images == 2
    assert facts.agreement == 1
    assert facts.miou == facts.other_miou is not None
