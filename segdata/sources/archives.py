"""Archives that labelling tools export: unpacked for as long as they are read.

Nothing is written outside the temporary folder, whatever names an archive holds, and no archive
fills the disk: what it says of its sizes is checked before, and what it really holds while it is
unpacked.
"""

from __future__ import annotations

import re
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Self

from segdata.errors import UserError

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")

# Deflate packs 1032:1 at most (zlib, "Maximum expansion factor"), and only what is all the same.
_LARGEST_RATIO = 200
# A ratio says nothing of a few label PNGs or JSON files.
_SMALL = 256 << 20
_MOST_MEMBERS = 2_000_000
# Headers that only say more of the member behind them: tarfile reads each into memory as a whole.
_EXTENSIONS = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME,
     tarfile.GNUTYPE_LONGLINK}
)  # fmt: skip
# Names have up to 4 KiB, and attributes up to 64 KiB each.
_LARGEST_EXTENSION = 1 << 20
# Left free on the disk, for the data set that is made.
_SPARE = 512 << 20
_CHUNK = 1 << 20
# What zipfile and tarfile raise on damaged bytes; RuntimeError and NotImplementedError also where
# a compression is not known.
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error, EOFError, ValueError,
    OverflowError, RuntimeError,
)  # fmt: skip
# A lone folder of such a name is part of a format's layout, not a wrapping.
_PART_OF_LAYOUT = frozenset(
    {"images", "annotations", "labels", "masks", "train", "training", "val", "valid", "validation",
     "test", "testing", "data"}
)  # fmt: skip
# What macOS keeps beside a file where it cannot keep it in the file (RFC 1740).
APPLE_DOUBLE = "._"
_DRIVE = re.compile(r"[A-Za-z]:")
_UNPACK_YOURSELF = "unpack it yourself and name the folder"


def is_archive(path: Path) -> bool:
    """Whether a path is a file with the name of an archive."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES) and path.is_file()


@contextmanager
def unpacked(path: Path, most: int | None = None) -> Iterator[Path]:
    """A folder with the content of an archive; a folder is yielded as it is.

    An archive that holds one folder and nothing beside it stands for that folder. Links, devices
    and what systems add (``__MACOSX``, ``._photo.jpg``) are left out.

    Args:
        path: the archive, or a folder.
        most: how many members it may have, where that is known; else as many as data sets have.

    Raises:
        UserError: it is damaged or encrypted, a name leaves the folder, or it would fill the disk.
    """
    if not is_archive(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="segdata-") as name:
        folder = Path(name)
        try:
            _unpack(path, folder, most or _MOST_MEMBERS)
        except _DAMAGE as error:
            raise UserError(
                f"{path} is damaged or cut off ({error})",
                f"fetch or export it again, or {_UNPACK_YOURSELF}",
            ) from error
        except OSError as error:
            why = error.strerror or error
            raise UserError(f"{path} cannot be unpacked: {why}", _UNPACK_YOURSELF) from error
        yield _inner(folder)


@dataclass
class _Budget:
    """What may still be written."""

    archive: Path
    left: int

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise UserError(
                f"{self.archive} holds more than its size allows: it looks like an archive made to "
                "fill disks",
                _UNPACK_YOURSELF,
            )


class _Header(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.type in _EXTENSIONS and header.size > _LARGEST_EXTENSION:
            raise tarfile.ReadError(f"a name of {header.size >> 20} MiB is none")
        return header


def _unpack(path: Path, folder: Path, most: int) -> None:
    if path.name.lower().endswith(".zip"):
        _unpack_zip(path, folder, most)
    else:
        _unpack_tar(path, folder, most)


def _unpack_zip(path: Path, folder: Path, most: int) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if any(member.flag_bits & 1 for member in members):
            raise UserError(f"{path} is encrypted", "unpack it with its password, name the folder")
        _check_count(path, len(members), most)
        budget = _budget(path, folder, sum(member.file_size for member in members))
        for member in members:
            target = _target(folder, member.filename, path)
            # The upper half of the attributes is the Unix mode; 0o120000 is a link.
            linked = (member.external_attr >> 16) & 0o170000 == 0o120000
            if target is None or linked or member.is_dir():
                continue
            with archive.open(member) as source:
                _write(source, target, budget)


def _unpack_tar(path: Path, folder: Path, most: int) -> None:
    budget = _budget(path, folder, 0)
    # A stream is read once, member by member: no list of names is built that could be huge.
    with tarfile.open(path, "r|*", tarinfo=_Header) as archive:
        for number, member in enumerate(archive):
            _check_count(path, number, most)
            target = _target(folder, member.name, path)
            source = archive.extractfile(member) if member.isfile() else None
            if target is not None and source is not None:
                _write(source, target, budget)


def _check_count(path: Path, count: int, most: int) -> None:
    if count > most:
        raise UserError(f"{path} holds more than {most} files", _UNPACK_YOURSELF)


def _budget(path: Path, folder: Path, declared: int) -> _Budget:
    """How much may be written: bounded by the archive's own size and by the disk.

    Raises:
        UserError: what the archive says of itself is already more.
    """
    size = path.stat().st_size
    free = shutil.disk_usage(folder).free - _SPARE
    if declared > free:
        raise UserError(
            f"{path} unpacks to {declared >> 20} MiB and {max(0, free) >> 20} MiB are free in "
            f"{folder.parent}",
            "free some space, or let TMPDIR name a folder on a larger disk",
        )
    budget = _Budget(path, min(free, max(_SMALL, size * _LARGEST_RATIO)))
    if declared > budget.left:
        budget.take(declared)
    return budget


def _target(folder: Path, name: str, path: Path) -> Path | None:
    """Where a member goes; None for what systems add.

    Raises:
        UserError: its name is absolute or leaves the folder.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or parts[0] == "__MACOSX" or parts[-1] in (".DS_Store", "Thumbs.db"):
        return None
    if parts[-1].startswith(APPLE_DOUBLE):
        return None
    if parts[0] == "/" or ".." in parts or _DRIVE.match(parts[0]) or "\0" in name:
        raise UserError(
            f"{path} holds {name!r}, which would be written outside the folder",
            "do not use this archive, or unpack it yourself and look at what it holds",
        )
    return folder.joinpath(*parts)


def _write(source: IO[bytes], target: Path, budget: _Budget) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            budget.take(len(chunk))
            file.write(chunk)


def _inner(folder: Path) -> Path:
    entries = list(folder.iterdir())
    while len(entries) == 1 and entries[0].is_dir() and entries[0].name not in _PART_OF_LAYOUT:
        folder = entries[0]
        entries = list(folder.iterdir())
    return folder
