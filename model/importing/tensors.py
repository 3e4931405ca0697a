"""Shapes and values as TensorFlow's messages hold them (tensor.proto, tensor_shape.proto)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.wire import Malformed, fields, read_varint, submessages

Array = npt.NDArray[np.generic]
Shape = tuple[int, ...]

# types.proto: codes of the types that weights and counters have.
_TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "|u1", 9: "<i8", 10: "|b1", 19: "<f2"}
_BFLOAT16 = 14
# TensorProto: the field of repeated values by type; halves are kept as integers.
_VALUES = {1: 5, 2: 6, 3: 7, 4: 7, 9: 10, 10: 11, 14: 13, 19: 13}
_CONTENT = 4
_MOST_AXES = 8
# A constant of one value may stand for any number of them: 256 MiB is more than any network has.
_MOST_REPEATED = 1 << 26


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
        raise Malformed(f"an array has {len(sizes)} axes")
    return tuple(sizes)


def from_bytes(data: bytes, code: int, shape: Shape) -> Array:
    """The array that stands in memory as these bytes.

    Raises:
        Malformed: the type is none that weights have, or the bytes are not as many.
    """
    if code == _BFLOAT16:
        return _widened(from_bytes(data, 4, (*shape, 2)).view(np.uint16)[..., 0])
    if code not in _TYPES:
        raise Malformed(_no_weights(code))
    kind = np.dtype(_TYPES[code])
    if math.prod(shape) * kind.itemsize != len(data):
        raise Malformed(f"it has {len(data)} bytes, which is not {_text(shape)} of {kind.name}")
    return np.frombuffer(data, kind).reshape(shape)


def from_message(message: memoryview, code: int, shape: Shape) -> Array:
    """The array of a ``TensorProto`` whose type and shape are known.

    Raises:
        Malformed: as :func:`from_bytes`.
    """
    content, values = _content(message, code)
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
    content, values = _content(message, code)
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
    for number, value in fields(message):
        if number == 1 and isinstance(value, int):
            code = value
        elif number == 2 and isinstance(value, memoryview):
            shape = shape_of(value)
    return code, shape


def _content(message: memoryview, code: int) -> tuple[bytes | None, Array]:
    """A ``TensorProto``'s bytes, or None and its repeated values."""
    if code not in _VALUES:
        raise Malformed(_no_weights(code))
    values: list[memoryview | int] = []
    for number, value in fields(message):
        if number == _CONTENT and isinstance(value, memoryview):
            return bytes(value), np.empty(0)
        if number == _VALUES.get(code):
            values.append(value)
    return None, _listed(values, code)


def _listed(values: list[memoryview | int], code: int) -> Array:
    """Repeated values, packed or one by one."""
    if code in (1, 2):
        joined = b"".join(v for v in values if isinstance(v, memoryview))
        return np.frombuffer(joined, _TYPES[code])
    numbers: list[int] = []
    for value in values:
        numbers += [value] if isinstance(value, int) else _unpacked(value)
    integers = np.array(numbers, np.int64)
    if code == _BFLOAT16:
        return _widened(integers.astype(np.uint16))
    if code == 19:
        return integers.astype(np.uint16).view(np.float16)
    return integers.astype(_TYPES[code])


def _unpacked(packed: memoryview) -> list[int]:
    numbers, at = [], 0
    while at < len(packed):
        number, at = read_varint(packed, at)
        numbers.append(number)
    return numbers


def _widened(halves: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """Bfloat16 is the upper half of a float32."""
    return (halves.astype(np.uint32) << 16).view(np.float32)


def _no_weights(code: int) -> str:
    return f"its type has the number {code}, which is none of weights"


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "a single one"
