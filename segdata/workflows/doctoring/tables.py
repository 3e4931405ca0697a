"""Tables that join photos and masks: ``train.csv`` with a column for each."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from segdata.file_index import without_suffix

# A table of more rows is no list of pairs that anybody trains with.
_ROWS = 1_000_000


def pair_tables(folder: Path) -> Mapping[str, list[tuple[str, str]]]:
    """The rows of each table in a folder, photo and mask, by the table's name."""
    found = {path.stem: _rows(path) for path in sorted(folder.glob("*.csv"))}
    return {name: rows for name, rows in found.items() if rows}


def _rows(path: Path) -> list[tuple[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [pair for row in islice(csv.reader(file), _ROWS) if (pair := _pair(row))]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _pair(row: list[str]) -> tuple[str, str] | None:
    """The first two columns that name pictures."""
    pictures = [cell.strip() for cell in row if without_suffix(cell.strip()) != cell.strip()]
    return (pictures[0], pictures[1]) if len(pictures) > 1 else None
