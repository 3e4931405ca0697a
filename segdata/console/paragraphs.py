"""Text that fits the window: lines break between words, never inside a path or a command."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

# Stands for a blank that no line may break at; from Unicode's private use area.
_KEPT = "\ue000"

# The narrowest window for a table; below it every row is a paragraph.
TABLE = 70


def kept(text: str) -> str:
    """The text as one word."""
    return text.replace(" ", _KEPT)


def paragraph(text: Text, console: Console, indent: int = 0, hang: int = 0) -> None:
    """Print a text.

    Args:
        indent: columns before the first line.
        hang: further columns before the others.
    """
    breaks = _breaks(text.plain, console.width - indent, hang)
    for number, line in enumerate(text.divide(breaks)):
        line.rstrip()
        line.plain = line.plain.replace(_KEPT, " ")
        before = indent + (hang if number else 0)
        console.print(Text(" " * before) + line)


def _breaks(text: str, room: int, hang: int) -> list[int]:
    """Where lines begin, the first aside; a word that is wider than the room sticks out."""
    out: list[int] = []
    column = 0
    for word in re.finditer(r"\S+\s*", text):
        if column and column + cell_len(word[0].rstrip()) > room:
            out.append(word.start())
            column = hang
        column += cell_len(word[0])
    return out


def instruction(text: str, console: Console, indent: int = 0) -> None:
    """Print what to do; a line that is a command is not broken."""
    lines = text.splitlines()
    apart = len(lines) > 1 and all(line.startswith("segdata ") for line in lines)
    for line in f"fix:\n{text}".splitlines() if apart else f"fix: {text}".splitlines():
        words = line.removeprefix("fix: ")
        if words.startswith("segdata "):
            line = line.replace(words, kept(words))
        paragraph(Text(line), console, indent, hang=2)
