"""A diagnosis, the fix in a new folder, and the diagnosis of what came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata import registry
from segdata.dataset import DESCRIPTOR_FILE
from segdata.diagnosis import Diagnosis, Verdict
from segdata.errors import UserError
from segdata.mending import FixRequest, Mending
from segdata.progress import Silence, Watch
from segdata.workflows.doctoring.operation import diagnose
from segdata.workflows.doctoring.request import DoctorRequest
from segdata.workflows.mending import fix


@dataclass(frozen=True, eq=False)
class Treatment:
    """What the doctor did.

    Args:
        before: of what was named.
        mending: what was done; None where there was nothing to mend.
        after: of the new data set; None likewise.
    """

    before: Diagnosis
    mending: Mending | None = None
    after: Diagnosis | None = None

    @property
    def exit_code(self) -> int:
        return (self.after or self.before).exit_code


def treat(request: DoctorRequest, out: Path, *, watch: Watch | None = None) -> Treatment:
    """Diagnose, mend the data set into a new folder, and diagnose again.

    Predictions, runs and shards that were made of the old labels are not judged again: they have
    to be made anew.

    Raises:
        UserError: no data set was named, or several, or ``out`` cannot be written to.
    """
    watch = watch or Silence()
    dataset = _dataset(request.paths)
    before = diagnose(request, watch=watch)
    if before.verdict is not Verdict.FAULT:
        return Treatment(before)
    command = f"segdata fix {dataset} {out}"
    mending = fix(
        registry.find(dataset),
        FixRequest(out=out, command=command),
        executor=request.executor,
        track=watch,
    )
    again = DoctorRequest(paths=(str(out),), full=request.full, executor=request.executor)
    return Treatment(before, mending, diagnose(again, watch=watch))


def _dataset(paths: tuple[str, ...]) -> str:
    found = [path for path in paths if (Path(path) / DESCRIPTOR_FILE).is_file()]
    found += [path for path in paths if not Path(path).exists()]
    if len(found) != 1:
        what = "no data set" if not found else f"{len(found)} data sets"
        raise UserError(
            f"--fix mends one data set, and {what} was named",
            "name its folder; labels without a dataset.toml become one with segdata convert",
        )
    return found[0]
