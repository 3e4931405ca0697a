"""Which images belong together: by folder, by a table, or by what their names say."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from segdata.errors import UserError
from segdata.file_index import without_suffix
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
        UserError: the table cannot be read; or, when it is called, it names none of the images,
            the pattern fits no name, or all images are one group.
    """
    if spec == FOLDER:
        return _by_folder
    if spec.lower().endswith(".csv"):
        path = Path(spec)
        table = _read_table(path)
        return lambda keys: _by_table(keys, table, path)
    return lambda keys: group_by_name(keys, spec).names


def _by_folder(keys: Sequence[str]) -> list[str]:
    names = [PurePosixPath(key).parent.as_posix() for key in keys]
    if len(keys) > 1 and len(set(names)) == 1:
        raise UserError(
            f"--group-by {FOLDER}: all {len(keys)} images lie in one folder",
            "say what of their names they have in common: video, scene, a regular expression",
        )
    return names


def _by_table(keys: Sequence[str], table: dict[str, str], path: Path) -> list[str]:
    found = [table.get(key) or table.get(PurePosixPath(key).name) for key in keys]
    if keys and not any(found):
        raise UserError(
            f"{path} names none of {len(keys)} images, such as {keys[0]}",
            "write their names, with or without folder and suffix, in the column name",
        )
    return [group or _UNNAMED for group in found]


def _read_table(path: Path) -> dict[str, str]:
    """Groups by name, without suffixes of images."""
    try:
        table = csv.DictReader(path.read_text("utf-8-sig").splitlines())
        rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"the table {path} cannot be read: {error}") from error
    if not set(_COLUMNS) <= set(table.fieldnames or ()):
        raise UserError(f"{path} needs the columns name,group", "one line for each image")
    return {
        without_suffix((row["name"] or "").strip()): (row["group"] or "").strip() for row in rows
    }
