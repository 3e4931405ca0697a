"""Shapes and values as TensorFlow's messages hold them (tensor.proto, tensor_shape.proto)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from segdata.wire import Malformed, fields, integers, submessages

_Item = TypeVar("_Item")
Array = npt.NDArray[np.generic]
Shape = tuple[int, ...]

# types.proto: codes of the types that weights and counters have.
_TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "|u1", 9: "<i8", 10: "|b1", 19: "<f2"}
_FLOATS = (1, 2)
_BFLOAT16, _HALF = 14, 19
# TensorProto: the field of repeated values by type; halves are kept as integers.
_VALUES = {1: 5, 2: 6, 3: 7, 4: 7, 9: 10, 10: 11, 14: 13, 19: 13}
_CONTENT = 4
_MOST_AXES = 8
# An operation has a few inputs and attributes, and a tensor keeps its values in one field.
MOST_PARTS = 1000
# A constant of one value may stand for any number of them. Only what a training did not touch is
# all the same, such as the vectors of a batch norm: 4 MiB is far more than they take.
_MOST_REPEATED = 1 << 20


@dataclass(frozen=True)
class Variables:
    """Named arrays, read one by one.

    Args:
        shapes: every name there is.
        read: gives an array; raises ``Malformed`` or ``OSError`` where it cannot.
    """

    shapes: Mapping[str, Shape]
    read: Callable[[str], Array]


def shape_of(message: memoryview) -> Shape:
    """The sizes in a ``TensorShapeProto``.

    Raises:
        Malformed: a size is unknown or negative, or there are more axes than weights have.
    """
    sizes = []
    for axis in submessages(message, 2):
        size = next((value for number, value in fields(axis) if number == 1), 0)
        if not isinstance(size, int) or size < 0:
            raise Malformed("an array has no size")
        sizes.append(size)
        if len(sizes) > _MOST_AXES:
            raise Malformed(f"an array has more than {_MOST_AXES} axes")
    return tuple(sizes)


def at_most(most: int, items: Iterable[_Item]) -> Iterator[_Item]:
    """The same items; a made-up file of millions of tiny parts costs no time.

    Raises:
        Malformed: there are more.
    """
    for count, item in enumerate(items):
        if count == most:
            raise Malformed(f"it has more than {most} parts where no file has as many")
        yield item


def size_in_bytes(code: int, shape: Shape) -> int:
    """How many bytes an array of this type and shape takes.

    Raises:
        Malformed: the type is none that weights have.
    """
    if code == _BFLOAT16:
        return 2 * math.prod(shape)
    if code not in _TYPES:
        raise Malformed(f"its type has the number {code}, which is none of weights")
    return math.prod(shape) * np.dtype(_TYPES[code]).itemsize


def from_bytes(data: bytes | memoryview, code: int, shape: Shape) -> Array:
    """The array that stands in memory as these bytes.

    Raises:
        Malformed: the type is none that weights have, or the bytes are not as many.
    """
    if size_in_bytes(code, shape) != len(data):
        kind = "bfloat16" if code == _BFLOAT16 else np.dtype(_TYPES[code]).name
        raise Malformed(f"it has {len(data)} bytes, which is not {_text(shape)} of {kind}")
    if code == _BFLOAT16:
        return _widened(np.frombuffer(data, np.uint16).reshape(shape))
    return np.frombuffer(data, _TYPES[code]).reshape(shape)


def from_message(message: memoryview, code: int, shape: Shape) -> Array:
    """The array of a ``TensorProto`` whose type and shape are known.

    Raises:
        Malformed: as :func:`from_bytes`.
    """
    content, values = _content(message, code, shape)
    if content is not None:
        return from_bytes(content, code, shape)
    if len(values) != math.prod(shape):
        raise Malformed(f"it has {len(values)} values, which is not {_text(shape)}")
    return values.reshape(shape)


def from_constant(message: memoryview) -> Array:
    """The array of a ``TensorProto`` that tells its type and shape itself.

    Of repeated values the last stands for all that are left out (tensor.proto).

    Raises:
        Malformed: as :func:`from_bytes`.
    """
    code, shape = described(message)
    content, values = _content(message, code, shape)
    if content is not None:
        return from_bytes(content, code, shape)
    count = math.prod(shape)
    if not 0 < len(values) <= count <= _MOST_REPEATED:
        return from_message(message, code, shape)
    return np.concatenate([values, np.repeat(values[-1:], count - len(values))]).reshape(shape)


def described(message: memoryview) -> tuple[int, Shape]:
    """The code of the type and the shape of a ``TensorProto``."""
    code = 0
    shape: Shape = ()
    for number, value in at_most(MOST_PARTS, fields(message)):
        if number == 1 and isinstance(value, int):
            code = value
        elif number == 2 and isinstance(value, memoryview):
            shape = shape_of(value)
    return code, shape


def _content(message: memoryview, code: int, shape: Shape) -> tuple[memoryview | None, Array]:
    """A ``TensorProto``'s bytes, or None and its repeated values.

    Raises:
        Malformed: the shape has fewer values: no more than those are collected.
    """
    most = size_in_bytes(code, shape)
    for content in submessages(message, _CONTENT):
        return content, np.empty(0)
    if code not in _FLOATS:
        numbers = list(islice(integers(message, _VALUES[code]), most + 1))
        return None, _listed(numbers, code)
    joined = bytearray()
    for part in submessages(message, _VALUES[code]):
        joined += part
        if len(joined) > most:
            raise Malformed(f"it has more values than {_text(shape)}")
    return None, np.frombuffer(joined, _TYPES[code])


def _listed(numbers: list[int], code: int) -> Array:
    """Values that are stored as integers."""
    values = np.array(numbers, np.int64)
    if code == _BFLOAT16:
        return _widened(values.astype(np.uint16))
    if code == _HALF:
        return values.astype(np.uint16).view(np.float16)
    return values.astype(_TYPES[code])


def _widened(halves: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """Bfloat16 is the upper half of a float32."""
    return (halves.astype(np.uint32) << 16).view(np.float32)


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "a single one"
