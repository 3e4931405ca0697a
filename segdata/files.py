"""Files that exist only when they are whole."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from segdata.errors import UserError

# Stands in an output folder while a command fills it, so that what an interrupted command left is
# told apart from a finished result and from the user's own files.
INCOMPLETE = ".segdata-incomplete"
# File systems allow names of 255 bytes; temporary ones have up to nine more than the file's.
_LONGEST = 240
_ELSEWHERE = "choose another folder, or add --overwrite"


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that ``path`` holds either the old content or all of the new.

    Raises:
        UserError: the folder cannot be written to, or the disk is full.
    """
    with whole_file(path) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes the name ``path`` only when the block ends without an error.

    What was written can be read back before that.

    Raises:
        UserError: the folder cannot be written to, or the disk is full.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        name = _shortened(f".{path.name}")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{name}.")
        with os.fdopen(handle, "w+b") as file:
            yield file
        # mkstemp makes private files; results are as readable as any file the user makes.
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        raise machine_fault(path, error) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def link_file(source: Path, target: Path, *, symbolic: bool) -> None:
    """Link to a file instead of copying it; a target that is there is replaced whole.

    Args:
        symbolic: by a relative path, so that both may move together; else as a hard link.

    Raises:
        UserError: the system cannot link these two.
    """
    real = source.resolve()
    temporary = target.with_name(_shortened(f".{target.name}") + ".link")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        if symbolic:
            temporary.symlink_to(os.path.relpath(real, target.parent.resolve()))
        else:
            temporary.hardlink_to(real)
        temporary.replace(target)
        # Renaming one link of a file onto another one does nothing (POSIX, rename).
        temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot link {target} to {source}: {error.strerror or error}",
            "hard links cannot leave a file system, and some systems allow no symbolic ones: copy "
            "the photos instead",
        ) from error


@contextmanager
def output_folder(
    out: Path, *, overwrite: bool = False, whole: str = "", remedy: str = _ELSEWHERE
) -> Iterator[Path]:
    """A folder that a command fills; marked as incomplete until the block ends without an error.

    Args:
        out: made if it is not there. An earlier, interrupted run's folder is continued.
        overwrite: also write into a folder that holds other things; nothing foreign is removed.
        whole: the name of the file that makes the folder look finished; taken away at the start.
        remedy: what helps where the folder holds other things; a command without --overwrite says.

    Raises:
        UserError: the folder holds something else, is a file, or cannot be written to.
    """
    _refuse_foreign(out, overwrite, remedy)
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / INCOMPLETE).touch()
        if whole:
            (out / whole).unlink(missing_ok=True)
    except OSError as error:
        raise machine_fault(out, error) from error
    try:
        yield out
    except BaseException:
        _leave_if_empty(out, made)
        raise
    (out / INCOMPLETE).unlink(missing_ok=True)


def inside(folder: Path, name: str) -> Path:
    """The place of a name below a folder; sub-folders are kept.

    Raises:
        UserError: it leads outside: it is absolute, or goes up.
    """
    if Path(name).anchor or ".." in PureWindowsPath(name).parts:
        raise UserError(f"the name {name!r} leads outside {folder}", "rename the image")
    return folder / name


def refuse_incomplete(folder: Path) -> None:
    """Raise a UserError if a command was interrupted while it filled the folder."""
    if (folder / INCOMPLETE).exists():
        raise UserError(
            f"{folder} is incomplete: the command that writes it was interrupted or still runs",
            "run that command again; it goes on where it stopped",
        )


def _refuse_foreign(out: Path, overwrite: bool, remedy: str) -> None:
    if out.is_file():
        raise UserError(f"{out} is a file, and the output is a folder", "choose another folder")
    if overwrite or not out.is_dir() or (out / INCOMPLETE).exists():
        return
    if any(out.iterdir()):
        raise UserError(f"{out} exists and is not empty", remedy)


def _leave_if_empty(out: Path, made: bool) -> None:
    """Take the marker away if nothing else was written, and the folder if it was made for it."""
    if [entry.name for entry in out.iterdir()] == [INCOMPLETE]:
        (out / INCOMPLETE).unlink()
        if made:
            out.rmdir()


def _shortened(name: str) -> str:
    """As much of a name as leaves room for an ending."""
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    return name


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def machine_fault(path: Path, error: OSError) -> UserError:
    """The error that says why a file or folder cannot be written, and what helps."""
    reasons = {
        errno.ENOSPC: ("the disk is full", "free some space and run the command again"),
        errno.EACCES: ("permission denied", "choose a folder that you may write to"),
        errno.EROFS: ("it is on a read-only file system", "choose a folder that can be written"),
    }
    why, remedy = reasons.get(error.errno or 0, (error.strerror or str(error), ""))
    return UserError(f"cannot write {path}: {why}", remedy)
