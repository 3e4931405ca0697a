"""Command lines in a text: continued lines are joined, variables put in, comments left out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Ends of a line that go on: POSIX shells', cmd.exe's, PowerShell's.
_CONTINUED = ("\\", "^", "`")
_PROMPT = re.compile(r"^\s*(?:[!%$>#]\s?(?=\S*(?:python|deeplab|CUDA|export|set\b))|PS [^>]*>)")
_ASSIGNED = re.compile(
    r"""^\s*(?:export |set |\$env:)?\s*([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s;&|]*)\s*$"""
)
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)|%(\w+)%")
_ENDS = frozenset({";", "&&", "||", "|", "&", ">", ">>", "2>", "2>&1", "<"})


@dataclass(frozen=True)
class CommandLine:
    """One command.

    Args:
        line: of its first line, counted from 1.
        words: as the shell splits them.
        cut: lines below it that look like its flags, but that it does not get.
    """

    line: int
    words: tuple[str, ...]
    cut: tuple[str, ...] = ()


def command_lines(text: str) -> Iterator[CommandLine]:
    """All commands of a shell script, batch file or paste."""
    known: dict[str, str] = {}
    open_one: CommandLine | None = None
    for number, line in _joined(text.splitlines()):
        assigned = _ASSIGNED.match(line)
        if assigned:
            known[assigned[1]] = _filled(assigned[2].strip("\"'"), known)
        words = _words(_filled(_PROMPT.sub("", line), known))
        if words and words[0][:2] in ("--", "––", "—") and open_one is not None:
            open_one = CommandLine(open_one.line, open_one.words, (*open_one.cut, line.strip()))
            continue
        if open_one is not None and line.strip():
            yield open_one
            open_one = None
        if words and not assigned:
            open_one = CommandLine(number, words)
    if open_one is not None:
        yield open_one


def _joined(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with those that continue them, and the number of the first."""
    start, parts = 0, list[str]()
    for number, line in enumerate(lines, 1):
        start = start or number
        # A backslash with a blank behind it escapes the blank: the command ends there.
        if line.endswith(_CONTINUED) and not line.lstrip().startswith("#"):
            parts.append(line[:-1])
            continue
        yield start, " ".join([*parts, line])
        start, parts = 0, []
    if parts:
        yield start, " ".join(parts)


def _filled(text: str, known: dict[str, str]) -> str:
    """Variables whose values stand in the text itself; others stay as they are."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        return known.get(name, match[0])

    return _VARIABLE.sub(value, text)


def _words(line: str) -> tuple[str, ...]:
    """The words of the first command of a line."""
    # Backslashes of Windows' paths are no escapes.
    text = line.replace("\\ ", " ").replace("\\", "\\\\")
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    end = next((at for at, word in enumerate(words) if word in _ENDS and at), len(words))
    return tuple(words[:end])
