"""Which column of a class table is what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from segdata.sources.class_files.entries import ROLES, packed_color

Cells = Sequence[str]


@dataclass(frozen=True)
class Columns:
    """Places of the columns, from 0; None for what is not there."""

    name: int
    id: int | None = None
    rgb: tuple[int, int, int] | None = None
    color: int | None = None

    @property
    def tells_values(self) -> bool:
        """Whether there is more than names."""
        return any(place is not None for place in (self.id, self.rgb, self.color))

    @property
    def least(self) -> int:
        """Cells that a row needs."""
        places: list[int] = [self.name, self.id or 0, *(self.rgb or ())]
        return max(places) + 1


def from_header(header: Cells, rows: list[Cells]) -> Columns | None:
    """The columns that a first line names; None if it is no header."""
    words = [" ".join(cell.strip("# ").lower().replace("_", " ").split()) for cell in header]
    found = {role: _place(words, role) for role in ROLES}
    name = found["name"]
    if name is None or len(header) == 1:
        return None if name is None or len(rows) == 0 else Columns(name)
    number = found["id"]
    if _all_numbers(rows, name):
        # class,name,r,g,b: the first is the id. Without another column of names there is none.
        others = [i for i, w in enumerate(words) if w in ROLES["name"] and i != name]
        texts = [i for i in others if not _all_numbers(rows, i)]
        if not texts:
            return None
        number, name = name if number is None else number, texts[0]
    elif number is None:
        number = next(
            (i for i, w in enumerate(words)
             if w in ROLES["name"] and i != name and rows and _all_numbers(rows, i)), None
        )  # fmt: skip
    red, green, blue = found["r"], found["g"], found["b"]
    if red is not None and green is not None and blue is not None:
        return Columns(name, number, (red, green, blue))
    color = found["color"]
    if color == len(header) - 1 and rows and all(len(row) == len(header) + 2 for row in rows):
        return Columns(name, number, (color, color + 1, color + 2))
    if color is None and number is None:
        rest = [i for i in range(len(header)) if i != name]
        return _with_guessed(name, rest, rows)
    return Columns(name, number, None, color)


def from_contents(rows: list[Cells]) -> Columns | None:
    """The columns, told from what stands in them; None where that is not clear."""
    width = min((len(row) for row in rows), default=0)
    if width == 0:
        return None
    if any(len(row) != len(rows[0]) for row in rows):
        return _ragged(rows, width)
    kinds = [_kind(rows, index) for index in range(width)]
    texts = [index for index, kind in enumerate(kinds) if kind == "text"]
    if len(texts) != 1:
        return None
    return _with_guessed(texts[0], [i for i in range(width) if i != texts[0]], rows)


def _place(words: list[str], role: str) -> int | None:
    return next((words.index(word) for word in ROLES[role] if word in words), None)


def _with_guessed(name: int, rest: list[int], rows: list[Cells]) -> Columns | None:
    """A name, and columns of which nothing is said."""
    colors = [i for i in rest if _kind(rows, i) == "color"]
    numbers = [i for i in rest if _kind(rows, i) == "number"]
    if len(colors) == 1 and len(numbers) <= 1:
        return Columns(name, numbers[0] if numbers else None, None, colors[0])
    if colors or len(colors) + len(numbers) < len(rest):
        return None
    if len(numbers) == 3:
        return Columns(name, None, (numbers[0], numbers[1], numbers[2]))
    if len(numbers) == 4:
        return _id_and_color(name, numbers, rows)
    if len(numbers) <= 1:
        return Columns(name, numbers[0] if numbers else None)
    return None


def _id_and_color(name: int, numbers: list[int], rows: list[Cells]) -> Columns | None:
    """Of four numbers three are a color; the id counts up, at one end or before the name."""
    first, last = numbers[0], numbers[-1]
    rows = [row for row in rows if len(row) > last]
    numbered = [_counts_rows(rows, index) for index in (first, last)]
    counts = numbered if any(numbered) else [_counts_up(rows, index) for index in (first, last)]
    if counts[0] != counts[1]:
        number = first if counts[0] else last
    elif first < name < numbers[1]:
        number = first
    elif numbers[-2] < name < last:
        number = last
    else:
        return None
    red, green, blue = (i for i in numbers if i != number)
    return Columns(name, number, (red, green, blue))


def _ragged(rows: list[Cells], width: int) -> Columns | None:
    """Names with the separator in them, and nothing else, are no table; short rows are told."""
    if len(rows[0]) == width:
        widest = [row for row in rows if len(row) == len(rows[0])]
        return from_contents(widest) if widest and len(widest) * 2 > len(rows) else None
    full = [row for row in rows if len(row) >= len(rows[0])]
    return from_contents([row[: len(rows[0])] for row in full]) if full else None


def _kind(rows: list[Cells], index: int) -> str:
    cells = [row[index] for row in rows if index < len(row)]
    if all(_is_number(cell) for cell in cells):
        return "number"
    if all(packed_color(cell) is not None or not cell for cell in cells):
        return "color"
    # Most are numbers: one of them is wrong, and its line will be told.
    if len(cells) > 2 and sum(_is_number(cell) for cell in cells) * 3 >= len(cells) * 2:
        return "number"
    return "text"


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?[0-9]+", cell) is not None


def _all_numbers(rows: list[Cells], index: int) -> bool:
    cells = [row[index] for row in rows if index < len(row)]
    return bool(cells) and all(_is_number(cell) for cell in cells)


def _counts_rows(rows: list[Cells], index: int) -> bool:
    """Whether a column is 0, 1, 2, ... or 1, 2, 3, ..."""
    cells = [row[index].lstrip("0") or "0" for row in rows]
    return any(cells == [str(place + start) for place in range(len(rows))] for start in (0, 1))


def _counts_up(rows: list[Cells], index: int) -> bool:
    values = [int(row[index][:9]) for row in rows if _is_number(row[index])]
    return len(values) == len(rows) and all(later > earlier for earlier, later in pairwise(values))
