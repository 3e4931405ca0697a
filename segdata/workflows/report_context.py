"""What the report of an evaluation tells beside the scores: of the data, and of the training."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from segdata import validation
from segdata.dataset import DatasetDescriptor
from segdata.errors import UserError
from segdata.findings import Certainty, CheckReport, Finding, Level
from segdata.progress import Watch
from segdata.reports import Context, TrainingCourse
from segdata.rules.wording import command
from segdata.workflows.runs import METRICS_FILE, Run

# Shards up to so many bytes are checked for a report: some seconds of work.
_CHECKED_BYTES = 64 << 20


def context_of_run(run: Run, findings: Path | None, watch: Watch) -> Context:
    """What is known of a run and of its data. What cannot be found out is left out.

    Args:
        findings: a report of ``segdata validate``; None looks at the run's shards, if they are not
            too many.

    Raises:
        UserError: ``findings`` is no such report.
    """
    training = read_course(run.folder / METRICS_FILE)
    if findings is not None:
        return Context(read_findings(findings), f"From {findings}.", training)
    size = sum(shard.bytes for shard in run.manifest.shards)
    if size > _CHECKED_BYTES:
        return Context(
            None,
            f"The {size / 1e6:,.0f} MB of shards were not checked, so that the report does not "
            f"wait: {command('validate', str(run.shards), '--report', 'findings.json')}, and then "
            "segdata eval with --findings findings.json.",
            training,
        )
    try:
        found = validation.validate(_shards_of(run), track=watch)
    except Exception as error:  # noqa: BLE001  scores that took hours are not lost for this
        return Context(None, f"The shards could not be checked: {error}.", training)
    return Context(found.findings, f"Of {_looked_at(found)} in {run.shards}.", training)


def _shards_of(run: Run) -> validation.Shards:
    """The run's shards, and what their ids mean where nothing beside them says so."""
    found = validation.find(run.shards)
    assert isinstance(found, validation.Shards)
    if found.manifest is not None:
        return found
    told = DatasetDescriptor.for_classes(run.manifest.name, run.manifest.class_map)
    return replace(found, told=told)


def context_of_folders(findings: Path | None) -> Context:
    """What a person says is known of the data.

    Raises:
        UserError: ``findings`` is no report of ``segdata validate``.
    """
    if findings is None:
        return Context()
    return Context(read_findings(findings), f"From {findings}.")


def read_findings(path: Path) -> tuple[Finding, ...]:
    """The findings in a report of ``segdata validate --report FILE.json``.

    Raises:
        UserError: it is missing, or no such report.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))["findings"]
        return tuple(_finding(entry) for entry in entries)
    except FileNotFoundError as error:
        raise UserError(f"there is no file {path}", _make(path)) from error
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise UserError(f"{path} is no report of segdata validate", _make(path)) from error


def read_course(path: Path) -> TrainingCourse | None:
    """What a training wrote down; None where it wrote nothing.

    A run that is still going on may have written half of its last line.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    courses: dict[str, list[tuple[int, float]]] = {"loss": [], "learning_rate": [], "val_miou": []}
    for line in lines:
        try:
            entry = json.loads(line)
            step = int(entry["step"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            continue
        for name, course in courses.items():
            value = entry.get(name)
            if isinstance(value, (int, float)) and math.isfinite(value):
                course.append((step, float(value)))
    return TrainingCourse(*courses.values()) if any(courses.values()) else None


def _finding(entry: dict[str, Any]) -> Finding:
    return Finding(
        rule=str(entry["rule"]),
        level=Level[entry["level"].upper()],
        certainty=Certainty[entry["certainty"].upper()],
        message=str(entry["message"]),
        path=entry["path"],
        x=entry["x"],
        y=entry["y"],
        count=entry["count"],
        evidence=dict(entry["evidence"]),
        fix=str(entry["fix"]),
    )


def _make(path: Path) -> str:
    return f"write one: segdata validate DATASET --report {path.with_suffix('.json')}"


def _looked_at(found: CheckReport) -> str:
    return f"{found.checked.get('pairs', 0):,} pairs"
