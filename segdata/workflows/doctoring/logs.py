"""Training logs of any tool."""

from __future__ import annotations

from pathlib import Path

from segdata.diagnosis import Evidence
from segdata.errors import UserError
from segdata.evidence.log_files import read_log
from segdata.workflows.doctoring.case import Case


def look_at_log(path: Path, case: Case, *, named: bool = True) -> None:
    """A log, or a folder with logs or TensorBoard's events.

    Args:
        named: somebody named it; one that only lies beside other things may tell nothing.

    Raises:
        UserError: there is none, or it tells nothing.
    """
    try:
        log = read_log(path)
    except UserError as error:
        if named:
            raise
        case.undecided.append(f"{error.message}: {error.remedy}")
        return
    steps = f"{len(log.loss.points)} losses to {log.counts[:-1]} {log.loss.last_step}"
    case.add(Evidence.LOG, f"the log {path}: {steps if log.loss.points else 'notes'}", log=log)
