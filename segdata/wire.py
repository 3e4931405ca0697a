"""``tf.train.Example`` as bytes, without TensorFlow or protobuf; and any message, field by field.

A message is a map from names to one value each; keys are written in order, which makes the bytes
those of TensorFlow's deterministic serialisation (``tensorflow/core/example/*.proto``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Value = bytes | int
Values = list[bytes] | list[int]

# protobuf's encoding guide: how a field is laid out.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# feature.proto: Feature.bytes_list and Feature.int64_list.
_BYTES_LIST, _INT64_LIST = 1, 3
_NO_MESSAGE = "a number stands where a message belongs"


class Malformed(ValueError):
    """Bytes that are no such message."""


def pack(features: Mapping[str, Value]) -> bytes:
    """The message with these features: bytes as a ``BytesList``, numbers >= 0 as an ``Int64List``.

    The bytes are joined once at the end: a photo in a record is copied one time, not five.
    """
    parts: list[bytes] = []
    for name in sorted(features):
        parts += _map_entry(name.encode(), features[name])
    return b"".join([_head(1, sum(map(len, parts))), *parts])


def unpack(data: bytes) -> dict[str, Values]:
    """The features by name; floats, which no key of ours has, are empty lists.

    Raises:
        Malformed: it is no such message.
    """
    found: dict[str, Values] = {}
    for features in submessages(memoryview(data), 1):
        for entry in submessages(features, 1):
            name: bytes = b""
            values: Values = []
            for number, content in fields(entry):
                if isinstance(content, int):
                    raise Malformed(_NO_MESSAGE)
                if number == 1:
                    name = bytes(content)
                elif number == 2:
                    values = _values(content)
            found[name.decode()] = values
    return found


def _map_entry(name: bytes, value: Value) -> tuple[bytes, bytes]:
    """One entry of the map ``Features.feature``: all that comes before the value, and the value."""
    if isinstance(value, bytes):
        kind, payload = _BYTES_LIST, value
    else:
        kind, payload = _INT64_LIST, _varint(value)
    size = len(payload)
    head = _head(1, size)
    head = _head(kind, len(head) + size) + head
    head = _head(1, len(name)) + name + _head(2, len(head) + size) + head
    return _head(1, len(head) + size) + head, payload


def _head(number: int, size: int) -> bytes:
    """What comes before the content of a length-delimited field."""
    return bytes((number << 3 | _BYTES,)) + _varint(size)


def _varint(value: int) -> bytes:
    if value <= 0x7F:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _values(feature: memoryview) -> Values:
    for number, content in fields(feature):
        if number == _BYTES_LIST and isinstance(content, memoryview):
            return [bytes(value) for value in submessages(content, 1)]
        if number == _INT64_LIST and isinstance(content, memoryview):
            return list(integers(content, 1))
    return []


def integers(message: memoryview, wanted: int) -> Iterator[int]:
    """A repeated integer field of a message, packed or one by one."""
    for number, value in fields(message):
        if number != wanted:
            continue
        if isinstance(value, int):
            yield value
            continue
        at = 0
        while at < len(value):
            one, at = read_varint(value, at)
            yield one


def submessages(data: memoryview, wanted: int) -> Iterator[memoryview]:
    """The contents of every field of a number that holds messages, text or bytes.

    Raises:
        Malformed: it is no such message.
    """
    for number, content in fields(data):
        if number == wanted:
            if not isinstance(content, memoryview):
                raise Malformed(_NO_MESSAGE)
            yield content


def fields(data: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Numbers and contents of a message's fields, in their order: views for what has a length or a
    fixed size, integers for the rest.

    Raises:
        Malformed: it is no such message.
    """
    at, end = 0, len(data)
    while at < end:
        tag, at = read_varint(data, at)
        layout = tag & 7
        if tag < 8:
            raise Malformed("fields are numbered from 1")
        if layout == _BYTES:
            size, at = read_varint(data, at)
        elif layout == _VARINT:
            value, at = read_varint(data, at)
            yield tag >> 3, value
            continue
        elif layout in (_FIXED32, _FIXED64):
            size = 4 if layout == _FIXED32 else 8
        else:
            raise Malformed(f"no field is laid out as {layout}")
        if not 0 <= size <= end - at:
            raise Malformed("a field is longer than its message")
        yield tag >> 3, data[at : at + size]
        at += size


def read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """A 64-bit integer in two's complement, and where it ends.

    Raises:
        Malformed: there is none.
    """
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            raise Malformed("it ends within a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            value &= (1 << 64) - 1
            return (value - (1 << 64) if value >> 63 else value), at
    raise Malformed("a number has more than 64 bits")
