"""Logs of rows with named values: our metrics.jsonl, mmsegmentation's JSON, CSV files."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from segdata.evidence.log_files.classes import class_of
from segdata.evidence.log_files.curves import Counter, Curves
from segdata.evidence.log_files.names import meaning_of, preference

_STEPS = ("step", "iter", "iteration", "global_step", "global step", "batch")
_EPOCHS = ("epoch", "epochs")


def read_json_lines(lines: Iterable[str]) -> Curves:
    """One JSON object a line, as ours and mmsegmentation's are; other lines are passed over."""
    return read_rows(_objects(lines))


def read_table(lines: Iterable[str]) -> Curves:
    """A CSV with names on its first line, as Keras' and Lightning's loggers write it."""
    return read_rows(_rows_of(lines))


def _rows_of(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Up to where a damaged table cannot be read on."""
    clean = (line.replace("\0", "").replace("\r", "") for line in lines)
    try:
        yield from csv.DictReader(clean)
    except csv.Error:
        return


def read_rows(rows: Iterable[Mapping[str, Any]]) -> Curves:
    """The values of all rows.

    The loss is the one that is preferred among those of the first row that has any.
    """
    curves, step = Curves(), 0
    chosen: str | None = None
    counter = Counter()
    for count, row in enumerate(rows):
        named = {
            name: value
            for name, text in row.items()
            if name and (value := _number(text)) is not None
        }
        if row.get("mode", "train") == "train":
            step, curves.by_epochs = _step(named, counter) or (count, False)
        losses = [name for name in named if meaning_of(name) == "loss"]
        chosen = chosen or min(losses, key=preference, default=None)
        for name, value in named.items():
            if name == chosen and row.get("mode", "train") == "train":
                curves.loss.add(step, value)
            elif (of := class_of(name)) is not None:
                curves.class_score(of, step, value)
            elif meaning_of(name) == "learning_rate":
                curves.learning_rate.add(step, value)
            elif meaning_of(name) in ("score", "validation_loss"):
                curves.metric(name.strip(), step, value)
        if isinstance(row.get("config"), str):
            curves.config = row["config"]
    return curves


def is_object(line: str) -> bool:
    """Whether a line is an object in JSON; Python prints its dicts in other quotes."""
    return next(_objects([line.strip("\ufeff")]), None) is not None


def _objects(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def _step(row: Mapping[str, float], counter: Counter) -> tuple[int, bool] | None:
    """The number of a row, and whether it is an epoch's."""
    lowered = {name.strip().lower(): value for name, value in row.items() if math.isfinite(value)}
    epoch = next((int(lowered[name]) for name in _EPOCHS if name in lowered), None)
    for name in _STEPS:
        if name in lowered:
            step = int(lowered[name])
            return (step if epoch is None else counter.of_all_epochs(step)), False
    return None if epoch is None else (epoch, True)


def _number(text: Any) -> float | None:
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        return None
    try:
        return float(text)
    except (ValueError, OverflowError):
        return None
