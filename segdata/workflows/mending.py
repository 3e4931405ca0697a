"""Fix, with the eyes of validate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from segdata import mending, validation
from segdata.dataset import Dataset
from segdata.executors import Executor, Serial
from segdata.facts import DatasetFacts
from segdata.findings import CheckReport, Finding, Level
from segdata.mending import FixRequest, Mending
from segdata.policy import Policy
from segdata.progress import Track, silently
from segdata.reports.changes_page import (
    ChangedFile,
    Changes,
    Remedied,
    check_page_name,
    write_changes,
)

__all__ = ["check_page_name", "fix", "write_diff"]


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


def write_diff(result: Mending, path: Path) -> None:
    """Write the page of what was mended: pictures before, after, and the difference.

    Raises:
        UserError: the page cannot be written, or its name does not end in .html.
    """
    journal = result.journal
    photos = {pair.label: pair.image for split in result.dataset.splits.values()
              for pair in split.pairs}  # fmt: skip
    remedied = [
        Remedied(rule, does, files, pixels, tuple(_examples(result, rule, photos)))
        for rule, (does, files, pixels) in journal.applied().items()
    ]
    changes = Changes(
        name=result.dataset.name,
        source=str(result.dataset.root),
        out=str(result.request.out),
        written=not result.request.dry_run,
        classes=(result.dataset.class_map, result.descriptor.class_map),
        remedied=remedied,
        left_out=[(lost.name, lost.rule, lost.why) for lost in journal.left_out],
        remaining=CheckReport(result.remaining.at_least(Level.WARNING)),
        data=result.to_json(),
    )
    write_changes(changes, path)


def _examples(
    result: Mending, rule: str, photos: Mapping[Path | None, Path]
) -> Iterator[ChangedFile]:
    for record in result.journal.examples(rule):
        steps = "; ".join(
            f"{step.rule}: {step.pixels:,} pixels" if step.pixels else f"{step.rule}: stored anew"
            for step in record.steps
        )
        yield ChangedFile(
            record.target.relative_to(result.request.out).as_posix(),
            steps,
            record.source.read_bytes(),
            record.data or record.target.read_bytes(),
            photos.get(record.source),
        )
