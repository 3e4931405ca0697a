"""What lies in a folder, and what list files say of it."""

from __future__ import annotations

import csv
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from segdata.errors import UserError
from segdata.images import IMAGE_SUFFIXES

# Of 100 pictures without list files, this share is kept for measuring (val).
_VAL_SHARE = 0.2


@dataclass(frozen=True)
class ListText:
    """How a list file is written, for the rules about lists (P04, P05, P06)."""

    lines: int = 0
    blank: tuple[int, ...] = ()
    crlf: int = 0
    bom: bool = False
    padded: int = 0
    suffixed: int = 0


@dataclass(frozen=True)
class PairRow:
    """One row of a ``pairs.csv``."""

    key: str
    image: Path
    label: Path
    split: str | None


def index_folder(folder: Path, suffix: str | None = None) -> dict[str, Path]:
    """Image files below a folder by key, sorted by key.

    Args:
        folder: links to folders are not followed, so nothing outside is reached.
        suffix: how names end, such as ``_mask.png``; None takes every image suffix. Where one key
            has several files, the suffix that comes first in ``IMAGE_SUFFIXES`` wins for photos.
    """
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            key = _key(name, suffix)
            if key is None:
                continue
            path = Path(parent, name)
            relative = path.relative_to(folder).parent / key
            found.setdefault(relative.as_posix(), path)
    return dict(sorted(found.items()))


def read_list(path: Path) -> tuple[tuple[str, ...], ListText]:
    """The names in a list file, and how the file is written.

    Line ends, blanks around names, a BOM, blank lines, and image suffixes are taken off; the
    original DeepLab keeps all of them but the newline and then misses the files.

    Raises:
        UserError: the file cannot be read as UTF-8 text.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as UTF-8 text: {error}") from error
    lines = text.splitlines()
    names = [line.strip() for line in lines]
    entries = tuple(_without_suffix(name) for name in names if name)
    about = ListText(
        lines=len(lines),
        blank=tuple(number for number, name in enumerate(names, 1) if not name),
        crlf=data.count(b"\r\n"),
        bom=data.startswith(b"\xef\xbb\xbf"),
        padded=sum(line != name for line, name in zip(lines, names, strict=True) if name),
        suffixed=sum(_without_suffix(name) != name for name in names),
    )
    return entries, about


def hashed_lists(keys: list[str]) -> dict[str, tuple[str, ...]]:
    """Train and val lists for a source that has none.

    A hash of the name decides, so adding pictures moves none from one list to the other.
    """
    draws = {key: draw(key) for key in keys}
    val = {key for key, drawn in draws.items() if drawn < _VAL_SHARE}
    if not val and len(keys) > 1:
        val = {min(keys, key=lambda key: draws[key])}
    return {
        "train": tuple(key for key in keys if key not in val),
        "val": tuple(key for key in keys if key in val),
    }


def draw(key: str) -> float:
    """A number in [0, 1) that only the name decides."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2.0**64


def read_pairs(path: Path, root: Path) -> tuple[PairRow, ...]:
    """The rows of a CSV with the columns ``image,label`` and perhaps ``split``.

    Args:
        root: paths in the file are below this folder.

    Raises:
        UserError: the file is missing or has other columns, or a path leaves the folder.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    table = csv.DictReader(text.splitlines())
    if not {"image", "label"} <= set(table.fieldnames or ()):
        raise UserError(f"{path} needs the columns image,label", "an optional third is split")
    rows = []
    for number, row in enumerate(table, 2):
        image, label = _inside(root, row["image"], path, number), row["label"] or ""
        key = Path(row["image"]).with_suffix("").name
        rows.append(PairRow(key, image, _inside(root, label, path, number), row.get("split")))
    return tuple(rows)


def _inside(root: Path, name: str | None, path: Path, line: int) -> Path:
    target = root / (name or "")
    if not target.resolve().is_relative_to(root.resolve()):
        raise UserError(
            f"{path}, line {line}: {name} is outside {root}", "list files below the data set only"
        )
    return target


def _key(name: str, suffix: str | None) -> str | None:
    if name.startswith("."):
        return None
    if suffix is not None:
        return name.removesuffix(suffix) if name.endswith(suffix) else None
    stem, dot, ending = name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in IMAGE_SUFFIXES else None


def _without_suffix(entry: str) -> str:
    stem, dot, ending = entry.rpartition(".")
    return stem if dot and f".{ending.lower()}" in IMAGE_SUFFIXES else entry
