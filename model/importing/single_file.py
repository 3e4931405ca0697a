"""TensorFlow's checkpoints before 2017 (V1): one table that holds names and values.

tensorflow/core/util/saved_tensor_slice.proto: the entry without a key lists names, types and
shapes; every other entry holds the values of one variable, or of a part of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.importing.tables import entries
from model.importing.tensors import Array, Shape, Variables, from_message, shape_of
from segdata.wire import Malformed, fields, submessages


@dataclass
class _Kept:
    """A variable: its type, its shape, and where its values stand in which file."""

    code: int
    shape: Shape
    places: list[tuple[Path, int, int]]


def read_single_files(paths: list[Path]) -> Variables:
    """The variables of a checkpoint in the V1 form, which may be spread over several files.

    Raises:
        Malformed: one is damaged, or of another kind.
        OSError: one cannot be read.
    """
    kept: dict[str, _Kept] = {}
    for path in paths:
        _add(path, kept)

    def read(name: str) -> Array:
        variable = kept[name]
        if len(variable.places) != 1:
            raise Malformed(f"{name} is stored in {len(variable.places)} parts")
        path, offset, size = variable.places[0]
        with path.open("rb") as file:
            file.seek(offset)
            entry = memoryview(file.read(size))
        try:
            return from_message(_values(entry), variable.code, variable.shape)
        except Malformed as error:
            raise Malformed(f"{name}: {error}") from None

    return Variables({name: variable.shape for name, variable in kept.items()}, read)


def _add(path: Path, kept: dict[str, _Kept]) -> None:
    with path.open("rb") as file:
        for key, value, at in entries(file):
            if not key:
                for name, variable in _listed(value):
                    kept.setdefault(name, variable)
                continue
            for saved in submessages(value, 2):
                name = _name(saved)
                if name not in kept:
                    raise Malformed("it holds values that its list does not name")
                kept[name].places.append((path, at, len(value)))


def _values(entry: memoryview) -> memoryview:
    """SavedTensorSlices.data.data: the message with the values."""
    for saved in submessages(entry, 2):
        for tensor in submessages(saved, 3):
            return tensor
    raise Malformed("it has no values")


def _listed(value: memoryview) -> Iterator[tuple[str, _Kept]]:
    """SavedTensorSlices.meta: what there is, without values."""
    for meta in submessages(value, 1):
        for saved in submessages(meta, 1):
            shape: Shape = ()
            code = 0
            for number, content in fields(saved):
                if number == 2 and isinstance(content, memoryview):
                    shape = shape_of(content)
                elif number == 3 and isinstance(content, int):
                    code = content
            yield _name(saved), _Kept(code, shape, [])


def _name(message: memoryview) -> str:
    names = [bytes(name).decode("utf-8", "backslashreplace") for name in submessages(message, 1)]
    return names[-1] if names else ""
