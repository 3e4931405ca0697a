"""Training logs of any tool."""

from __future__ import annotations

from pathlib import Path

from segdata.diagnosis import Evidence
from segdata.evidence.log_files import read_log
from segdata.workflows.doctoring.case import Case


def look_at_log(path: Path, case: Case) -> None:
    """A log, or a folder with logs or TensorBoard's events.

    Raises:
        UserError: there is none, or it tells nothing.
    """
    log = read_log(path)
    steps = f"{len(log.loss.points)} losses to {log.counts[:-1]} {log.loss.last_step}"
    case.add(Evidence.LOG, f"the log {path}: {steps if log.loss.points else 'notes'}", log=log)
