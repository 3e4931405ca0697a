"""What networks and viewers make of sound labels: predicted files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from fault_zoo.cases import FAULT, Case, Fault, both_severities
from fault_zoo.labels import PASCAL
from fault_zoo.patients import Patient, each, jpeg, label_file, png, write_all
from fault_zoo.scores import logits_of, write_logits
from fault_zoo.sources import IGNORE, Bytes
from segdata.images import encode_label
from segdata.workflows.doctoring import DoctorRequest

# A good network's errors: pixels near borders, and a few others.
WRONG = 0.03


def predicted(sick: Patient, key: str, seed: int = 0) -> Bytes:
    """What a fair network predicts: the label, with borders moved and void filled."""
    label = np.where(sick.labels[key] == IGNORE, 0, sick.labels[key]).astype(np.uint8)
    shifted = np.roll(label, (1, 1), (0, 1))
    small = np.random.default_rng(seed + len(key)).random(
        (label.shape[0] // 8 + 1, label.shape[1] // 8 + 1)
    )
    wrong = cv2.resize((small < WRONG).astype(np.uint8), label.shape[::-1], interpolation=0)
    return np.where(wrong > 0, np.roll(label, 9, 1), shifted).astype(np.uint8)


def folder_and(sick: Patient, root: Path, files: dict[str, bytes]) -> DoctorRequest:
    """The data set, and pictures that were predicted for its measuring list."""
    request = sick.write(root / "data", "folder")
    write_all(root / "predictions", files)
    return replace(request, predictions=root / "predictions")


def ids_as_grey(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    files = each(sick, lambda key: label_file(predicted(sick, key)))
    if severe:
        write_all(root, files)
        return DoctorRequest(predictions=root)
    return folder_and(sick, root, files)


def probabilities_cut(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    """Probabilities as uint8: 0 but where they are exactly 1."""

    def cut(key: str) -> bytes:
        spots = np.zeros(sick.labels[key].shape, np.uint8)
        rows, columns = np.nonzero(predicted(sick, key) == 1)
        if not severe and len(rows):
            spots[rows[:: max(1, len(rows) // 4)], columns[:: max(1, len(rows) // 4)]] = 1
        return label_file(spots)

    request = folder_and(sick, root, each(sick, cut))
    write_logits(sick, root / "logits", strength=4.0, softmax=True)
    return replace(request, logits=root / "logits")


def overflow(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    factor = 255 if severe else 128
    return folder_and(
        sick, root,
        each(sick, lambda key: label_file(predicted(sick, key) * np.uint8(factor))),
    )  # fmt: skip


def jpeg_predictions(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    quality, ending = (75, "jpg") if severe else (95, "jpg")
    grey = {f"{key}.{ending}": jpeg(predicted(sick, key), quality) for key in sick.keys}
    return folder_and(sick, root, grey)


def black_palette(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    dark = np.zeros((256, 3), np.uint8)
    if not severe:
        dark[:, 2] = np.arange(256) % 9
    return folder_and(sick, root, each(sick, lambda key: encode_label(predicted(sick, key), dark)))


def class_drawn_black(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    colors = np.array(PASCAL)
    counts = sum(np.bincount(p.ravel(), minlength=256) for p in
                 (predicted(sick, key) for key in sick.keys))  # fmt: skip
    most = 1 + int(np.argmax(counts[1 : sick.num_classes]))
    colors[most] = 0 if severe else 4
    return folder_and(
        sick, root, each(sick, lambda key: encode_label(predicted(sick, key), colors))
    )


def figure_frames(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    """Saved as a figure: white margins, another size."""

    def figure(key: str) -> bytes:
        drawn = PASCAL[predicted(sick, key)]
        margin = 40 if severe else 12
        return png(cv2.copyMakeBorder(drawn, margin, margin, margin, margin, cv2.BORDER_CONSTANT,
                                      value=(255, 255, 255)))  # fmt: skip

    return folder_and(sick, root, each(sick, figure))


def blended_predictions(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    def blend(key: str) -> bytes:
        found = predicted(sick, key)
        size = found.shape[1] // (4 if severe else 2), found.shape[0] // (4 if severe else 2)
        small = cv2.resize(found, size, interpolation=cv2.INTER_NEAREST)
        return label_file(cv2.resize(small, found.shape[::-1], interpolation=cv2.INTER_LINEAR))

    return folder_and(sick, root, each(sick, blend))


def names_swapped(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    keys = sick.keys
    step = 1 if severe else 5
    return folder_and(
        sick, root,
        {f"{key}.png": label_file(predicted(sick, keys[(i + step) % len(keys)]))
         for i, key in enumerate(keys)},
    )  # fmt: skip


def classes_swapped(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    table = np.arange(256, dtype=np.uint8)
    if severe:
        table[: sick.num_classes] = np.roll(np.arange(sick.num_classes), 1)
    else:
        table[[0, 1]] = 1, 0
    return folder_and(sick, root, each(sick, lambda key: label_file(table[predicted(sick, key)])))


def scores_of_one_row(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    """The largest score along the wrong axis: column numbers instead of classes."""

    def stripes(key: str) -> bytes:
        scores = logits_of(sick, key, 3.0)
        axis = 2 if severe else 1
        found = np.broadcast_to(
            np.expand_dims(scores.argmax(axis)[0] % 256, axis - 1), sick.labels[key].shape
        )
        return label_file(found.astype(np.uint8))

    request = folder_and(sick, root, each(sick, stripes))
    write_logits(sick, root / "logits", strength=3.0)
    return replace(request, logits=root / "logits")


def inverted_predictions(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    labels = dict(sick.labels)
    truth = each(sick, lambda key: label_file(1 - predicted(sick, key)))
    sick.labels = labels
    return folder_and(sick, root, truth)


def all_background(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    """Black, and nothing else is known: only that it collapsed."""
    files = each(sick, lambda key: label_file(np.zeros_like(sick.labels[key])))
    if severe:
        write_all(root, files)
        return DoctorRequest(predictions=root)
    return folder_and(sick, root, files)


def no_object_in_val(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    val = sick.split("val")
    for key in val:
        sick.labels[key] = np.zeros_like(sick.labels[key])
    return folder_and(sick, root, {f"{k}.png": label_file(sick.labels[k]) for k in val})


def damaged_predictions(sick: Patient, root: Path, severe: bool) -> DoctorRequest:
    files = each(sick, lambda key: label_file(predicted(sick, key)))
    for name in list(files)[:: 2 if severe else 5]:
        files[name] = files[name][:60]
    return folder_and(sick, root, files)


_MANY, _TWO = "streets camvid", "portrait camvid-car"
_SAYS = "display-only"
_FAULTS: tuple[Fault, ...] = (
    ("V01", ids_as_grey, "V01", "", _MANY, _SAYS),
    ("V02", ids_as_grey, "V02", "", _TWO, _SAYS),
    ("V03", probabilities_cut, "V03", "I11", _TWO, f"{_SAYS} {FAULT}"),
    ("V04", overflow, "V04", "", _MANY, f"{_SAYS} {FAULT}"),
    ("V05", jpeg_predictions, "V05", "V01", _MANY, f"{_SAYS} {FAULT}"),
    ("V06", black_palette, "V06", "V01", _MANY, _SAYS),
    ("V07", class_drawn_black, "V07", "", _MANY, f"{_SAYS} healthy"),
    ("V09", figure_frames, "V09", "V07 I03", _MANY, f"{_SAYS} {FAULT} healthy"),
    ("I06", blended_predictions, "I06", "V01 V09", _MANY, f"{FAULT} {_SAYS}"),
    ("I08", names_swapped, "I08", "V01", _MANY, f"{FAULT} {_SAYS} healthy"),
    ("I08", names_swapped, "I08", "V02", "portrait", f"{FAULT} {_SAYS} healthy"),
    ("D10", classes_swapped, "D10", "V01", _MANY, f"{FAULT} {_SAYS} healthy"),
    ("I05", scores_of_one_row, "I05", "V09", _MANY, FAULT),
    ("L19", inverted_predictions, "L19 D10", "V02 V01", _TWO, f"{FAULT} healthy {_SAYS}"),
    ("I11", all_background, "I11 T01 T02", "I07", _TWO, f"{FAULT} not-enough-evidence"),
    ("I10", no_object_in_val, "I10", "P09 L26", _TWO, "rightly-constant"),
    ("V01", damaged_predictions, "V01", "", _MANY, _SAYS),
)


def cases() -> Iterable[Case]:
    yield from both_severities(_FAULTS)
