"""One registry: a TOML file with a table from names to folders.

::

    [datasets]
    street = "data/street"
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

import tomli_w

from segdata.errors import UserError
from segdata.files import write_file

PROJECT_FILE = "segdata.toml"
_USER_FILE = "datasets.toml"
_TABLE = "datasets"
_HOME: ContextVar[Path | None] = ContextVar("home of the user's registry", default=None)


def project_file() -> Path | None:
    """The nearest ``segdata.toml`` at or above the working directory."""
    here = Path.cwd()
    found = (folder / PROJECT_FILE for folder in (here, *here.parents))
    return next((path for path in found if path.is_file()), None)


@contextmanager
def user_home(folder: Path) -> Iterator[None]:
    """Keep the user's registry in another folder while the block runs."""
    token = _HOME.set(folder)
    try:
        yield
    finally:
        _HOME.reset(token)


def user_file() -> Path:
    """The user's registry, whether it is there or not."""
    home = _HOME.get() or os.environ.get("SEGDATA_HOME")
    return (Path(home) if home else Path.home() / ".segdata") / _USER_FILE


def read_names(path: Path) -> dict[str, Path]:
    """Names and folders; relative folders are relative to the file. Nothing without a file.

    Raises:
        UserError: the file is no registry.
    """
    names = _names(_content(path), path)
    return {name: path.parent / Path(folder).expanduser() for name, folder in names.items()}


@contextmanager
def changed_names(path: Path) -> Iterator[dict[str, str]]:
    """The names of a registry to change; written when the block ends without an error.

    Processes that change it at the same time wait for each other, so none loses a name.

    Raises:
        UserError: the file is no registry, or cannot be written.
    """
    with _locked(path):
        content = _content(path)
        names = _names(content, path)
        yield names
        write_file(path, tomli_w.dumps({**content, _TABLE: names}).encode())


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}", f"mend or remove {path}") from error


def _names(content: dict[str, Any], path: Path) -> dict[str, str]:
    names = content.get(_TABLE, {})
    if not isinstance(names, dict) or not all(isinstance(f, str) for f in names.values()):
        raise UserError(
            f"{path}: the table [{_TABLE}] maps names to folders", 'as in  street = "data/street"'
        )
    return names


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file beside ``path`` that one process can hold at a time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_suffix(".lock").open("a+b")
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror}", "set SEGDATA_HOME to a folder of your own"
        ) from error
    with file:
        _wait_for(file)
        yield


def _wait_for(file: IO[bytes]) -> None:
    """Closing the file, also by a crash, lets it go again."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
