"""JSON that a stranger wrote: read whole, or element by element where it is large."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segdata.images import Unreadable

_AGAIN = "export the file again"
_BLANKS = re.compile(r"[ \t\n\r]*")
_KEY = re.compile(rb'"([A-Za-z_]{1,40})"\s*:')
_BOM = "\xef\xbb\xbf"
# What is looked at to tell what a file holds: tools write the small parts first or last.
_HEAD, _TAIL = 1 << 16, 1 << 14


@dataclass(frozen=True)
class Member:
    """A member of the outermost object, or one element of a member that is a list.

    Args:
        key: of the member.
        value: parsed; text that is not ASCII is garbled here, and right in :func:`read_span`.
        start: the first byte in the file.
        end: the byte behind the last.
    """

    key: str
    value: Any
    start: int
    end: int


def read_json(path: Path) -> Any:
    """A file, parsed.

    Raises:
        Unreadable: with the line, if it is no JSON.
    """
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from error


def parse(data: bytes, source: str) -> Any:
    """Raises Unreadable, with the line, if it is no JSON."""
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(f"{source} is no whole JSON: {error.msg} ({where})", _AGAIN) from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"{source} is no UTF-8 text (byte {error.start})", _AGAIN) from None
    except RecursionError:
        raise Unreadable(f"{source} is nested too deeply", _AGAIN) from None
    except ValueError as error:
        raise Unreadable(f"{source} is no JSON: {str(error)[:80]}", _AGAIN) from None


def keys_of(path: Path) -> frozenset[str]:
    """The keys in the first and last part of a file, of any object in it; few bytes are read."""
    try:
        with path.open("rb") as file:
            data = file.read(_HEAD)
            file.seek(max(len(data), path.stat().st_size - _TAIL))
            data += file.read()
    except OSError:
        return frozenset()
    return frozenset(key.decode("ascii") for key in _KEY.findall(data))


def is_list(path: Path) -> bool:
    """Whether the outermost value of a file is a list."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except OSError:
        return False


def members(path: Path) -> Iterator[Member]:
    """The outermost object's members in order, lists element by element.

    Where the outermost value is a list, its elements; their key is empty.

    Memory holds the text once (as the file has it) and one element.

    Raises:
        Unreadable: with the line, if it is no JSON object.
    """
    text = _text(path)
    decoder = json.JSONDecoder()
    if text[(first := _skip(text, 0)) : first + 1] == "[":
        yield from _elements(decoder, text, first, "", path)
        return
    position = _behind(text, 0, "{", path)
    if text[position : position + 1] == "}":
        return
    while True:
        key, position = _value(decoder, text, position, path)
        if not isinstance(key, str):
            raise _damaged(text, position, path, "a key is no text")
        position = _behind(text, position, ":", path)
        if text[position : position + 1] == "[":
            position = yield from _elements(decoder, text, position, key, path)
        else:
            value, end = _value(decoder, text, position, path)
            yield Member(key, value, position, end)
            position = end
        position = _skip(text, position)
        if text[position : position + 1] == "}":
            return
        position = _behind(text, position, ",", path)


def read_span(path: Path, spans: list[tuple[int, int]]) -> list[Any]:
    """The elements that lie at these bytes of a file.

    Raises:
        Unreadable: the file has changed.
    """
    try:
        with path.open("rb") as file:
            found = []
            for start, end in spans:
                file.seek(start)
                found.append(parse(file.read(end - start), str(path)))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from error
    return found


def _elements(
    decoder: json.JSONDecoder, text: str, position: int, key: str, path: Path
) -> Generator[Member, None, int]:
    position = _behind(text, position, "[", path)
    if text[position : position + 1] == "]":
        return position + 1
    while True:
        value, end = _value(decoder, text, position, path)
        yield Member(key, value, position, end)
        position = _skip(text, end)
        if text[position : position + 1] == "]":
            return position + 1
        position = _behind(text, position, ",", path)


def _text(path: Path) -> str:
    """A file with one character per byte, so that places in the text are places in the file."""
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise Unreadable(f"{path} is empty", _AGAIN)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return str(data, "latin-1")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from error


def _value(decoder: json.JSONDecoder, text: str, position: int, path: Path) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise _damaged(text, error.pos, path, error.msg) from None
    except RecursionError:
        raise Unreadable(f"{path} is nested too deeply", _AGAIN) from None
    except ValueError as error:
        raise _damaged(text, position, path, str(error)[:80]) from None


def _behind(text: str, position: int, mark: str, path: Path) -> int:
    """The place of the next value behind a mark that must stand here."""
    position = _skip(text, position)
    if text[position : position + 1] != mark:
        raise _damaged(text, position, path, f"{mark!r} is missing")
    return _skip(text, position + 1)


def _skip(text: str, position: int) -> int:
    if position == 0 and text.startswith(_BOM):
        position = len(_BOM)
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def _damaged(text: str, position: int, path: Path, what: str) -> Unreadable:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    where = f"line {line}, column {column} of {text.count(chr(10)) + 1} lines"
    return Unreadable(f"{path} is no whole JSON: {what} ({where})", _AGAIN)
