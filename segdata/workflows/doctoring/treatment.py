"""A diagnosis, the fix in a new folder, and the diagnosis of what came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata import registry
from segdata.dataset import DESCRIPTOR_FILE, Dataset
from segdata.diagnosis import Diagnosis, Verdict
from segdata.errors import UserError
from segdata.mending import FixRequest, Mending
from segdata.progress import Silence, Watch
from segdata.workflows.doctoring.layouts import GatheredDataset
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
    named = _named(request.paths)
    before = diagnose(request, watch=watch)
    dataset = registry.find(named) if named else _plain(before)
    if before.verdict is not Verdict.FAULT:
        return Treatment(before)
    mending = fix(
        dataset,
        FixRequest(out=out, command=f"segdata fix {named or dataset.root} {out}"),
        executor=request.executor,
        track=watch,
    )
    again = DoctorRequest(paths=(str(out),), full=request.full, executor=request.executor)
    return Treatment(before, mending, diagnose(again, watch=watch))


def _named(paths: tuple[str, ...]) -> str | None:
    """The data set among the paths; None where there is none."""
    found = [path for path in paths if (Path(path) / DESCRIPTOR_FILE).is_file()]
    found += [path for path in paths if not Path(path).exists()]
    if len(found) > 1:
        raise UserError(f"--fix mends one data set, and {len(found)} were named", "name one")
    return found[0] if found else None


def _plain(before: Diagnosis) -> Dataset:
    """Plain folders that were looked at, if photos and labels have the same names."""
    found = before.exhibits.dataset
    if not isinstance(found, GatheredDataset):
        raise UserError("--fix mends one data set, and no data set was named", "name its folder")
    layout = found.layout
    if layout.images == layout.labels or layout.ending:
        raise UserError(
            f"--fix mends photos and labels of the same names in two folders; {found.root} is not "
            "laid out so",
            f"bring it into such a form first: segdata convert {found.root} OUT",
        )
    home = found.root.absolute()
    own = {"images": layout.images.absolute(), "labels": layout.labels.absolute()}
    placed = {k: str(path.relative_to(home)) for k, path in own.items() if home in path.parents}
    outside = {"allow_outside": len(placed) < len(own)}
    return Dataset(found.root, found.descriptor.model_copy(update=placed | outside))
