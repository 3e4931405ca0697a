"""Where work runs. Operations say ``executor.imap(fn, items)`` and nothing else about processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from segdata import control_groups
from segdata.errors import UserError
from segdata.workers import Crew, Died

T = TypeVar("T")
R = TypeVar("R")

_WHY_DIED = "a worker process ended before its work was done"
_HOW_TO_GUARD = (
    "if it was killed for memory, use fewer workers (--workers 1); in a script of your own, "
    'put the call under  if __name__ == "__main__":'
)

# Enough to keep a worker busy while the caller writes a result, few enough to bound memory.
_TASKS_PER_WORKER = 4
# So few files are read, measured or drawn before other processes have started.
_FEW = 15


class Executor(Protocol):
    """Maps a function over items, lazily and in order.

    ``fn`` is a module-level function that imports neither torch nor TensorFlow; items and results
    can be pickled. An exception of a worker is raised with its own type, at the place of its item.
    """

    def imap(self, fn: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Results in the order of the items."""
        ...


@dataclass(frozen=True)
class Serial:
    """In this process, one after the other."""

    def imap(self, fn: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        return map(fn, items)


@dataclass(frozen=True)
class Processes:
    """In a pool of spawned processes.

    Args:
        workers: how many; None takes one per usable core.

    Raises:
        UserError: there are none.
    """

    workers: int | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise UserError(f"{self.workers} workers do no work", "ask for 1 or more")

    def imap(self, fn: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        workers = usable_cores() if self.workers is None else self.workers
        try:
            yield from Crew(fn, workers, workers * _TASKS_PER_WORKER).results(items)
        except Died as died:
            raise UserError(_WHY_DIED, _HOW_TO_GUARD) from died


def from_name(name: str, workers: int | None = None) -> Executor:
    """``serial`` or ``processes``.

    Raises:
        UserError: there is no executor of that name.
    """
    if name == "serial":
        return Serial()
    if name == "processes":
        return Processes(workers)
    raise UserError(f"no executor {name!r}", "choose serial or processes")


def for_number(executor: Executor | None, items: int) -> Executor:
    """The executor, unless the items are few: this process is then done first."""
    return Serial() if executor is None or items <= _FEW else executor


def usable_cores() -> int:
    """Cores that this process may use: by its affinity, and by a container's share of time."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(there or 1, control_groups.cores() or there or 1)
