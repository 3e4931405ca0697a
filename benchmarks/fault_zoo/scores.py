"""The scores of networks, and the batches that loaders gave them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fault_zoo.cases import FAULT, Case, Fault, both_severities
from fault_zoo.patients import Patient, each, label_file, write_all
from fault_zoo.sources import IGNORE, Bytes
from segdata.workflows.doctoring import DoctorRequest

Floats = npt.NDArray[np.float32]
_MANY, _TWO = "streets camvid", "portrait camvid-car"


def logits_of(sick: Patient, key: str, strength: float, threshold: float = 0.0) -> Floats:
    """K×H×W: right where ``strength`` is large; ``threshold`` favors class 0."""
    truth = np.where(sick.labels[key] == IGNORE, 0, sick.labels[key])
    draw = np.random.default_rng(len(key) + int(truth.sum()) % 1000)
    size = (sick.num_classes, *truth.shape)
    scores = draw.normal(0, 1, size).astype(np.float32)
    for class_id in range(sick.num_classes):
        scores[class_id] += strength * (truth == class_id)
    scores[0] += threshold
    return scores


def write_logits(
    sick: Patient, folder: Path, *, strength: float, threshold: float = 0.0, softmax: bool = False,
    change: Callable[[Floats], Floats] = lambda scores: scores,
) -> None:  # fmt: skip
    folder.mkdir(parents=True)
    for key in sick.keys:
        scores = change(logits_of(sick, key, strength, threshold))
        if softmax:
            powers = np.exp(scores - scores.max(0))
            scores = powers / powers.sum(0)
        np.savez(folder / f"{key}.npz", logits=scores.astype(np.float32), label=sick.labels[key])


def _logits(sick: Patient, root: Path, **how: object) -> DoctorRequest:
    request = sick.write(root / "data", "folder")
    write_logits(sick, root / "logits", **how)  # type: ignore[arg-type]
    return replace(request, logits=root / "logits")


def ranks_but_black(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    """AUC 0.99, and all background: train longer."""
    return _logits(sick, root, strength=4.0, threshold=14.0 if severe else 10.0)


def ranks_nothing(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    return _logits(sick, root, strength=0.0, threshold=12.0 if severe else 6.0)


def huge(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    """The fingerprint of ids out of range."""
    factor = 1e5 if severe else 900.0
    return _logits(sick, root, strength=2.0, change=lambda s: s * factor - 3 * factor)


def not_numbers(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    def broken(scores: Floats) -> Floats:
        scores = scores.copy()
        if severe:
            scores[:] = np.nan
        else:
            scores[:, : scores.shape[1] // 3] = np.nan
        return scores

    return _logits(sick, root, strength=4.0, change=broken)


def one_channel(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    request = _logits(sick, root, strength=6.0, change=lambda scores: scores[1:2] - scores[:1])
    files = each(sick, lambda key: label_file(np.zeros_like(sick.labels[key])))
    write_all(root / "predictions", files)
    return replace(request, predictions=root / "predictions")


def foreign_head(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    """21 scores for fewer classes."""

    def wide(scores: Floats) -> Floats:
        rest = np.zeros((21 - len(scores), *scores.shape[1:]), np.float32) - 4
        return np.concatenate([scores, rest])

    return _logits(sick, root, strength=0.0 if severe else 1.0, threshold=9.0, change=wide)


def threshold_on_scores(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    """Sigmoid scores are fine, the threshold is not: the files are all 0 or all 255."""
    request = _logits(sick, root, strength=6.0, change=lambda s: s[1:2] - s[:1] - 3)
    files = each(
        sick,
        lambda key: label_file(
            ((logits_of(sick, key, 6.0)[1] - logits_of(sick, key, 6.0)[0] - 3 > 40) * 255).astype(
                np.uint8
            )
        ),
    )
    write_all(root / "predictions", files)
    return replace(request, predictions=root / "predictions")


def _batch(sick: Patient, root: Path, change: Callable[[Floats, Bytes], tuple[object, object]],
           name: str = "batch.npz") -> DoctorRequest:  # fmt: skip
    request = sick.write(root / "data", "folder")
    height, width = sick.photos[sick.keys[0]].shape[:2]
    crop = slice(height // 8, -height // 8), slice(width // 8, -width // 8)
    images = np.stack([sick.photos[key][crop] for key in sick.keys[:8]])
    labels = np.stack([sick.labels[key][crop] for key in sick.keys[:8]])
    normal = (images.astype(np.float32) / 127.5 - 1).transpose(0, 3, 1, 2)
    image, label = change(normal, labels)
    np.savez(root / name, image=image, label=label)
    return replace(request, batch=root / name)


def mask_scaled(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    def scale(image: Floats, label: Bytes) -> tuple[object, object]:
        scaled = label.astype(np.float32) / 255
        return image, scaled if severe else scaled[:, None]

    return _batch(sick, root, scale)


def mask_cut_to_zero(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    def cut(image: Floats, label: Bytes) -> tuple[object, object]:
        return image, (label / 255).astype(np.int64 if severe else np.uint8)

    return _batch(sick, root, cut)


def only_photo_flipped(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    def flip(image: Floats, label: Bytes) -> tuple[object, object]:
        turned = image.copy()
        turned[:: 1 if severe else 2] = turned[:: 1 if severe else 2, :, :, ::-1]
        return turned, label.astype(np.int64)

    return _batch(sick, root, flip)


def photos_constant(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    factor = 0.0 if severe else 0.002
    return _batch(sick, root, lambda image, label: (image * factor - 1, label.astype(np.int64)))


_FAULTS: tuple[Fault, ...] = (
    ("T02", ranks_but_black, "T01 T02 T10 L26", "I11", _TWO, f"{FAULT} healthy"),
    ("I11", ranks_nothing, "I11 T03 T05 C02 C01", "T01 T02", _TWO, FAULT),
    ("C07", huge, "C07 L02 L07 D01 T12", "", _MANY, FAULT),
    ("C07", not_numbers, "C07 T12", "I11", _MANY, FAULT),
    ("D09", one_channel, "D09", "I11 I04 I05", _TWO, FAULT),
    ("D06", foreign_head, "D06 C10", "I11 T01 T02 C02", _TWO, FAULT),
    ("I04", threshold_on_scores, "I04 D09", "I11", _TWO, FAULT),
    ("L09", mask_scaled, "L09", "", f"{_TWO} streets", FAULT),
    ("L09", mask_cut_to_zero, "L09", "", _TWO, FAULT),
    ("T17", only_photo_flipped, "T17", "", _MANY, FAULT),
    ("T19", photos_constant, "T19 I01 T16", "", _MANY, FAULT),
)


def cases() -> Iterable[Case]:
    yield from both_severities(_FAULTS)
