"""Training logs of any tool."""

from __future__ import annotations

from pathlib import Path

from segdata.diagnosis import Evidence
from segdata.errors import UserError
from segdata.evidence import LogFacts
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
    known = case.facts.log
    if known is not None:
        case.looked_at.append(f"the log {path}, which is left out: {known.where} is the one judged")
        return
    case.add(Evidence.LOG, f"the log {path}: {_told(log)}", log=log, training=log.settings)
    if log.ended_by and not log.messages and not log.ends_broken:
        case.undecided.append(
            f'the log ends with an error that is not known here: "{log.ended_by}"; what was '
            "printed before it says where"
        )


def _told(log: LogFacts) -> str:
    """What there was to read."""
    steps = f"{len(log.loss.points)} losses to {log.counts[:-1]} {log.loss.last_step}"
    parts = [steps] if log.loss.points else []
    if log.messages:
        parts.append(f"{len(log.messages)} known message{'s' * (len(log.messages) > 1)}")
    if log.settings is not None:
        parts.append("its configuration")
    left_out = "".join(f"; left out: {problem}" for problem in log.left_out)
    return (", ".join(parts) or "notes") + left_out
