"""Class files that are tables: comma, semicolon, tab or blank between the columns.

The columns are told from a header line, or from what stands in them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from segdata.classes import Color
from segdata.errors import UserError
from segdata.sources.class_files.columns import Columns, from_contents, from_header
from segdata.sources.class_files.entries import Entry, channel, class_id, packed_color

_BEGIN = "begin the file with the line  name,r,g,b"
# CVAT's labelmap.txt: name:color:parts:actions.
_LABELMAP = re.compile(r"([^:]+):\s*((?:\d+\s*,\s*\d+\s*,\s*\d+)?)\s*:([^:]*):([^:]*)")
_COLOR_FIRST = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b\s*[,;\t ]\s*\S")
# A line shown in an error is cut here.
_SHOWN = 60


@dataclass(frozen=True)
class Row:
    """One line: its number, its text, and its cells."""

    line: int
    text: str
    cells: tuple[str, ...]

    @property
    def shown(self) -> str:
        text = self.text.strip()
        return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")

    @property
    def where(self) -> str:
        return f"line {self.line}: {self.shown}"

    def wrong(self, source: str, what: str, remedy: str = "") -> UserError:
        """The error that names this line and shows it."""
        return UserError(f"{source}, line {self.line}: {what} in {self.shown}", remedy)


def read_table(text: str, source: str) -> list[Entry]:
    """The classes of a table.

    Raises:
        UserError: with the line and what is wrong there.
    """
    lines = list(_lines(text))
    if not lines:
        raise UserError(f"the class file {source} is empty", "write a line name,r,g,b per class")
    if _mostly_labelmap([line for _, line in lines]):
        rows = [Row(number, line, ()) for number, line in lines]
        return [_labelmap_entry(row, source) for row in rows]
    rows = _rows(lines, source)
    columns, rows = _columns(rows, source)
    if not rows:
        raise UserError(f"{source} has a header and no classes", "write a line for each class")
    return [_entry(row, columns, source) for row in rows]


def is_labelmap(text: str) -> bool:
    """Whether it is CVAT's ``name:r,g,b:parts:actions``."""
    return _mostly_labelmap([line for _, line in _lines(text)])


def _mostly_labelmap(lines: list[str]) -> bool:
    """A line that is none among others that are is a mistake to be told."""
    matches = sum(_LABELMAP.fullmatch(line.strip()) is not None for line in lines)
    return matches * 2 > len(lines)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are neither blank nor comments; ``#ff0000 road`` is no comment."""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip().strip("\x1a")
        comment = bare.startswith(("//", "#")) and not _COLOR_FIRST.match(bare)
        if bare.strip(",;\t ") and not comment:
            yield number, line


def _labelmap_entry(row: Row, source: str) -> Entry:
    match = _LABELMAP.fullmatch(row.text.strip())
    if match is None or not match[1].strip():
        raise row.wrong(source, "this is not name:r,g,b:parts:actions")
    try:
        channels = [channel(cell) for cell in match[2].split(",") if cell.strip()]
    except ValueError as error:
        raise row.wrong(source, str(error)) from None
    color = (channels[0], channels[1], channels[2]) if channels else None
    return Entry(match[1].strip(), row.where, None, color)


def _rows(lines: list[tuple[int, str]], source: str) -> list[Row]:
    separator = _separator([line for _, line in lines])
    try:
        return [Row(number, line, _cells(line, separator)) for number, line in lines]
    except csv.Error as error:
        raise UserError(f"{source} is no table: {error}", _BEGIN) from error


def _separator(lines: list[str]) -> str:
    """The separator that most lines have; a blank where none has any, and numbers are there."""
    counts = {mark: sum(mark in line for line in lines) for mark in ";\t,|"}
    best = max(counts, key=lambda mark: counts[mark])
    # In CamVid's own file the numbers stand between blanks and a tab is before the name only.
    blanks = sum(re.search(r"\d +\d", line) is not None for line in lines)
    if counts[best] * 2 <= len(lines) or (best == "\t" and blanks * 2 > len(lines)):
        return " " if blanks * 2 > len(lines) or _two_words(lines) else best
    return best


def _two_words(lines: list[str]) -> bool:
    """Whether each line is a number and a name, or a name and a color, with blanks between."""
    if all(re.fullmatch(r"\d+\s+\S.*", line.strip()) for line in lines):
        return True
    matches = [re.fullmatch(r"(\S+)\s+(?:\d+|#[0-9a-fA-F]{6})", line.strip()) for line in lines]
    # "class 1", "class 2" are names.
    return all(matches) and len({match[1] for match in matches if match}) == len(lines)


def _cells(line: str, separator: str) -> tuple[str, ...]:
    if separator == " ":
        return _blank_cells(line)
    row = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    cells = [_bare(cell) for cell in row]
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    return tuple(cells)


def _bare(cell: str) -> str:
    """A cell without blanks; a number also without the bracket of a color: ``(128``."""
    number = cell.strip(" \t()[]")
    return number if number.isdigit() else cell.strip()


def _blank_cells(line: str) -> tuple[str, ...]:
    """Numbers and hex colors at both ends are cells; what lies between is one name."""
    words = line.split()
    start, end = 0, len(words)
    while start < end and _is_value(words[start]):
        start += 1
    while end > start and _is_value(words[end - 1]):
        end -= 1
    name = " ".join(words[start:end]).strip("\"'")
    return (*words[:start], *([name] if name else []), *words[end:])


def _is_value(word: str) -> bool:
    return word.isdigit() or packed_color(word, marked=True) is not None


def _columns(rows: list[Row], source: str) -> tuple[Columns, list[Row]]:
    header = from_header(rows[0].cells, [row.cells for row in rows[1:]])
    if header is not None:
        return header, rows[1:]
    behind = from_contents([row.cells for row in rows[1:]])
    if behind and behind.tells_values and not any(_is_value(cell) for cell in rows[0].cells):
        return behind, rows[1:]  # a header in words of another language
    found = from_contents([row.cells for row in rows])
    if found is not None:
        return found, rows
    raise rows[0].wrong(source, "cannot tell which column is what", _BEGIN)


def _entry(row: Row, columns: Columns, source: str) -> Entry:
    if len(row.cells) < columns.least:
        raise row.wrong(source, f"{len(row.cells)} columns instead of {columns.least}")
    name = row.cells[columns.name]
    if not name:
        raise row.wrong(source, "the class has no name")
    try:
        number = None if columns.id is None else class_id(row.cells[columns.id], name)
        return Entry(name, row.where, number, _color(row.cells, columns))
    except ValueError as error:
        raise row.wrong(source, str(error)) from None


def _color(cells: tuple[str, ...], columns: Columns) -> Color | None:
    """The color of a row; None if its cell is empty."""
    if columns.rgb is not None:
        red, green, blue = (channel(cells[place]) for place in columns.rgb)
        return red, green, blue
    if columns.color is None or columns.color >= len(cells) or not cells[columns.color]:
        return None
    color = packed_color(cells[columns.color])
    if color is None:
        raise ValueError(f"{cells[columns.color]!r} is no color (r,g,b or #rrggbb)")
    return color
