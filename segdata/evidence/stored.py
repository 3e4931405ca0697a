"""Weights as a file stores them: names and shapes at once, values one variable at a time."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.wire import Malformed

Array = npt.NDArray[np.generic]
Shape = tuple[int, ...]

# One variable is read whole: 1 GiB is ten times the largest of any segmentation network.
LARGEST = 1 << 30
# What zipfile raises on damaged bytes, beside what callers expect: ValueError and OSError.
DAMAGED_ZIP = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, OverflowError, RuntimeError,
)  # fmt: skip
_BFLOAT16 = "bfloat16"


@dataclass(frozen=True)
class Stored:
    """What a file holds.

    Args:
        kind: ``pytorch``, ``keras``, ``safetensors``, ``tensorflow``, ``graph`` or ``segdata``.
        shapes: of every variable, in the file's order.
        read: gives an array; raises ``Malformed``, ``OSError`` or ``ValueError`` where it cannot.
        step: of the training; None where it is not stored.
        classes: where the file says itself how many there are.
        activation: of the last layer, where the file says it: ``softmax``, ``sigmoid``, ...
    """

    kind: str
    shapes: Mapping[str, Shape]
    read: Callable[[str], Array]
    step: int | None = None
    classes: int | None = None
    activation: str = ""


def array_of(data: bytes, kind: str, shape: Shape) -> Array:
    """The array that stands in memory as these bytes; ``kind`` is numpy's name, or ``bfloat16``.

    Raises:
        Malformed: the bytes are not as many as the shape needs.
    """
    # Bfloat16 is the upper half of a float32.
    stored = np.dtype(np.uint16 if kind == _BFLOAT16 else kind).newbyteorder("<")
    if math.prod(shape) * stored.itemsize != len(data):
        raise Malformed(f"it has {len(data)} bytes, which is not {shape} of {kind}")
    array: Array = np.frombuffer(data, stored).reshape(shape)
    if kind == _BFLOAT16:
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array


def is_zip(path: Path) -> bool:
    """Whether a file is an archive whose end can be read."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        return False


def size_of(kind: str) -> int:
    """Bytes of one value."""
    return 2 if kind == _BFLOAT16 else np.dtype(kind).itemsize
