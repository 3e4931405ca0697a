"""Count a data set, and write the reports that were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata import reports, validation
from segdata.executors import Executor, Serial
from segdata.facts import Look
from segdata.progress import Silence, Watch
from segdata.statistics import Statistics, statistics_of
from segdata.validation import Looks

_COUNTING = Looks(every=Look.CENSUS, sampled=Look.NONE)


@dataclass(frozen=True, kw_only=True)
class StatisticsRequest:
    """What to count.

    Args:
        dataset: a folder of data or of shards, or a name.
        splits: only these lists; None takes all.
        reports: files to write, by suffix ``.html``, ``.json`` or ``.csv`` (classes, weights).
        executor: where the files are decoded; None decodes them in this process.
    """

    dataset: str
    splits: tuple[str, ...] | None = None
    reports: tuple[Path, ...] = ()
    executor: Executor | None = None


def measure(request: StatisticsRequest, *, watch: Watch | None = None) -> Statistics:
    """Count pixels, objects, classes per picture and sizes.

    Raises:
        UserError: there is no such data set or split, or it has nothing to count.
    """
    for path in request.reports:
        reports.check_suffix(path, reports.STATISTICS_SUFFIXES)
    dataset = validation.find(request.dataset)
    splits = [dataset.split(name) for name in (request.splits or dataset.splits)]
    facts = validation.gather(
        dataset, splits, request.executor or Serial(), watch or Silence(), _COUNTING
    )
    if not facts.pairs:
        raise validation.nothing_to_check(dataset)
    statistics = statistics_of(facts, str(dataset.root))
    for path in request.reports:
        reports.write_statistics(statistics, path)
    return statistics
