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
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from segdata.progress import Watch

T = TypeVar("T")

# Without a terminal (CI, a log file) one line per this many seconds.
_LOG_EVERY = 10.0


@contextmanager
def watching() -> Iterator[Watch]:
    """A watch for one command: live bars on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, emoji=False), transient=True) as progress:
        yield _Bars(progress)


class _Bars:
    """A live bar for each part of the work; it goes when the part is done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._counting: TaskID | None = None

    def __call__(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        task = self._progress.add_task(what, total=total)
        try:
            for item in items:
                yield item
                self._progress.advance(task)
        finally:
            self._progress.remove_task(task)

    def at(self, done: int, total: int, what: str) -> None:
        if self._counting is None:
            self._counting = self._progress.add_task(what, total=total, completed=done)
        self._progress.update(self._counting, completed=done, total=total, description=what)
        if done >= total:
            self._progress.remove_task(self._counting)
            self._counting = None

    def note(self, sentence: str) -> None:
        self._progress.console.print(sentence, markup=False, highlight=False)


class _Lines:
    """A line of plain text every few seconds."""

    def __init__(self) -> None:
        self._started: tuple[float, int] | None = None
        self._told = time.monotonic()

    def __call__(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        for done, item in enumerate(items, 1):
            yield item
            self.at(done, total, what)
        self._started = None

    def at(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        # The first item carries the start of workers or of a network: it says nothing of a rate.
        began, first = self._started = self._started or (now, done)
        if done >= total:
            self._started = None
        elif now - self._told >= _LOG_EVERY and done > first:
            self._told = now
            rate = (done - first) / (now - began)
            left = (total - done) / rate
            self.note(f"{what}: {done}/{total}, {rate:.1f}/s, {left:.0f} s left")

    def note(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")
