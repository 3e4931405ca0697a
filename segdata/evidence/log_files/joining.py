"""Several logs in one folder: of one run, or of several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from segdata.evidence.logs import LogFacts

# What names of a program's two outputs differ in: ``slurm-7.out`` and ``slurm-7.err``.
_OUTPUTS = re.compile(r"std(?=out|err)|out|err|log|txt|[\W_]")
# The last steps of one run in two logs, which are written every so many steps.
_NEAR = 0.05


def joined(logs: Sequence[LogFacts], where: Path) -> LogFacts:
    """One log: the first that has losses, else messages, with what others of its run say in words.

    A log with a curve of its own is of another run, such as an attempt that failed and was mended,
    unless it ends where this one does; so are messages in a file of another name.
    """
    best = min(logs, key=lambda one: (not one.loss.points, not one.messages))
    others = [one for one in logs if one is not best and _may_be_of_run(one, best)]
    sure = [best, *(one for one in others if _is_of_run(one, best))]
    return replace(
        best,
        where=str(where),
        # The first one that says something counts.
        notes={k: line for one in reversed([best, *others]) for k, line in one.notes.items()},
        messages={k: said for one in reversed(sure) for k, said in one.messages.items()},
        ended_by=next((one.ended_by for one in sure if one.ended_by), None),
    )


def _may_be_of_run(one: LogFacts, best: LogFacts) -> bool:
    return not one.loss.points or _end_alike(one, best)


def _is_of_run(one: LogFacts, best: LogFacts) -> bool:
    """Whether the same program surely wrote both."""
    return _end_alike(one, best) or _run_of(one) == _run_of(best)


def _end_alike(one: LogFacts, best: LogFacts) -> bool:
    mine, its = one.loss.last_step, best.loss.last_step
    if one.counts != best.counts or mine is None or its is None:
        return False
    return abs(mine - its) <= _NEAR * max(mine, its)


def _run_of(log: LogFacts) -> tuple[Path, str]:
    path = Path(log.where)
    return path.parent, _OUTPUTS.sub("", path.name.lower())
