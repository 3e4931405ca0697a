"""Finds out how a log is written, and reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import Any

from segdata.errors import UserError
from segdata.evidence.log_files.configs import settings_of
from segdata.evidence.log_files.curves import Curves
from segdata.evidence.log_files.events import read_events
from segdata.evidence.log_files.joining import joined
from segdata.evidence.log_files.names import meaning_of
from segdata.evidence.log_files.rows import is_object, read_json_lines, read_rows, read_table
from segdata.evidence.log_files.text import read_text
from segdata.evidence.logs import LogFacts

_EVENTS = "*tfevents*"
# Logs in a folder, in the order in which they are tried: ours, mmsegmentation's, Lightning's and
# Keras', text.
_NAMES = ("metrics.jsonl", "*.log.json", "scalars.json", "metrics.csv", "log*.csv",
          "*_log.csv", "history*.csv", "*.log", "log*.txt", "*_log.txt", "history*.json",
          "trainer_state.json", "nohup.out")  # fmt: skip
# Names of logs that other things bear as well: what stands in the file decides.
_PERHAPS = ("results*.csv", "*out.txt", "*out*.txt", "*err*.txt", "train*.txt", "eval*.txt",
            "console*.txt", "*.out", "*.err")  # fmt: skip
# Texts of any name that somebody may name as a log.
_TEXTS = frozenset({".txt", ".csv", ".out", ".err", ".jsonl"})
# What is read of the beginning and of the end of such a file to tell what it is.
_SAMPLE = 1 << 16
_OUR_LOG = "metrics.jsonl"
# A whole file in JSON, such as Keras' history, is small; more is no log.
_WHOLE_JSON = 64 << 20
_JSON = re.compile(r"\{|\[\s*\{")
_BINARY = (b"\x80\x04", b"\x80\x05", b"\x93NUMPY", b"PK\x03\x04", b"\x89HDF")
_REMEDY = (
    "give --log a text with steps and losses, a CSV, mmsegmentation's .log.json, our "
    "metrics.jsonl, or a folder with TensorBoard's events"
)


def read_log(path: Path) -> LogFacts:
    """What a log, or a folder with logs, tells.

    Raises:
        UserError: there is none, it is no text, or it holds no loss and no known line.
    """
    if not path.exists():
        raise UserError(f"there is no log {path}", _REMEDY)
    facts = _of_folder(path) if path.is_dir() else _of_file(path)
    if facts is None or not _tells(facts):
        raise UserError(f"{path} holds no losses", _REMEDY)
    return facts


def _tells(facts: LogFacts) -> bool:
    numbers = facts.loss.points or facts.metrics or facts.class_scores
    return bool(numbers or facts.notes or facts.messages)


def holds_log(folder: Path) -> bool:
    """Whether there is a log in a folder itself."""
    return any(
        (is_log_name(file.name) or (_is_like(file.name, _PERHAPS) and is_log(file)))
        and file.is_file()
        for file in folder.iterdir()
    )


def is_log_name(name: str) -> bool:
    """Whether a file is called like a log: TensorBoard's events, or one of ``_NAMES``."""
    return _is_like(name, (_EVENTS, *_NAMES))


def is_log(path: Path) -> bool:
    """Whether a file is a log: by its name, or by losses or known lines in it. A list of classes or
    of files is none."""
    if not path.is_file():
        return False
    return is_log_name(path.name) or (path.suffix.lower() in _TEXTS and _reads_like_one(path))


def _is_like(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name.lower(), pattern) for pattern in patterns)


def _reads_like_one(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            sample = file.read(_SAMPLE)
            file.seek(max(len(sample), path.stat().st_size - _SAMPLE))
            sample += file.read()
    except OSError:
        return False
    if sample.startswith(_BINARY) or b"\0\0" in sample:
        return False
    found = _curves(sample.decode(_encoding(sample), "replace").split("\n"))
    return found.loss.seen > 1 or bool(found.messages) or "nan" in found.notes


def _of_folder(folder: Path) -> LogFacts | None:
    """Events and texts, joined; what cannot be read is left out where anything else can.

    Raises:
        UserError: none of them can be read.
    """
    events = [file for file in sorted(folder.rglob(_EVENTS)) if file.is_file()]
    texts = [file for name in _NAMES for file in sorted(folder.rglob(name)) if file.is_file()]
    texts += [file for name in _PERHAPS for file in sorted(folder.glob(name)) if is_log(file)]
    ours = [folder / _OUR_LOG] if (folder / _OUR_LOG).is_file() else []
    found: list[LogFacts] = []
    problems: list[UserError] = []
    for file in dict.fromkeys([*ours, *([] if ours else events[:1]), *texts]):
        try:
            is_event = file in events
            found.append(_of_events(folder, events) if is_event else _of_file(file))
        except UserError as error:
            problems.append(error)
    if problems and not found:
        raise problems[0]
    left_out = tuple(problem.message for problem in problems)
    return replace(joined(found, folder), left_out=left_out) if found else None


def _of_file(path: Path) -> LogFacts:
    head = _head(path)
    if "tfevents" in path.name:
        return _of_events(path, [path])
    if head.startswith(_BINARY):
        raise UserError(f"{path} is no text: a pickle, array or archive is not opened", _REMEDY)
    first = head.decode(_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    whole = _whole(path) if _JSON.match(first) else None
    curves = read_rows(whole) if whole is not None else _curves(_lines(path))
    return _facts(path, "segdata" if path.name == _OUR_LOG else "text", curves)


def _of_events(where: Path, files: list[Path]) -> LogFacts:
    top = where if where.is_dir() else where.parent
    return _facts(where, "tensorboard", read_events(files, top))


def _curves(lines: Iterable[str]) -> Curves:
    """Of a table, of objects in JSON, or of any text, as the first line tells."""
    lines = iter(lines)
    first = next((line for line in lines if line.strip("\ufeff \t\r\n")), "")
    lines = chain([first], lines)
    if is_object(first):
        return read_json_lines(lines)
    if "," in first and any(meaning_of(name.strip(' "\r\n')) for name in first.split(",")):
        return read_table(lines)
    return read_text(lines)


def _facts(path: Path, kind: Any, curves: Curves) -> LogFacts:
    return LogFacts(
        where=str(path),
        kind=kind,
        loss=curves.loss.series(),
        learning_rate=curves.learning_rate.series(),
        metrics={name: curve.series() for name, curve in curves.metrics.items()},
        notes=curves.notes,
        class_scores={name: curve.series() for name, curve in curves.class_scores.items()},
        messages=curves.messages,
        ended_by=curves.ended_by,
        settings=settings_of(curves.config, str(path)),
        with_decay=curves.with_decay,
        counts="epochs" if curves.by_epochs else "steps",
    )


def _whole(path: Path) -> Iterable[dict[str, Any]] | None:
    """The rows of a file that is one JSON value: lists by name, a list of rows, or a history."""
    if path.stat().st_size > _WHOLE_JSON:
        return None
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and isinstance(value.get("log_history"), list):
        value = value["log_history"]
    if isinstance(value, dict):
        columns = {name: column for name, column in value.items() if isinstance(column, list)}
        return _by_rows(columns) if columns else None
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else None


def _by_rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Keras' history has a list for each name."""
    rows = range(max(map(len, columns.values()), default=0))
    return [
        {"epoch": at + 1, **{n: c[at] for n, c in columns.items() if at < len(c)}}
        for at in rows
    ]  # fmt: skip


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding=_encoding(_head(path)), errors="replace", newline="\n") as file:
        yield from file


def _encoding(head: bytes) -> str:
    """PowerShell's ``>`` writes UTF-16."""
    return "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
