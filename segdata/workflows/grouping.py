"""Which images belong together: by folder, by a table, or by what their names say."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from segdata.errors import UserError
from segdata.splitting.grouping import group_by_name

FOLDER = "folder"
_COLUMNS = ("name", "group")
# Images that a table does not name.
_UNNAMED = "not in the table"

Groups = Callable[[Sequence[str]], Sequence[str]]


def grouping(spec: str) -> Groups:
    """From ``folder``, ``FILE.csv`` (columns ``name,group``), or a pattern of ``segdata split``.

    Returns:
        What tells the group of each image from the names of all.

    Raises:
        UserError: the table cannot be read; or, when it is called, the pattern fits no name.
    """
    if spec == FOLDER:
        return lambda keys: [PurePosixPath(key).parent.as_posix() for key in keys]
    if spec.lower().endswith(".csv"):
        table = _read_table(Path(spec))
        return lambda keys: [_named(table, key) for key in keys]
    return lambda keys: group_by_name(keys, spec).names


def _named(table: dict[str, str], key: str) -> str:
    return table.get(key) or table.get(PurePosixPath(key).name) or _UNNAMED


def _read_table(path: Path) -> dict[str, str]:
    try:
        rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"the table {path} cannot be read: {error}") from error
    if not rows or not set(_COLUMNS) <= set(rows[0]):
        raise UserError(f"{path} needs the columns name,group", "one line for each image")
    return {row["name"].strip(): row["group"].strip() for row in rows}
