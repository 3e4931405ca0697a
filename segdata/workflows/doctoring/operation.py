"""Gather all evidence that a person has, let the rules judge it, and weigh what they find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from segdata import reports
from segdata.diagnosis import Diagnosis
from segdata.errors import UserError
from segdata.progress import Silence, Watch
from segdata.workflows.doctoring.batches import look_at_batch
from segdata.workflows.doctoring.case import Case
from segdata.workflows.doctoring.checkpoints import look_at_checkpoint, look_at_own_weights
from segdata.workflows.doctoring.labels import (
    look_at_dataset,
    look_at_folders,
    look_at_layout,
    look_at_shards,
)
from segdata.workflows.doctoring.logits import look_at_logits
from segdata.workflows.doctoring.logs import look_at_log
from segdata.workflows.doctoring.paths import Part, parts_of
from segdata.workflows.doctoring.pictures import look_at_predictions
from segdata.workflows.doctoring.request import DoctorRequest
from segdata.workflows.doctoring.runs import ask_runs, look_at_run
from segdata.workflows.doctoring.scripts import look_at_scripts


def diagnose(request: DoctorRequest, *, watch: Watch | None = None) -> Diagnosis:
    """Look at whatever there is, say what breaks first, and write the reports.

    Raises:
        UserError: nothing was named, a path is nothing that can be looked at, or a report cannot be
            written.
    """
    for path in request.reports:
        reports.check_suffix(path, reports.DIAGNOSIS_SUFFIXES)
    diagnosis = _looked_at(request, watch or Silence())
    for path in request.reports:
        reports.write_diagnosis(diagnosis, path)
    return diagnosis


def _looked_at(request: DoctorRequest, watch: Watch) -> Diagnosis:
    if not _names_anything(request):
        raise UserError(
            "nothing to look at", "name a data set, shards, a run or a folder of predictions"
        )
    case = Case(request, watch)
    parts = parts_of(request.paths, request.labels, request.photos)
    if request.log is not None:
        # The one that somebody named, rather than those that lie beside other things.
        look_at_log(request.log, case)
    for part in parts:
        if part.kind not in ("script", "weights", "logits"):
            _look(part, case)
    scripts = [Path(part.path) for part in parts if part.kind == "script"]
    look_at_scripts([*scripts, *request.scripts], case)
    if request.predictions is not None:
        look_at_predictions(request.predictions, case)
    named = [Path(part.path) for part in parts if part.kind == "logits"]
    for folder in [*named, *([request.logits] if request.logits is not None else [])]:
        look_at_logits(folder, case)
    if request.batch is not None:
        look_at_batch(request.batch, case)
    ask_runs(case)
    _look_at_weights(parts, case)
    return case.diagnosis()


def _look_at_weights(parts: list[Part], case: Case) -> None:
    """Last, when settings, commands and logs are known that they are compared with."""
    if case.request.checkpoint is not None:
        look_at_checkpoint(case.request.checkpoint, case)
    for part in parts:
        if part.kind == "weights":
            look_at_checkpoint(Path(part.path), case)
    for run in case.runs:
        look_at_own_weights(run.folder, case)


def _names_anything(request: DoctorRequest) -> bool:
    """Whether there is more than how to look, and what only says something of other things."""
    how = replace(
        DoctorRequest(),
        full=request.full,
        budget=request.budget,
        reports=request.reports,
        executor=request.executor,
        photos=request.photos,
        classes=request.classes,
        num_classes=request.num_classes,
        ignore=request.ignore,
    )
    return request != how


def _look(part: Part, case: Case) -> None:
    path = Path(part.path)
    if part.kind == "dataset":
        look_at_dataset(part.path, case)
    elif part.kind == "shards":
        look_at_shards(path, case)
    elif part.kind == "run":
        look_at_run(path, case)
    elif part.kind == "plain":
        look_at_folders(path, part.photos, case)
    elif part.layout is not None:
        look_at_layout(part.layout, case)
    elif part.kind == "log":
        look_at_log(path, case, named=path.is_file())
    else:
        look_at_predictions(path, case)
