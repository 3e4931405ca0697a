"""Finds out how a log is written, and reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from segdata.errors import UserError
from segdata.evidence.log_files.curves import Curves
from segdata.evidence.log_files.events import read_events
from segdata.evidence.log_files.names import meaning_of
from segdata.evidence.log_files.rows import read_json_lines, read_rows, read_table
from segdata.evidence.log_files.text import read_text
from segdata.evidence.logs import LogFacts

_EVENTS = "*tfevents*"
# Logs in a folder, in the order in which they are tried: ours, mmsegmentation's, Lightning's and
# Keras', text.
_NAMES = ("metrics.jsonl", "*.log.json", "scalars.json", "metrics.csv", "log*.csv",
          "*_log.csv", "history*.csv", "*.log", "log*.txt", "*_log.txt", "history*.json",
          "trainer_state.json", "nohup.out")  # fmt: skip
_OUR_LOG = "metrics.jsonl"
# A whole file in JSON, such as Keras' history, is small; more is no log.
_WHOLE_JSON = 64 << 20
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
    if facts is None or not (facts.loss.points or facts.notes or facts.metrics):
        raise UserError(f"{path} holds no losses", _REMEDY)
    return facts


def holds_log(folder: Path) -> bool:
    """Whether there is a log in a folder itself."""
    return any(is_log_name(file.name) and file.is_file() for file in folder.iterdir())


def is_log_name(name: str) -> bool:
    """Whether a file is called like a log: TensorBoard's events, or one of ``_NAMES``."""
    return any(fnmatch(name.lower(), pattern) for pattern in (_EVENTS, *_NAMES))


def _of_folder(folder: Path) -> LogFacts | None:
    """Events and texts; the numbers are those of the first that has any, the notes those of all."""
    found: list[LogFacts] = []
    events = [file for file in sorted(folder.rglob(_EVENTS)) if file.is_file()]
    texts = (file for name in _NAMES for file in sorted(folder.rglob(name)) if file.is_file())
    if (folder / _OUR_LOG).is_file():
        found.append(_of_file(folder / _OUR_LOG))
    elif events:
        found.append(_facts(folder, "tensorboard", read_events(events, folder)))
    if not any(one.loss.points for one in found):
        found += [_of_file(file) for file in dict.fromkeys(texts)]
    best = next((one for one in found if one.loss.points), found[0] if found else None)
    if best is None:
        return None
    notes = {key: line for one in reversed(found) for key, line in one.notes.items()}
    return LogFacts(**{**vars(best), "where": str(folder), "notes": notes})


def _of_file(path: Path) -> LogFacts:
    head = _head(path)
    if "tfevents" in path.name:
        return _facts(path, "tensorboard", read_events([path], path.parent))
    if head.startswith(_BINARY):
        raise UserError(f"{path} is no text: a pickle, array or archive is not opened", _REMEDY)
    first = head.decode(_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    line = first.partition("\n")[0]
    if first.startswith(("{", "[{")):
        whole = _whole(path)
        curves = read_rows(whole) if whole is not None else read_json_lines(_lines(path))
    elif "," in line and any(meaning_of(name.strip(' "\r')) for name in line.split(",")):
        curves = read_table(_lines(path))
    else:
        curves = read_text(_lines(path))
    return _facts(path, "segdata" if path.name == _OUR_LOG else "text", curves)


def _facts(path: Path, kind: Any, curves: Curves) -> LogFacts:
    return LogFacts(
        where=str(path),
        kind=kind,
        loss=curves.loss.series(),
        learning_rate=curves.learning_rate.series(),
        metrics={name: curve.series() for name, curve in curves.metrics.items()},
        notes=curves.notes,
        with_decay=curves.with_decay,
        counts="epochs" if curves.by_epochs else "steps",
    )


def _whole(path: Path) -> Iterable[dict[str, Any]] | None:
    """The rows of a file that is one JSON value: lists by name, a list of rows, or a history."""
    if path.stat().st_size > _WHOLE_JSON:
        return None
    try:
        value = json.loads(path.read_bytes())
    except ValueError:
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
