"""What list files and tables of pairs say."""

from __future__ import annotations

import csv
import hashlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segdata.errors import UserError
from segdata.file_index import index_files, without_suffix

# Of 100 pictures without list files, this share is kept for measuring (val).
_VAL_SHARE = 0.2


@dataclass(frozen=True)
class ListText:
    """How a list file is written, for the rules about lists (P04, P05, P06).

    Args:
        lines: how many there are.
        blank: numbers of blank ones.
        crlf: lines that end in CR LF.
        bom: it begins with a byte order mark.
        encoding: ``utf-8``, ``utf-16`` or ``cp1252``.
        padded: names with blanks around them.
        suffixed: names with an image suffix.
        repeated: names that stand there more than once, in order.
    """

    lines: int = 0
    blank: tuple[int, ...] = ()
    crlf: int = 0
    bom: bool = False
    encoding: str = "utf-8"
    padded: int = 0
    suffixed: int = 0
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairRow:
    """One row of a ``pairs.csv``."""

    key: str
    image: Path
    label: Path
    split: str | None


def index_folder(folder: Path, suffix: str | None = None) -> dict[str, Path]:
    """Image files below a folder by key, sorted by key; see :func:`index_files`."""
    return dict(index_files(folder, suffix))


def read_list(path: Path) -> tuple[tuple[str, ...], ListText]:
    """The names in a list file, and how the file is written.

    Line ends, blanks around names, a BOM, blank lines, and image suffixes are taken off; the
    original DeepLab keeps all of them but the newline and then misses the files. Windows editors
    write UTF-16, or their code page; both are read.

    Raises:
        UserError: the file cannot be read, or is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    text, encoding = _decoded(data, path)
    lines = text.splitlines()
    names = [line.strip() for line in lines]
    entries = tuple(without_suffix(name) for name in names if name)
    about = ListText(
        lines=len(lines),
        blank=tuple(number for number, name in enumerate(names, 1) if not name),
        crlf=text.count("\r\n"),
        bom=data.startswith((BOM_UTF8, BOM_UTF16_LE, BOM_UTF16_BE)),
        encoding=encoding,
        padded=sum(line != name for line, name in zip(lines, names, strict=True) if name),
        suffixed=sum(without_suffix(name) != name for name in names),
        repeated=tuple(name for name, times in Counter(entries).items() if times > 1),
    )
    return entries, about


def _decoded(data: bytes, path: Path) -> tuple[str, str]:
    """A list's text and its encoding."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in data:
        # Names hold no zero byte, so every other one of UTF-16 tells it.
        encodings = ["utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    raise UserError(f"{path} is no text file", "a list has one name on each line, in UTF-8")


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
    return int.from_bytes(hashlib.sha256(key.encode(errors="surrogateescape")).digest()[:8]) / 2**64


def keys_of(entries: Sequence[str], files: Mapping[str, Path]) -> list[str]:
    """The keys that a list's entries mean; an entry that means none stays as it is.

    Lists of others hold paths, such as ``/JPEGImages/a.jpg /SegmentationClass/a.png``: the first of
    several columns counts, and folders that are not part of the key are taken off, unless two
    entries would then mean one file. Whatever a path says, only files of the index are found.
    """
    keys = [entry if entry in files else _found(entry, files) for entry in entries]
    times = Counter(keys)
    return [
        key if key == entry or times[key] == 1 else entry
        for entry, key in zip(entries, keys, strict=True)
    ]


def _found(entry: str, files: Mapping[str, Path]) -> str:
    for words in (entry, *entry.split()[:1]):
        parts = PurePosixPath(without_suffix(words.replace("\\", "/"))).parts
        for start in range(len(parts)):
            key = "/".join(parts[start:])
            if key in files:
                return key
    return entry


def read_pairs(path: Path, root: Path, *, allow_outside: bool = False) -> tuple[PairRow, ...]:
    """The rows of a CSV with the columns ``image,label`` and perhaps ``split``.

    Args:
        root: paths in the file are below this folder.
        allow_outside: they may also lead elsewhere.

    Raises:
        UserError: the file is missing or has other columns, or a path leaves the folder.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    inside = _Inside(root, allow_outside)
    table = csv.DictReader(text.splitlines())
    try:
        if not {"image", "label"} <= set(table.fieldnames or ()):
            raise UserError(f"{path} needs the columns image,label", "an optional third is split")
        # Rows are not counted: empty lines are none.
        return tuple(_row(row, inside, f"{path}, line {table.line_num}") for row in table)
    except csv.Error as error:
        raise UserError(f"{path}, line {table.line_num}: {error}") from error


def _row(row: Mapping[str, str | None], inside: _Inside, where: str) -> PairRow:
    image, label = (inside.path(row[column] or "", where) for column in ("image", "label"))
    split = (row.get("split") or "").strip() or None
    # Splits become names of files.
    if split and (PurePosixPath(split.replace("\\", "/")).name != split or split.startswith(".")):
        raise UserError(f"{where}: {split!r} cannot be the name of a split")
    return PairRow(without_suffix(image.name), image, label, split)


class _Inside:
    """Paths below a folder, links in them followed; each folder is looked at once."""

    def __init__(self, root: Path, allow_outside: bool) -> None:
        self._root, self._allow = root, allow_outside
        self._real = root.resolve()
        self._good: set[str] = set()

    def path(self, name: str, where: str) -> Path:
        target = self._root / name.strip()
        try:
            target.is_file()
            inside = self._allow or self._holds(target)
        except (OSError, ValueError) as error:
            raise UserError(f"{where}: {name!r} cannot be the name of a file: {error}") from error
        if not inside:
            raise UserError(
                f"{where}: {name} leads out of {self._root}",
                "list files below the data set only; if it is yours and you want it so, set "
                "allow_outside = true in dataset.toml",
            )
        return target

    def _holds(self, target: Path) -> bool:
        folder = str(target.parent)
        if ".." not in target.parts and folder in self._good and not target.is_symlink():
            return True
        if not target.resolve().is_relative_to(self._real):
            return False
        if target.parent.resolve().is_relative_to(self._real):
            self._good.add(folder)
        return True
