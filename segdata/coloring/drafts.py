"""A draft of a class file, ready to edit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from segdata.coloring.survey import ColorSurvey
from segdata.errors import UserError
from segdata.files import write_file
from segdata.palettes import Match

# How class files call the class that is ignored.
_VOID = "void"
# The usual ignore label of 8-bit ids.
_IGNORED_ID = 255

Row = tuple[str | int, ...]


def draft(survey: ColorSurvey) -> str:
    """A class file in CSV with what was seen.

    Where the colors surely are those of a known palette it holds all classes of it, with its ids;
    else a row for each color or value that was seen, to be given a name.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerows(_rows(survey))
    return out.getvalue()


def refuse_existing(path: Path, *, overwrite: bool = False) -> None:
    """Refuse to replace somebody's class file, before any work is done.

    Raises:
        UserError: the file is there and may not be replaced.
    """
    if path.exists() and not overwrite:
        raise UserError(
            f"{path} exists, and is not replaced", "choose another name, or add --overwrite"
        )


def write_draft(survey: ColorSurvey, path: Path, *, overwrite: bool = False) -> None:
    """Write the draft.

    Raises:
        UserError: the file is there and may not be replaced, or cannot be written.
    """
    refuse_existing(path, overwrite=overwrite)
    write_file(path, draft(survey).encode())


def _rows(survey: ColorSurvey) -> Iterator[Row]:
    if survey.by_value:
        return _by_value(survey)
    return _of_palette(survey.match) if survey.match is not None else _by_color(survey)


def _of_palette(match: Match) -> Iterator[Row]:
    class_map = match.palette.class_map
    yield "id", "name", "r", "g", "b"
    for entry in class_map.classes:
        if entry.color is not None:
            name = _VOID if entry.id == class_map.ignore else entry.name
            yield entry.id, name, *(entry.color[::-1] if match.swapped else entry.color)


def _by_color(survey: ColorSurvey) -> Iterator[Row]:
    yield "name", "r", "g", "b"
    for number, entry in enumerate(survey.entries, 1):
        if entry.color is not None:
            yield entry.name or f"color_{number}", *entry.color


def _by_value(survey: ColorSurvey) -> Iterator[Row]:
    colors = [entry.color for entry in survey.entries]
    # A color of two numbers is no way to tell classes: the numbers are.
    colored = None not in colors and len({*colors}) == len(colors)
    yield ("id", "name", "r", "g", "b") if colored else ("id", "name")
    for entry in survey.entries:
        name = entry.name or (_VOID if entry.value == _IGNORED_ID else f"class_{entry.value}")
        yield entry.value or 0, name, *((entry.color or ()) if colored else ())
