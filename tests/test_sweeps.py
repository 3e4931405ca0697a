"""A network that is fed otherwise: what a jump says, and what small differences do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from segdata.classes import ClassMap, SegClass
from segdata.evidence import CaseFacts, Look, SweepFacts
from segdata.evidence.predictions import PredictionFacts
from segdata.findings import Certainty
from segdata.images import encode_label
from segdata.progress import Silence
from segdata.rules import judge_case
from segdata.workflows.doctoring import sweeps
from segdata.workflows.doctoring.sweeps import Answers, Questions, ask
from segdata.workflows.runs import Run

CLASSES = ClassMap((SegClass(0, "ground"), SegClass(1, "red"), SegClass(2, "blue")), 255)
COUNT = 30


def scene(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Red and blue blocks, off the middle, on green."""
    rng = np.random.default_rng(index)
    label = np.zeros((40, 48), np.uint8)
    label[4:14, 5:20] = 1
    label[6:12, 24:40] = 2
    colors = np.array([[60, 160, 70], [220, 40, 30], [30, 50, 210]])
    photo = colors[label] + rng.integers(-15, 15, (*label.shape, 3))
    return photo.astype(np.uint8), label


@dataclass
class Network:
    """Tells colors apart, as it was trained: ``expects`` undoes what training fed.

    Args:
        stored: batch norm's stored statistics are sound.
    """

    expects: Any = None
    stored: bool = True
    class_map: ClassMap = field(default=CLASSES)
    dtype: type = np.uint8

    def _scores(self, image: np.ndarray) -> np.ndarray:
        values = image.astype(np.float32)
        seen = self.expects(values) if self.expects else values
        if not self.stored:
            seen = seen * 0
        red, green, blue = seen[..., 0], seen[..., 1], seen[..., 2]
        certain = np.abs(seen).max(axis=-1) > 20
        sane = certain & (np.abs(seen).max(axis=-1) < 300)
        return np.stack([np.where(sane, green, 1e3), red, blue]).astype(np.float32) / 30

    def logits(self, image: np.ndarray) -> np.ndarray:
        return self._scores(image)

    def predict_values(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [self._scores(image).argmax(axis=0).astype(np.uint8) for image in images]

    def with_own_statistics(self) -> Network:
        return Network(self.expects, True)


@dataclass
class ToyRun:
    """As much of a run as is asked for."""

    network: Network
    turn: Any = None
    folder: Path = Path("run")
    split: str = "val"
    manifest: Any = field(
        default_factory=lambda: SimpleNamespace(
            splits={"train": SimpleNamespace(labelled=90), "val": SimpleNamespace(labelled=COUNT)},
            ignore_label=255,
        )
    )

    def predictor(self) -> Network:
        return self.network

    def samples(self, split: str, step: int = 1) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        assert split == self.split
        for index in range(0, COUNT, step):
            photo, label = scene(index)
            yield f"{index}", photo, label if self.turn is None else self.turn(label)


def asked(network: Network, turn: Any = None, files: Path | None = None) -> Answers:
    return ask(cast(Run, ToyRun(network, turn)), Questions(Silence(), 60, files))


def told(answers: Answers) -> dict[str, Certainty]:
    case = CaseFacts(logits=answers.logits, sweep=answers.sweep)
    rules = {"I01", "I02", "C08", "L25"}
    return {f.rule: f.certainty for f in judge_case(case) if f.rule in rules}


def test_a_network_that_works_is_not_fed_otherwise() -> None:
    answers = asked(Network())
    assert answers.sweep is None
    assert answers.logits.miou == 1.0
    assert answers.logits.files == COUNT
    assert answers.predictions.read == sweeps.PREDICTED


def test_a_split_without_labels_is_not_asked_about() -> None:
    run = ToyRun(Network())
    run.manifest.splits = {"val": SimpleNamespace(labelled=0), "shown": run.manifest.splits["val"]}
    run.split = "shown"
    answers = ask(cast(Run, run), Questions(Silence(), 60))
    assert answers.logits.labelled == sweeps.PREDICTED


CAUSES: dict[str, tuple[str, Network, Any]] = {
    "trained on 0 to 1": ("I01", Network(lambda x: x * 255), None),
    "trained on -1 to 1": ("I01", Network(lambda x: (x + 1) * 127.5), None),
    "trained on blue, green, red": ("I02", Network(lambda x: x[..., ::-1]), None),
    "statistics that never converged": ("C08", Network(stored=False), None),
    "labels mirrored": ("L25", Network(), lambda label: label[:, ::-1]),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_jump_names_the_cause(name: str) -> None:
    rule, network, turn = CAUSES[name]
    assert told(asked(network, turn)) == {rule: Certainty.STRONG}


def test_a_network_that_is_bad_however_it_is_fed_says_nothing() -> None:
    answers = asked(Network(lambda x: x * 0))
    assert answers.sweep is not None
    assert told(answers) == {}


@pytest.mark.parametrize(
    ("feed", "rule"),
    [("red and blue swapped", "I02"), ("images from 0 to 1", "I01")],
)
def test_files_that_were_made_otherwise_are_recognized(
    feed: str, rule: str, tmp_path: Path
) -> None:
    _, change = sweeps.FEEDS[feed]
    for index in range(COUNT):
        photo, _ = scene(index)
        ids = Network().predict_values([change(photo.astype(np.float32))])[0]
        (tmp_path / f"{index}.png").write_bytes(encode_label(ids))
    answers = asked(Network(), files=tmp_path)
    assert answers.sweep is not None
    assert answers.sweep.files == str(tmp_path)
    assert told(answers) == {rule: Certainty.STRONG}


def test_logits_that_were_made_otherwise_are_recognized(tmp_path: Path) -> None:
    for index in range(COUNT):
        scores = Network().logits(scene(index)[0][..., ::-1])
        np.savez(tmp_path / f"{index}.npz", logits=scores)
    assert told(asked(Network(), files=tmp_path)) == {"I02": Certainty.STRONG}


def test_the_files_of_the_network_itself_need_no_sweep(tmp_path: Path) -> None:
    for index in range(COUNT):
        ids = Network().predict_values([scene(index)[0]])[0]
        (tmp_path / f"{index}.png").write_bytes(encode_label(ids))
    assert asked(Network(), files=tmp_path).sweep is None


def test_what_the_budget_does_not_allow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run = cast(Run, ToyRun(Network(lambda x: x * 0)))
    answers = ask(run, Questions(Silence(), 0.0))
    assert answers.logits.images == 1
    assert answers.sweep is not None
    assert answers.sweep.left_out == (*sweeps.FEEDS, sweeps.STATISTICS)
    assert told(answers) == {}


def sweep(*looks: Look, images: int = 6) -> CaseFacts:
    return CaseFacts(sweep=SweepFacts(where="run", images=images, looks=looks))


@pytest.mark.parametrize(
    ("first", "other", "rules"),
    [
        (0.2, 0.5, ["I02"]),
        (0.0, 0.15, ["I02"]),
        # Small differences say nothing, nor those of a network that works.
        (0.3, 0.4, []),
        (0.6, 0.8, []),
        (0.05, 0.15, []),
        (0.8, 0.2, []),
    ],
)
def test_a_jump_is_an_absolute_and_a_relative_one(
    first: float, other: float, rules: list[str]
) -> None:
    case = sweep(Look("as trained", first, 0.9), Look("swapped", other, 0.5, "channels"))
    assert [f.rule for f in judge_case(case)] == rules


def test_one_class_in_files_of_a_run_that_works_is_told() -> None:
    black = PredictionFacts(where="files", files=6, read=6, pixels={0: 9}, constant=6, brightest=0)
    ways = Look("as trained", 0.8, 0.5, agreement=0.5), Look("0 to 1", 0.1, 0.9, "scale", 0.9)
    facts = SweepFacts(where="run on val", images=6, looks=ways, files="files")
    found = [f.rule for f in judge_case(CaseFacts(sweep=facts, predictions=black))]
    assert "C01" in found
    # Files with several ids may be of other images or an earlier step.
    several = replace(black, pixels={0: 5, 1: 4}, constant=0)
    assert "C01" not in [f.rule for f in judge_case(CaseFacts(sweep=facts, predictions=several))]


def test_few_images_make_it_less_certain() -> None:
    looks = Look("as trained", 0.1, 1.0), Look("0 to 1", 0.8, 0.5, "scale")
    found = {n: next(judge_case(sweep(*looks, images=n))).certainty for n in (3, 4)}
    assert found == {3: Certainty.MEDIUM, 4: Certainty.STRONG}
