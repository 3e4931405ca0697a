"""Finds out what a script is, and reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from segdata.errors import UserError
from segdata.evidence.script_files.code import Code
from segdata.evidence.script_files.deeplab import read_builder, read_deeplab
from segdata.evidence.script_files.lines import command_lines
from segdata.evidence.script_files.mmseg import read_mmseg
from segdata.evidence.script_files.python_code import read_python
from segdata.evidence.script_files.registrations import read_registrations
from segdata.evidence.scripts import ScriptFacts

# Of a folder; the code of a whole project is looked through, of a whole disk not.
SCRIPT_SUFFIXES = frozenset({".py", ".ipynb", ".sh", ".bat", ".cmd", ".ps1"})
_MOST_FILES = 500
# A notebook with pictures in it may be large.
_LARGEST = 64 << 20
_REMEDY = (
    "give a shell script, a notebook, a Python file, or a text with the command as you typed it"
)


def read_scripts(path: Path) -> tuple[ScriptFacts, ...]:
    """The commands and code of a file, or of all scripts of a folder; empty where none is known.

    Raises:
        UserError: there is no such file, or it is no text.
    """
    if not path.exists():
        raise UserError(f"there is no script {path}", _REMEDY)
    if not path.is_dir():
        return tuple(_of_file(path))
    files = (file for file in sorted(path.rglob("*")) if file.suffix in SCRIPT_SUFFIXES)
    found = [file for _, file in zip(range(_MOST_FILES), files, strict=False) if file.is_file()]
    return tuple(facts for file in found for facts in _of_file(file))


def _of_file(path: Path) -> Iterator[ScriptFacts]:
    text = _text(path)
    if path.suffix == ".ipynb":
        cells = _cells(text, path)
        for number, cell in enumerate(cells, 1):
            yield from _commands(cell, f"{path}, cell {number}")
        yield from _code("\n".join(cells), path)
    elif path.suffix == ".py":
        yield from _code(text, path)
    else:
        found = [*_commands(text, str(path))]
        yield from found or _code(text, path)


def _commands(text: str, where: str) -> Iterator[ScriptFacts]:
    # What was run before it makes ids of palettes.
    prepared = "remove_gt_colormap" in text
    for command in command_lines(text):
        facts = read_deeplab(command, where) or read_builder(command, where)
        if facts is not None:
            yield replace(facts, pictures=()) if prepared else facts


def _code(text: str, path: Path) -> Iterator[ScriptFacts]:
    code = Code.of(text)
    if code is None:
        return
    try:
        facts = (
            read_registrations(code, path)
            or read_mmseg(code, str(path))
            or read_python(code, str(path))
        )
    except RecursionError:
        # Code that a program has written nests as no person's does.
        return
    if facts is not None:
        yield facts


def _cells(text: str, path: Path) -> list[str]:
    """The sources of a notebook's code cells."""
    try:
        notebook: dict[str, Any] = json.loads(text)
        return [
            "".join(cell.get("source", ""))
            for cell in notebook["cells"]
            if cell.get("cell_type") == "code"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} is no notebook, or it is damaged: {error}", _REMEDY) from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise UserError(f"{path} is too large for a script", _REMEDY)
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}", _REMEDY) from error
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in data and not wide:
        raise UserError(f"{path} is no text", _REMEDY)
    return data.decode("utf-16" if wide else "utf-8-sig", "replace")
