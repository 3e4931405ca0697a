"""Predictions that are the same picture for every photo, and those that may rightly be equal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from predicted_streets import Array, case_of, found, streets, weighed, write

from segdata.diagnosis import Verdict
from segdata.evidence import CaseFacts, LabelEvidence, LogFacts, Series, SettingsFacts
from segdata.evidence.predicted_folders import KnownBeside, gather_predictions
from segdata.findings import Certainty, Level
from segdata.images import encode_photo
from segdata.listing import index_folder

LAYOUT = np.maximum.reduce(streets())


def judged(tmp_path: Path, predicted: list[Array], truths: list[Array] | None = None) -> CaseFacts:
    labels = write(tmp_path / "labels", streets() if truths is None else truths)
    return case_of(write(tmp_path / "pred", predicted), labels, 4)


def photos(folder: Path, shown: list[Array]) -> Path:
    folder.mkdir()
    for number, pixels in enumerate(shown):
        (folder / f"s{number:03}.png").write_bytes(encode_photo(pixels, "png", 90))
    return folder


def noise(seed: int) -> Array:
    """A photo that is like no other."""
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=0).repeat(8, axis=1)


def test_one_picture_for_every_photo_is_a_fault_and_never_only_dark(tmp_path: Path) -> None:
    case = judged(tmp_path, [LAYOUT] * 8)
    finding = found(case)["I11"]
    assert (finding.level, finding.certainty, finding.count) == (Level.ERROR, Certainty.STRONG, 8)
    assert "all 8 predictions are the same picture, to the last pixel" in finding.message
    assert not {"V01", "V02", "I02"} & set(found(case))
    assert weighed(case).verdict is Verdict.FAULT


def test_the_first_of_a_batch_in_every_file_is_told_as_such(tmp_path: Path) -> None:
    truths = streets()
    case = judged(tmp_path, [truths[i // 4 * 4] for i in range(8)])
    finding = found(case)["I11"]
    assert "8 of 8 predictions are the same picture as another" in finding.message
    assert "ids[0]" in finding.fix
    assert finding.certainty is Certainty.MEDIUM
    assert weighed(case).verdict is Verdict.FAULT


def test_batches_of_two_in_a_large_folder_are_found_as_well(tmp_path: Path) -> None:
    truths = streets(number=40)
    case = judged(tmp_path, [truths[i // 2 * 2] for i in range(40)], truths)
    assert found(case)["I11"].count == 40


def test_photos_tell_where_nobody_has_labels(tmp_path: Path) -> None:
    pred = write(tmp_path / "pred", [LAYOUT] * 6)
    assert "V01" in found(case_of(pred, classes=4))
    differ = index_folder(photos(tmp_path / "differ", [noise(seed) for seed in range(6)]))
    fixed = [np.roll(noise(0), step, axis=1) for step in (0, 0, 1, 0, 1, 0)]
    camera = index_folder(photos(tmp_path / "camera", fixed))
    told = CaseFacts(predictions=gather_predictions(pred, KnownBeside(photos=differ)))
    still = CaseFacts(predictions=gather_predictions(pred, KnownBeside(photos=camera)))
    assert weighed(told).verdict is Verdict.FAULT
    assert weighed(still).verdict is Verdict.DISPLAY_ONLY


def shifted(label: Array, step: int) -> Array:
    return np.roll(label, step, axis=1)


ALIKE = {
    "labels are equal": ([streets()[0]] * 8, [streets()[0]] * 8),
    "a camera that stands still": (
        [streets()[0]] * 8,
        [shifted(streets()[0], i % 2) for i in range(8)],
    ),
    "two of eight": ([streets()[0], *streets()[:1], *streets()[2:]], streets()),
    "three files": ([streets()[0]] * 3, streets()[:3]),
    "nothing is equal": (streets(), streets()),
    "most photos hold nothing": (
        [*[streets()[0] * 0] * 5, *streets()[5:]],
        [*[streets()[0] * 0] * 5, *streets()[5:]],
    ),
    "tiny pictures": ([LAYOUT[:16, :16]] * 8, [label[:16, :16] for label in streets()]),
}


@pytest.mark.parametrize("name", ALIKE)
def test_pictures_that_may_be_equal_are_not_told(name: str, tmp_path: Path) -> None:
    predicted, truths = ALIKE[name]
    case = judged(tmp_path, predicted, truths)
    assert case.predictions is not None
    assert not any("same picture" in finding.message for finding in found(case).values())


def test_copies_of_one_photo_under_many_names_have_one_answer(tmp_path: Path) -> None:
    """The names are wrong then, not the network."""
    labels = index_folder(write(tmp_path / "labels", streets()))
    copies = index_folder(photos(tmp_path / "photos", [noise(0)] * 8))
    known = KnownBeside(labels=labels, photos=copies, num_classes=4, ignore=255)
    facts = gather_predictions(write(tmp_path / "pred", [LAYOUT] * 8), known)
    assert facts.twins.files == 0


def test_labels_that_cannot_be_read_make_nothing_different(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels", streets())
    for path in labels.iterdir():
        path.write_bytes(path.read_bytes()[:60])
    pred = write(tmp_path / "pred", [LAYOUT] * 8)
    assert "I11" not in found(case_of(pred, labels, 4))


# T04

NORMS = SettingsFacts(
    where="train.sh", tool="deeplab", batch_size=4, initial_checkpoint="a/model.ckpt", steps=30000
)
ENTROPY = LabelEvidence(where="d", num_classes=2, ignore=255, pixels={0: 500, 1: 500})


def with_loss(case: CaseFacts, *losses: float) -> CaseFacts:
    log = LogFacts(where="l", kind="text", loss=Series(tuple(enumerate(losses))))
    return replace(case, labels=ENTROPY, log=log, training=NORMS)


def wrong(share: float) -> list[Array]:
    """In so many blocks class 3, whatever lies there."""
    rng = np.random.default_rng(4)
    blocks = [np.kron(rng.random((9, 12)) < share, np.ones((8, 8), bool)) for _ in range(8)]
    pairs = zip(blocks, streets(), strict=True)
    return [np.where(block, 3, label).astype(np.uint8) for block, label in pairs]


def faint(every: int) -> list[Array]:
    """Of the objects only one column in so many is found."""
    found = np.arange(96) % every == 0
    return [np.where(found, label, 0).astype(np.uint8) for label in streets()]


@pytest.mark.parametrize(
    ("predicted", "losses", "level"),
    [
        (faint(8), (0.7, 0.4, 0.1), Level.ERROR),
        (faint(8), (0.7, 0.6, 0.5), Level.WARNING),
        (wrong(0.5), (0.7, 0.4, 0.1), Level.WARNING),
        (wrong(0.5), (0.7, 0.6, 0.5), Level.WARNING),
        (wrong(0.85), (0.7, 0.6, 0.5), Level.ERROR),
        ([LAYOUT] * 8, (0.7, 0.6, 0.5), Level.ERROR),
        (wrong(0.1), (0.7, 0.4, 0.1), None),
        (streets(), (0.7, 0.4, 0.1), None),
    ],
)
def test_norms_of_few_pictures_are_as_bad_as_the_predictions(
    tmp_path: Path, predicted: list[Array], losses: tuple[float, ...], level: Level | None
) -> None:
    case = with_loss(judged(tmp_path, predicted), *losses)
    said = found(case)
    assert (said["T04"].level if "T04" in said else None) == level
    if level is not None:
        assert weighed(case).causes[0].finding.rule == "T04"
    frozen = replace(NORMS, fine_tune_batch_norm=False)
    assert "T04" not in found(replace(case, training=frozen))


def test_norms_are_not_blamed_for_files_of_other_photos(tmp_path: Path) -> None:
    moved = streets()
    case = with_loss(judged(tmp_path, [*moved[1:], moved[0]]), 0.7, 0.4, 0.1)
    assert "I08" in found(case)
    assert "T04" not in found(case)


def test_a_loss_that_fell_says_nothing_of_the_norms_and_a_score_does() -> None:
    case = with_loss(CaseFacts(), 0.7, 0.4, 0.1)
    assert found(case)["T04"].level is Level.INFO
    assert weighed(case).verdict is Verdict.HEALTHY
    assert case.log is not None
    scored = replace(case.log, metrics={"val_miou": Series(((1, 0.8),))})
    assert "T04" not in found(replace(case, log=scored))
