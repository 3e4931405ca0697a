"""``.safetensors``: a list of names, types and places as JSON, then the bytes.

https://github.com/huggingface/safetensors, "Format": nothing in it can execute code.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from segdata.evidence.stored import LARGEST, Array, Stored, array_of
from segdata.wire import Malformed

# The format's own limit.
_LARGEST_HEADER = 100_000_000
# What a list raises that is no such list.
_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
_KINDS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64",
    "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


def open_safetensors(path: Path) -> Stored:
    """What the file lists; variables of types that are no weights are left out.

    Raises:
        Malformed: it is cut off or damaged.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, _LARGEST_HEADER):
            raise Malformed("it is cut off: its list of variables is longer than the file")
        try:
            header = json.loads(file.read(length))
            entries = {n: e for n, e in header.items() if n != "__metadata__"}
            kept = {n: e for n, e in entries.items() if e["dtype"] in _KINDS}
            shapes = {n: tuple(int(s) for s in e["shape"]) for n, e in kept.items()}
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise Malformed("its list of variables is damaged") from error

    def read(name: str) -> Array:
        begin, end = _place(kept[name], size - 8 - length)
        with path.open("rb") as values:
            values.seek(8 + length + begin)
            return array_of(values.read(end - begin), _KINDS[kept[name]["dtype"]], shapes[name])

    return Stored("safetensors", shapes, read)


def _place(entry: dict[str, Any], size: int) -> tuple[int, int]:
    offsets = entry.get("data_offsets")
    if not (isinstance(offsets, list) and [type(o) for o in offsets] == [int, int]):
        raise Malformed("a variable has no place")
    begin, end = offsets
    if not 0 <= begin <= end <= size:
        raise Malformed("it is cut off: a variable would lie behind its end")
    if end - begin > LARGEST:
        raise Malformed("a variable is larger than any network has")
    return begin, end
