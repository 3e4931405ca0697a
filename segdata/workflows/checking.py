"""Check a data set, set the findings beside a baseline, write the reports that were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata import reports, validation
from segdata.accepted import Compared, compare, read_baseline, write_baseline
from segdata.checked import Checked
from segdata.dataset import Dataset
from segdata.executors import Executor, Serial
from segdata.findings import CheckReport, Level
from segdata.policy import Policy
from segdata.progress import Silence, Watch
from segdata.statistics import statistics_of
from segdata.validation import Looks


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """What to check, and what to make of it.

    Args:
        dataset: a folder of data or of shards, or a name.
        made_of: the data set that shards were made of, by folder or name.
        splits: only these lists; None takes all.
        select: only these rules, by id or the beginning of ids.
        ignore: all rules but these.
        fail_on: the level from which the exit code is 1; None never fails.
        full: take the costlier looks at every pair, not at a sample of them.
        baseline: accepted findings; only others count.
        write_baseline: where to write the findings as accepted.
        reports: files to write, by suffix ``.html``, ``.json``, ``.sarif`` or ``.xml`` (JUnit).
        executor: where the files are decoded; None decodes them in this process.
    """

    dataset: str
    made_of: str | None = None
    splits: tuple[str, ...] | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: Level | None = Level.ERROR
    full: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    reports: tuple[Path, ...] = ()
    executor: Executor | None = None


def check(request: CheckRequest, *, watch: Watch | None = None) -> Checked:
    """Check and write the reports. The data set is never changed.

    Raises:
        UserError: there is no such data set, split, rule or baseline, or nothing to look at.
    """
    for path in request.reports:
        reports.check_suffix(path, reports.FINDINGS_SUFFIXES)
    policy = Policy(request.fail_on, request.select, request.ignore)
    if request.baseline is not None:
        read_baseline(request.baseline)
    dataset = validation.find(request.dataset, request.made_of)
    splits = [dataset.split(name) for name in (request.splits or dataset.splits)]
    looks = Looks(sample=None) if request.full else Looks()
    facts = validation.gather(
        dataset, splits, request.executor or Serial(), watch or Silence(), looks
    )
    found = validation.judge(dataset, facts, policy)
    compared = _compared(found, str(dataset.root), request)
    folder = dataset if isinstance(dataset, Dataset) else None
    checked = Checked(policy, found, statistics_of(facts, str(dataset.root)), folder, compared)
    for path in request.reports:
        reports.write_findings(checked, path)
    return checked


def _compared(found: CheckReport, root: str, request: CheckRequest) -> Compared | None:
    if request.write_baseline is not None:
        return write_baseline(found, root, request.write_baseline)
    return None if request.baseline is None else compare(found, root, request.baseline)
