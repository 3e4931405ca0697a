"""Fix, with the eyes of validate."""

from __future__ import annotations

from collections.abc import Sequence

from segdata import mending, validation
from segdata.dataset import Dataset
from segdata.executors import Executor, Serial
from segdata.facts import DatasetFacts
from segdata.findings import Finding
from segdata.mending import FixRequest, Mending
from segdata.policy import Policy
from segdata.progress import Track, silently


def fix(
    dataset: Dataset,
    request: FixRequest,
    *,
    executor: Executor | None = None,
    track: Track = silently,
) -> Mending:
    """Make a new data set in which what validate finds is mended; the old one is only read.

    Raises:
        UserError: there is nothing to look at, or the output is inside the source.
    """
    executor = executor or Serial()

    def look(found: Dataset) -> tuple[DatasetFacts, Sequence[Finding]]:
        splits = list(found.splits.values())
        facts = validation.gather(found, splits, executor, track)
        return facts, tuple(validation.judge(found, facts, Policy()))

    return mending.fix(dataset, request, look, executor, track)
