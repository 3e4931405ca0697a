"""Tables of ids as people write them: ``255:1 4:ignore``, or a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from segdata.errors import UserError

_IGNORE = "ignore"
_HOW = "write OLD:NEW with ids, such as 255:1, or OLD:ignore"
_COLUMNS = ("from", "to")


def table_of(entries: Iterable[str]) -> dict[int, int | None]:
    """``["255:1", "4:ignore"]`` -> ``{255: 1, 4: None}``.

    Raises:
        UserError: an entry is none, or an id is given twice.
    """
    table: dict[int, int | None] = {}
    for entry in entries:
        old, colon, new = entry.partition(":")
        if not colon:
            raise UserError(f"{entry!r} is no entry of a table", _HOW)
        _add(table, old, new, entry)
    return table


def names_of(entries: Iterable[str]) -> dict[int, str]:
    """``["1:road"]`` -> ``{1: "road"}``.

    Raises:
        UserError: an entry is none.
    """
    names = {}
    for entry in entries:
        number, colon, name = entry.partition(":")
        if not (colon and name.strip()):
            raise UserError(f"{entry!r} names no id", "write ID:NAME, such as 1:road")
        names[_id(number, entry)] = name.strip()
    return names


def read_table(path: Path) -> tuple[dict[int, int | None], dict[int, str]]:
    """A CSV file with the columns ``from,to`` and perhaps ``name``: the table, and new names.

    Raises:
        UserError: it cannot be read, or a line is wrong; with the line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the table {path} cannot be read: {error}") from error
    rows = csv.DictReader(text.splitlines())
    columns = [(name or "").strip().lower() for name in rows.fieldnames or ()]
    if not set(_COLUMNS) <= set(columns):
        raise UserError(f"{path} needs the columns from,to", "an optional third is name")
    rows.fieldnames = columns
    table: dict[int, int | None] = {}
    names: dict[int, str] = {}
    for row in rows:
        if not any(value for value in row.values()):
            continue
        where = f"{path}, line {rows.line_num}"
        _add(table, row["from"] or "", row["to"] or "", where)
        target = table[_id(row["from"] or "", where)]
        if _name(row) and target is not None:
            names[target] = _name(row)
    return table, names


def _name(row: Mapping[str, str | None]) -> str:
    return (row.get("name") or "").strip()


def _add(table: dict[int, int | None], old: str, new: str, where: str) -> None:
    source = _id(old, where)
    if source in table:
        raise UserError(f"{where}: id {source} is given twice", "an id becomes one other")
    table[source] = None if new.strip().lower() == _IGNORE else _id(new, where)


def _id(text: str, where: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        raise UserError(f"{where}: {text!r} is no id", _HOW)
    return int(text)
