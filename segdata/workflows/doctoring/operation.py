"""Gather all evidence that a person has, let the rules judge it, and weigh what they find."""

from __future__ import annotations

from pathlib import Path

from segdata.diagnosis import Diagnosis
from segdata.errors import UserError
from segdata.progress import Silence, Watch
from segdata.workflows.doctoring.case import Case
from segdata.workflows.doctoring.labels import look_at_dataset, look_at_shards
from segdata.workflows.doctoring.paths import kind_of, parts_of
from segdata.workflows.doctoring.pictures import look_at_predictions
from segdata.workflows.doctoring.request import DoctorRequest
from segdata.workflows.doctoring.runs import look_at_run


def diagnose(request: DoctorRequest, *, watch: Watch | None = None) -> Diagnosis:
    """Look at whatever there is and say what breaks first.

    Raises:
        UserError: nothing was named, or a path is nothing that can be looked at.
    """
    if request == DoctorRequest(full=request.full, executor=request.executor):
        raise UserError(
            "nothing to look at", "name a data set, shards, a run or a folder of predictions"
        )
    case = Case(request, watch or Silence())
    parts = [part for path in request.paths for part in parts_of(path)]
    # Predictions come last, when the labels are known.
    for part in sorted(parts, key=lambda part: kind_of(part) == "pictures"):
        _look(part, case)
    if request.predictions is not None:
        look_at_predictions(request.predictions, case)
    return case.diagnosis()


def _look(path: str, case: Case) -> None:
    kind = kind_of(path)
    if kind == "dataset":
        look_at_dataset(path, case)
    elif kind == "shards":
        look_at_shards(Path(path), case)
    elif kind == "run":
        look_at_run(Path(path), case)
    else:
        look_at_predictions(Path(path), case)
