"""TensorBoard's event files, without TensorFlow (tensorflow/core/util/event.proto,
tensorflow/core/framework/summary.proto, tensor.proto)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from segdata.evidence.log_files.curves import Curve, Curves
from segdata.evidence.log_files.names import meaning_of, preference
from segdata.records import DamagedRecord, scan
from segdata.wire import Malformed, fields, submessages

# Numbers of the fields.
_STEP, _SUMMARY = 2, 5
_VALUE = 1
_TAG, _SIMPLE, _TENSOR = 1, 2, 8
_CONTENT, _FLOATS, _DOUBLES = 4, 5, 6
_SIZES = {4: "<f", 8: "<d"}

Scalar = tuple[int, str, float]


def read_events(files: list[Path], top: Path) -> Curves:
    """The scalars of all event files below a folder.

    A file in a folder of its own, as Keras makes ``train`` and ``validation``, says that folder's
    name before its tags. A file that is cut off, as one of a killed run, ends where it is damaged.

    Raises:
        DamagedRecord: a file is damaged from its first record on.
    """
    curves = Curves()
    losses: dict[str, Curve] = {}
    for file in files:
        folder = file.parent.relative_to(top).as_posix() if file.parent != top else ""
        for step, tag, value in _scalars(file):
            name = tag if meaning_of(tag) == "score" else f"{folder}/{tag}".lstrip("/")
            if _is_validation(folder) or meaning_of(tag) in ("score", "validation_loss"):
                curves.metric(name, step, value)
            elif meaning_of(tag) == "loss":
                losses.setdefault(tag, Curve()).add(step, value)
            elif meaning_of(tag) == "learning_rate":
                curves.learning_rate.add(step, value)
    if losses:
        chosen = min(losses, key=preference)
        curves.loss = losses[chosen]
        curves.with_decay = "total_loss" in chosen
    return curves


def _is_validation(folder: str) -> bool:
    return meaning_of(f"{folder}/loss") == "validation_loss"


def _scalars(file: Path) -> Iterator[Scalar]:
    read = 0
    try:
        for _, record in scan(file):
            read += 1
            yield from _of_event(memoryview(record))
    except (DamagedRecord, Malformed) as error:
        if read == 0:
            raise DamagedRecord(
                f"{file} is no event file of TensorBoard, or it is damaged from its beginning on",
                "give the log as text, or copy the file again",
            ) from error


def _of_event(event: memoryview) -> Iterator[Scalar]:
    step = next((n for number, n in fields(event) if number == _STEP and isinstance(n, int)), 0)
    for summary in submessages(event, _SUMMARY):
        for value in submessages(summary, _VALUE):
            tag, number = "", None
            for field, content in fields(value):
                if isinstance(content, int):
                    continue
                if field == _TAG:
                    tag = bytes(content).decode("utf-8", "replace")
                elif field == _SIMPLE and len(content) == 4:
                    number = float(struct.unpack("<f", content)[0])
                elif field == _TENSOR:
                    number = _of_tensor(content)
            if number is not None and meaning_of(tag):
                yield step, tag, number


def _of_tensor(tensor: memoryview) -> float | None:
    """The number of a tensor that holds one float; None for others."""
    for field, content in fields(tensor):
        if field in (_CONTENT, _FLOATS, _DOUBLES) and isinstance(content, memoryview):
            layout = _SIZES.get(len(content))
            return float(struct.unpack(layout, content)[0]) if layout else None
    return None
