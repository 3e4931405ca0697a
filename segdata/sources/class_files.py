"""Class files: the list of names, colors and ids that people keep beside their masks."""

from __future__ import annotations

import csv
from pathlib import Path

from segdata.classes import ClassMap, Color, SegClass
from segdata.dataset import DESCRIPTOR_FILE, DatasetDescriptor
from segdata.errors import UserError

# Where tutorials and labelling tools leave it.
CLASS_FILES = ("classes.csv", "class_dict.csv")
VOID_NAMES = frozenset({"void", "ignore", "unlabelled", "unlabeled"})

_COLUMNS = {
    "name": "name", "class": "name", "label": "name", "class_name": "name",
    "r": "r", "red": "r", "g": "g", "green": "g", "b": "b", "blue": "b",
    "id": "id", "index": "id", "value": "id", "class_id": "id",
}  # fmt: skip


def has_class_file(folder: Path) -> bool:
    """Whether a class file lies in a folder."""
    return any((folder / name).is_file() for name in CLASS_FILES)


def find_class_file(folder: Path) -> Path:
    """The class file of a folder.

    Raises:
        UserError: there is none, or there are two.
    """
    found = [folder / name for name in CLASS_FILES if (folder / name).is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"{folder} has {' and '.join(p.name for p in found)}", "choose one with --classes FILE"
        )
    raise UserError(
        f"{folder} has no class file ({' or '.join(CLASS_FILES)})",
        "write one with a line for each class:  name,r,g,b  and name it with --classes FILE",
    )


def read_class_file(path: Path) -> ClassMap:
    """Read ``name,r,g,b`` (any order of columns, perhaps an ``id``), or a ``dataset.toml``.

    Ids are row numbers unless a column gives them. The row named void, ignore, unlabelled or
    unlabeled is the ignore label.

    Raises:
        UserError: with the line and what is wrong there.
    """
    try:
        text = path.read_text("utf-8-sig")
    except IsADirectoryError:
        raise UserError(f"the class file {path} is a folder", "name the file in it") from None
    except FileNotFoundError:
        raise UserError(f"the class file {path} does not exist", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the class file {path} cannot be read as text: {error}") from error
    if path.name == DESCRIPTOR_FILE or path.suffix == ".toml":
        return DatasetDescriptor.from_toml(text, str(path)).class_map
    return _read_table(text, path)


def _read_table(text: str, path: Path) -> ClassMap:
    rows = [
        (number, [cell.strip() for cell in row])
        for number, row in enumerate(csv.reader(text.splitlines(), delimiter=_separator(text)), 1)
        if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")
    ]
    if not rows:
        raise UserError(f"the class file {path} is empty", "write a line name,r,g,b per class")
    columns, rows = _header(rows, path)
    if not rows:
        raise UserError(f"{path} has a header and no classes", "write a line for each class")
    classes = []
    for row_number, (line, cells) in enumerate(rows):
        if len(cells) < len(columns):
            raise UserError(f"{path}, line {line}: {len(cells)} columns instead of {len(columns)}")
        classes.append(_row(dict(zip(columns, cells, strict=False)), row_number, path, line))
    ignored = [c.id for c in classes if c.name.lower() in VOID_NAMES]
    if len(ignored) > 1:
        raise UserError(f"{path} names {len(ignored)} classes void or ignore", "keep one of them")
    try:
        return ClassMap(tuple(classes), ignored[0] if ignored else None)
    except UserError as error:
        raise UserError(f"{path}: {error.message}", error.remedy) from None


def _separator(text: str) -> str:
    """The separator of the first line: comma, or the semicolon or tab that spreadsheets write."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _header(
    rows: list[tuple[int, list[str]]], path: Path
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The meaning of each column, from the header line or, without one, from the first row."""
    first = [cell.lower() for cell in rows[0][1]]
    known = [_COLUMNS.get(cell, "") for cell in first]
    if "name" in known:
        if "" in known and not {"r", "g", "b"} <= set(known):
            raise UserError(
                f"{path}, line {rows[0][0]}: no columns r,g,b in {','.join(rows[0][1])!r}",
                "write colors as three columns:  name,r,g,b",
            )
        return known, rows[1:]
    cells = rows[0][1]
    numeric = [cell.isdigit() for cell in cells]
    if len(cells) == 4 and numeric == [False, True, True, True]:
        return ["name", "r", "g", "b"], rows
    if len(cells) == 4 and numeric == [True, True, True, False]:
        return ["r", "g", "b", "name"], rows
    if len(cells) == 1:
        return ["name"], rows
    raise UserError(
        f"{path}, line {rows[0][0]}: cannot tell which column is what in {','.join(cells)!r}",
        "begin the file with the line  name,r,g,b",
    )


def _row(cells: dict[str, str], row_number: int, path: Path, line: int) -> SegClass:
    where = f"{path}, line {line}"
    if not cells["name"]:
        raise UserError(f"{where}: the class has no name")
    color: Color | None = None
    if {"r", "g", "b"} <= cells.keys():
        color = (
            _number(cells["r"], 255, where),
            _number(cells["g"], 255, where),
            _number(cells["b"], 255, where),
        )
    class_id = _number(cells["id"], 65535, where) if "id" in cells else row_number
    return SegClass(class_id, cells["name"], color)


def _number(text: str, largest: int, where: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= largest):
        raise UserError(f"{where}: {text!r} is not a whole number from 0 to {largest}")
    return int(text)
