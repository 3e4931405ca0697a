"""Checkpoints of TensorFlow as bytes, written by hand: whole ones, and ones that nobody writes."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from segdata.records import masked_crc

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
CODES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def shape(sizes: Iterable[int]) -> bytes:
    return b"".join(field(2, field(1, size)) for size in sizes)


def block(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in entries)
    body += struct.pack("<II", 0, 1) + b"\0"
    return body + masked_crc(body)


def table(entries: Mapping[bytes, bytes]) -> bytes:
    """A sorted string table, four entries to a block."""
    items = sorted(entries.items())
    data, index = b"", []
    for at in range(0, len(items), 4):
        part = block(items[at : at + 4])
        index.append((items[at : at + 4][-1][0], varint(len(data)) + varint(len(part) - 5)))
        data += part
    statistics, names = block([]), block(index)
    footer = varint(len(data)) + varint(len(statistics) - 5)
    footer += varint(len(data) + len(statistics)) + varint(len(names) - 5)
    return data + statistics + names + footer.ljust(40, b"\0") + MAGIC


def place(array: np.ndarray, at: int, **changes: object) -> bytes:
    """A variable's entry in an index; ``changes`` make it a lie."""
    data = array.tobytes()
    code = changes.get("code", CODES[array.dtype.name])
    sizes = shape(changes.get("sizes", array.shape))
    entry = field(1, code) + field(2, sizes) + field(3, changes.get("shard", 0))
    entry += field(4, changes.get("offset", at)) + field(5, changes.get("size", len(data)))
    return entry + varint(6 << 3 | 5) + masked_crc(data)


def write_bundle(prefix: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """A checkpoint in the V2 form."""
    prefix.parent.mkdir(parents=True, exist_ok=True)
    entries, at = {b"": field(1, 1) + field(3, field(1, 1))}, 0
    with Path(f"{prefix}.data-00000-of-00001").open("wb") as file:
        for name in sorted(arrays):
            entries[name.encode()] = place(arrays[name], at)
            at += file.write(arrays[name].tobytes())
    Path(f"{prefix}.index").write_bytes(table(entries))
    return prefix


def write_single_file(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """A checkpoint in the V1 form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listed, entries = b"", {}
    for name, array in arrays.items():
        kind = CODES[array.dtype.name]
        described = field(1, name.encode()) + field(2, shape(array.shape)) + field(3, kind)
        listed += field(1, described)
        if kind == 9:
            values = field(10, b"".join(varint(int(v)) for v in array.flat))
        else:
            values = field(5, array.astype(np.float32).tobytes())
        saved = field(1, name.encode()) + field(2, b"") + field(3, values)
        entries[b"\0" + name.encode() + b"\0\1"] = field(2, saved)
    path.write_bytes(table({b"": field(1, listed), **entries}))
    return path


def tensor(array: np.ndarray) -> bytes:
    kind = field(1, CODES[array.dtype.name])
    return kind + field(2, shape(array.shape)) + field(4, array.tobytes())


def node(name: str, kind: str, inputs: Iterable[str] = (), **attributes: bytes) -> bytes:
    out = field(1, name.encode()) + field(2, kind.encode())
    out += b"".join(field(3, i.encode()) for i in inputs)
    return out + b"".join(
        field(5, field(1, key.encode()) + field(2, value)) for key, value in attributes.items()
    )


def integers(*values: int) -> bytes:
    """An attribute that is a list of integers."""
    return field(1, field(3, b"".join(varint(v) for v in values)))


def constant(name: str, array: np.ndarray) -> bytes:
    return node(name, "Const", value=field(8, tensor(array)))


def graph(nodes: Iterable[bytes]) -> bytes:
    return b"".join(field(1, one) for one in nodes)
