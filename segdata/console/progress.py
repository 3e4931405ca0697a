"""Progress with rates and time left, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from segdata.progress import Track

T = TypeVar("T")

# Without a terminal (CI, a log file) one line per this many seconds.
_LOG_EVERY = 10.0


@contextmanager
def tracker() -> Iterator[Track]:
    """A tracker for one command: a live bar on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield _logged
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def live(items: Iterable[T], what: str, total: int) -> Iterator[T]:
            task = progress.add_task(what, total=total)
            for item in items:
                yield item
                progress.advance(task)
            progress.update(task, visible=False)

        yield live


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


def _logged(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    started = last = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= _LOG_EVERY and done < total:
            last = now
            left = (now - started) / done * (total - done)
            sys.stderr.write(f"{what}: {done}/{total}, {done / (now - started):.1f}/s, "
                             f"{left:.0f} s left\n")  # fmt: skip
