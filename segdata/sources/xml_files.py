"""XML that a stranger wrote, read as it comes; entities and document types are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from segdata.images import Unreadable

_AGAIN = "export the file again"
# What is looked at to tell what a file holds.
_HEAD = 1 << 12
# Nothing of interest lies deeper; a million nested elements would make a million long paths.
_DEEPEST = 16


@dataclass(frozen=True)
class Handlers:
    """What is called for each element: with its path from the root, and its attributes or text.

    Args:
        start: at the beginning of an element.
        end: at its end, with the text that stands in it directly.
    """

    start: Callable[[tuple[str, ...], dict[str, str]], None]
    end: Callable[[tuple[str, ...], str], None]


class _Refused(Exception):
    pass


def read_xml(path: Path, handlers: Handlers) -> None:
    """Read a file from its first element to its last.

    Raises:
        Unreadable: with the line, if it is no XML, or declares entities.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    _connect(parser, handlers)
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from error
    except expat.ExpatError as error:
        where = f"line {error.lineno}, column {error.offset + 1}"
        what = expat.ErrorString(error.code)
        raise Unreadable(f"{path} is no whole XML: {what} ({where})", _AGAIN) from None
    except (_Refused, ValueError, LookupError) as error:
        raise Unreadable(f"{path} is no plain XML: {error}", _AGAIN) from None


def head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _connect(parser: expat.XMLParserType, handlers: Handlers) -> None:
    names: list[str] = []
    texts: list[list[str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        names.append(name)
        texts.append([])
        handlers.start(tuple(names[:_DEEPEST]), attributes)

    def end(_: str) -> None:
        handlers.end(tuple(names[:_DEEPEST]), "".join(texts.pop()))
        names.pop()

    def refuse(*_: object) -> int:
        # A few declared entities stand for gigabytes of text, or for files of this machine.
        raise _Refused("it declares entities")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: texts[-1].append(text) if texts else None
    parser.EntityDeclHandler = refuse
    parser.UnparsedEntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
