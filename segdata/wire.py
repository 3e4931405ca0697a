"""``tf.train.Example`` as bytes, without TensorFlow or protobuf.

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


class Malformed(ValueError):
    """Bytes that are no such message."""


def pack(features: Mapping[str, Value]) -> bytes:
    """The message with these features: bytes as a ``BytesList``, numbers >= 0 as an ``Int64List``.

    The bytes are joined once at the end: a photo in a record is copied one time, not five.
    """
    parts: list[bytes] = []
    for name in sorted(features):
        parts += _map_entry(name.encode(), features[name])
    return b"".join(_prefixed(1, parts))


def unpack(data: bytes) -> dict[str, Values]:
    """The features by name; floats, which no key of ours has, are empty lists.

    Raises:
        Malformed: it is no such message.
    """
    found: dict[str, Values] = {}
    for features in _submessages(memoryview(data), 1):
        for entry in _submessages(features, 1):
            name = b"".join(_submessages(entry, 1))
            for feature in _submessages(entry, 2):
                found[name.decode()] = _values(feature)
    return found


def _map_entry(name: bytes, value: Value) -> list[bytes]:
    """One entry of the map ``Features.feature``: its name, and a feature of one value."""
    if isinstance(value, bytes):
        feature = _prefixed(_BYTES_LIST, _prefixed(1, [value]))
    else:
        feature = _prefixed(_INT64_LIST, _prefixed(1, [_varint(value)]))
    return _prefixed(1, _prefixed(1, [name]) + _prefixed(2, feature))


def _prefixed(number: int, parts: list[bytes]) -> list[bytes]:
    """A length-delimited field whose content is the parts one after the other."""
    size = sum(map(len, parts))
    return [bytes([number << 3 | _BYTES]), _varint(size), *parts]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _values(feature: memoryview) -> Values:
    for number, content in _fields(feature):
        if number == _BYTES_LIST and isinstance(content, memoryview):
            return [bytes(value) for value in _submessages(content, 1)]
        if number == _INT64_LIST and isinstance(content, memoryview):
            return list(_integers(content))
    return []


def _integers(content: memoryview) -> Iterator[int]:
    """``Int64List.value``, packed or one by one."""
    for number, value in _fields(content):
        if number != 1:
            continue
        if isinstance(value, int):
            yield value
            continue
        at = 0
        while at < len(value):
            one, at = _read_varint(value, at)
            yield one


def _submessages(data: memoryview, wanted: int) -> Iterator[memoryview]:
    for number, content in _fields(data):
        if number == wanted:
            if not isinstance(content, memoryview):
                raise Malformed(f"field {number} is a number where a message belongs")
            yield content


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Numbers and contents of a message's fields."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, layout = tag >> 3, tag & 7
        if layout == _VARINT:
            value, at = _read_varint(data, at)
            yield number, value
            continue
        if layout == _BYTES:
            size, at = _read_varint(data, at)
        elif layout in (_FIXED32, _FIXED64):
            size = 4 if layout == _FIXED32 else 8
        else:
            raise Malformed(f"no field is laid out as {layout}")
        if number < 1 or not 0 <= size <= len(data) - at:
            raise Malformed("a field is longer than its message")
        yield number, data[at : at + size]
        at += size


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """A 64-bit integer in two's complement, and where it ends."""
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
