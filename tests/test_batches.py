"""A dumped batch: what the loader did to images and labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from segdata.diagnosis import Diagnosis, Verdict
from segdata.errors import UserError
from segdata.evidence import BatchFacts, CaseFacts, LabelEvidence, LogFacts, Series
from segdata.evidence.batch_reading import read_batch
from segdata.evidence.predictions import PredictionFacts
from segdata.findings import Certainty, Level
from segdata.images import read_photo
from segdata.rules import judge_case
from segdata.workflows.doctoring import DoctorRequest, diagnose

COUNT, CLASSES, IGNORE = 8, 10, 255
MEAN, DEVIATION = np.float32((0.485, 0.456, 0.406)), np.float32((0.229, 0.224, 0.225))
Arrays = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def pairs() -> Arrays:
    """``float32 N×H×W×3`` and ``int64 N×H×W`` of the sample streets."""
    root = Path(__file__).parent.parent / "sample_data" / "streets"
    photos = sorted((root / "images").glob("*"))[:COUNT]
    images = np.stack([read_photo(photo) for photo in photos]).astype(np.float32)
    masks = np.stack([read_photo(root / "masks" / f"{photo.stem}.png") for photo in photos])
    colors = masks.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    return images, np.unique(colors, return_inverse=True)[1].reshape(colors.shape)


def look(folder: Path, image: np.ndarray, label: np.ndarray, **request: Any) -> Diagnosis:
    np.savez(folder / "batch.npz", image=image, label=label)
    given = {"num_classes": CLASSES, "ignore": IGNORE, **request}
    return diagnose(DoctorRequest(batch=folder / "batch.npz", **given))


def said(diagnosis: Diagnosis) -> list[str]:
    """Rules of warnings and errors, the first cause first."""
    findings = [cause.finding for cause in diagnosis.causes]
    return [finding.rule for finding in findings if finding.level >= Level.WARNING]


SOUND: dict[str, Callable[[np.ndarray, np.ndarray], Arrays]] = {
    "0 to 255": lambda x, y: (x, y),
    "bytes": lambda x, y: (x.astype(np.uint8), y.astype(np.uint8)),
    "0 to 1": lambda x, y: (x / 255, y),
    "-1 to 1": lambda x, y: (x / 127.5 - 1, y),
    "ImageNet's, channels first": lambda x, y: (
        ((x / 255 - MEAN) / DEVIATION).transpose(0, 3, 1, 2),
        y,
    ),
    "Caffe's": lambda x, y: (x - np.float32((123.7, 116.8, 103.9)), y),
    "labels with a channel": lambda x, y: (x, y[:, None]),
    "one-hot": lambda x, y: (x, np.eye(CLASSES, dtype=np.float32)[y]),
    "labels as floats": lambda x, y: (x, y.astype(np.float32)),
    "mostly void": lambda x, y: (x, np.where(y > 1, IGNORE, y)),
    "nothing but background": lambda x, y: (x, np.zeros_like(y)),
    "both mirrored": lambda x, y: (x[:, :, ::-1], y[:, :, ::-1]),
    "tiny": lambda x, y: (x[:, :16, :16], y[:, :16, :16]),
    "one image": lambda x, y: (x[0], y[0]),
    "grey images": lambda x, y: (x.mean(axis=-1, keepdims=True), y),
    "dark photos": lambda x, y: (x / 255 * 0.3, y),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_batches_are_left_alone(name: str, pairs: Arrays, tmp_path: Path) -> None:
    assert said(look(tmp_path, *SOUND[name](*pairs))) == []


def _smoothed(label: np.ndarray) -> np.ndarray:
    """As a loader's bilinear resize leaves it, down and up again."""
    height, width = label.shape
    small = cv2.resize(label.astype(np.uint8), (width // 2, height // 2))
    return cv2.resize(small, (width, height))


FAULTY: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], Arrays]]] = {
    "divided by 255": ("L09", lambda x, y: (x, (y / 255).astype(np.float32))),
    "normalized labels": ("L09", lambda x, y: (x, (y - y.mean()) / y.std())),
    "half of the images mirrored": (
        "T17",
        lambda x, y: (np.where(np.arange(COUNT)[:, None, None, None] % 2, x, x[:, :, ::-1]), y),
    ),
    "images upside down": ("T17", lambda x, y: (x[:, ::-1], y)),
    "another order": ("P01", lambda x, y: (x[[3, 5, 7, 1, 6, 0, 2, 4]], y)),
    "divided by 255 twice": ("T16", lambda x, y: (x / 255 / 255, y)),
    "normalized after that": ("T16", lambda x, y: ((x / 255 / 255 - MEAN) / DEVIATION, y)),
    "0 to 255 as if 0 to 1": ("T16", lambda x, y: ((x - MEAN) / DEVIATION, y)),
    "no numbers": ("T16", lambda x, y: (np.where(x > 200, np.nan, x), y)),
    "16 bits squeezed": ("T19", lambda x, y: ((x // 32).astype(np.uint8), y)),
    "all black": ("T19", lambda x, y: (x * 0, y)),
    "grey levels": ("L02", lambda x, y: (x, y * 25)),
    "luminance": ("L03", lambda x, y: (x, np.array([0, 38, 75, 113, 14, 52, 89, 128, 19, 57])[y])),
    "resized smoothly": (
        "L10",
        lambda x, y: (x, np.stack([_smoothed(label) for label in y])),
    ),
    "half the size": ("L23", lambda x, y: (x, y[:, ::2, ::2])),
}


@pytest.mark.parametrize("name", FAULTY)
def test_faults_are_named_first(name: str, pairs: Arrays, tmp_path: Path) -> None:
    rule, change = FAULTY[name]
    assert said(look(tmp_path, *change(*pairs)))[:1] == [rule]


def test_a_fix_names_a_data_set_and_not_the_batch(pairs: Arrays, tmp_path: Path) -> None:
    images, labels = pairs
    fix = look(tmp_path, images, labels * 25).answer.finding.fix
    assert "segdata convert DATASET DATASET-ids" in fix
    assert "batch.npz" not in fix


def test_ids_are_not_judged_without_classes(pairs: Arrays, tmp_path: Path) -> None:
    images, labels = pairs
    assert said(look(tmp_path, images, labels + 3, num_classes=None)) == []


def facts(**changes: Any) -> BatchFacts:
    values: dict[str, Any] = {
        "where": "b.npz", "image_shape": (8, 9, 9, 3), "label_shape": (8, 9, 9), "images": 8,
        "image_type": "float32", "label_type": "int64", "image_low": 0.0, "image_high": 1.0,
        "image_mean": 0.5, "image_deviation": 0.2, "label_values": {0.0: 600, 1.0: 48},
    }  # fmt: skip
    return BatchFacts(**{**values, **changes})


def on_disk(holding: int) -> LabelEvidence:
    return LabelEvidence(
        where="data", num_classes=2, ignore=255, labels=100, pixels={0: 900, 1: 100},
        holding={0: 100, 1: holding},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "holding", "found"),
    [
        ({0.0: 648}, 90, [Certainty.STRONG]),
        # Where few labels hold an object, eight without one are no wonder.
        ({0.0: 648}, 20, []),
        ({0.0: 600, 1.0: 48}, 90, []),
        ({0.0: 600, 255.0: 48}, 90, []),
        ({0.0: 600, 128.0: 48}, 90, [Certainty.PROOF]),
    ],
)
def test_labels_of_the_batch_are_compared_with_those_on_disk(
    values: dict[float, int], holding: int, found: list[Certainty]
) -> None:
    case = CaseFacts(batch=facts(label_values=values), labels=on_disk(holding))
    assert [f.certainty for f in judge_case(case) if f.rule == "L09"] == found


def test_one_label_that_fits_otherwise_is_chance() -> None:
    case = CaseFacts(batch=facts(placed=8, in_place=7, turned={"mirrored left to right": 1}))
    assert not [f for f in judge_case(case) if f.rule == "T17"]


def test_other_files_are_refused_with_what_to_do(tmp_path: Path) -> None:
    for name, content in (("cut.npz", b"PK\x03\x04broken"), ("none.npz", None)):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UserError, match=name):
            read_batch(path)
    np.savez(tmp_path / "x.npz", image=np.zeros((2, 4, 4, 3)))
    with pytest.raises(UserError, match="holds no array 'label', only image"):
        read_batch(tmp_path / "x.npz")
    np.savez(tmp_path / "o.npz", image=np.zeros((2, 4, 4, 3)), label=np.array([{}], dtype=object))
    with pytest.raises(UserError, match=r"o\.npz cannot be read"):
        read_batch(tmp_path / "o.npz")
    np.savez(tmp_path / "s.npz", image=np.zeros(4), label=np.zeros((2, 4, 4), int))
    with pytest.raises(UserError, match="not N×3×H×W"):
        read_batch(tmp_path / "s.npz")


BLACK = PredictionFacts(where="out", files=6, read=6, pixels={0: 600}, constant=6, brightest=0)
NOTHING = LogFacts(
    where="t.log",
    kind="text",
    loss=Series(tuple((10 * n, 0.5**n if n < 5 else 0.0) for n in range(1, 100))),
)


@pytest.mark.parametrize(
    ("values", "rule"), [((0,), "L09"), ((0, IGNORE), "L01"), ((IGNORE,), "L01")]
)
def test_a_batch_of_one_class_alone_is_not_healthy(
    values: tuple[int, ...], rule: str, pairs: Arrays, tmp_path: Path
) -> None:
    images, labels = pairs
    alone = look(tmp_path, images, np.resize(values, labels.shape), num_classes=None)
    (cause,) = alone.causes
    assert alone.verdict is Verdict.NOT_ENOUGH
    assert (cause.finding.rule, cause.finding.level) == (rule, Level.INFO)
    assert [line for line in alone.missing if "labels" in line] == list(cause.finding.missing)
    assert look(tmp_path, images, labels % 2).verdict is Verdict.HEALTHY


def test_a_loss_of_nothing_is_blamed_on_what_the_batch_shows() -> None:
    def judged(**more: Any) -> list[str]:
        found = judge_case(CaseFacts(log=NOTHING, **more))
        return [f.rule for f in found if f.level is Level.ERROR and f.rule in ("L01", "L09")]

    zeros = facts(label_values={0.0: 648})
    assert judged(batch=zeros) == judged(batch=zeros, predictions=BLACK) == ["L09"]
    assert judged(batch=facts(label_values={0.0: 600, 255.0: 48})) == ["L01"]
    assert judged() == judged(batch=facts()) == ["L01"]
    works = replace(BLACK, pixels={0: 500, 1: 100}, constant=0, truth={0: 500, 1: 100})
    assert judged(batch=zeros, predictions=works) == []


def test_empty_labels_of_few_pictures_are_a_hint_even_where_predictions_are_black() -> None:
    def sure(images: int) -> list[Certainty]:
        batch = facts(label_values={0.0: 81}, images=images)
        found = judge_case(CaseFacts(batch=batch, predictions=BLACK))
        return [f.certainty for f in found if f.rule == "L09"]

    assert sure(1) == [Certainty.HINT]
    assert sure(8) == [Certainty.MEDIUM]


def test_padding_of_pictures_without_objects_is_no_ignored_foreground(
    pairs: Arrays, tmp_path: Path
) -> None:
    images, labels = pairs
    padded = np.zeros_like(labels)
    padded[:, -20:] = IGNORE
    padded[::2, :, -30:] = IGNORE
    sparse = look(tmp_path, images, padded, num_classes=2)
    assert said(sparse) == []
    assert sparse.verdict is Verdict.NOT_ENOUGH
    padded[:, 40:60, 40:60] = IGNORE
    assert said(look(tmp_path, images, padded, num_classes=2)) == ["L01"]


def test_grey_images_without_channels_are_a_batch(tmp_path: Path, pairs: Arrays) -> None:
    images, labels = pairs
    np.savez(tmp_path / "batch.npz", image=images.mean(axis=3), label=labels)
    batch = read_batch(tmp_path / "batch.npz")
    assert batch.images.shape == (*labels.shape, 1)
    assert batch.facts.images == COUNT
    np.testing.assert_array_equal(batch.labels, labels)


def test_one_image_with_a_one_hot_label_of_three_classes_is_no_batch_of_three(
    tmp_path: Path, pairs: Arrays
) -> None:
    images, labels = pairs
    one_hot = np.eye(3, dtype=np.uint8)[labels[0] % 3].transpose(2, 0, 1)
    np.savez(tmp_path / "batch.npz", image=images[0].transpose(2, 0, 1), label=one_hot)
    batch = read_batch(tmp_path / "batch.npz")
    assert batch.facts.images == 1
    np.testing.assert_array_equal(batch.labels[0], labels[0] % 3)


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (-100, None),
        (-1, Level.WARNING),
        (-7, Level.ERROR),
        (300, Level.WARNING),
        (10**12, Level.ERROR),
    ],
)
def test_ids_that_no_label_file_holds_are_told(
    value: int, level: Level | None, tmp_path: Path, pairs: Arrays
) -> None:
    images, labels = pairs[0], pairs[1].copy()
    labels[:, 0] = value
    found = [cause.finding for cause in look(tmp_path, images, labels).causes]
    assert [f.level for f in found if f.rule == "L07"] == ([level] if level else [])


def test_the_largest_id_is_known_of_labels_with_many(tmp_path: Path, pairs: Arrays) -> None:
    labels = np.arange(70_000).reshape(1, 200, 350)
    np.savez(tmp_path / "b.npz", image=np.zeros((1, 3, 200, 350), np.float32), label=labels)
    facts = read_batch(tmp_path / "b.npz").facts
    assert (facts.label_low, facts.label_high) == (0, 69_999)


def test_fewer_labels_than_images_are_told(tmp_path: Path, pairs: Arrays) -> None:
    images, labels = pairs
    assert said(look(tmp_path, images, labels[:-1])) == ["L23"]


def test_images_of_any_number_of_channels_may_have_them_first(
    tmp_path: Path, pairs: Arrays
) -> None:
    images, labels = pairs
    six = np.concatenate([images, images], axis=3).transpose(0, 3, 1, 2)
    np.savez(tmp_path / "b.npz", image=six, label=labels)
    batch = read_batch(tmp_path / "b.npz")
    assert batch.images.shape == (*labels.shape, 6)
    assert batch.facts.same_size
