"""Where work runs. Operations say ``executor.imap(fn, items)`` and nothing else about processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol, TypeVar

from segdata.errors import UserError

T = TypeVar("T")
R = TypeVar("R")

# Enough to keep a worker busy while the caller writes a result, few enough to bound memory.
_TASKS_PER_WORKER = 4


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
    """

    workers: int | None = None

    def imap(self, fn: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        workers = self.workers or usable_cores()
        pool = ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
        )
        done = False
        try:
            yield from _in_order(pool, fn, items, workers * _TASKS_PER_WORKER)
            done = True
        except BrokenProcessPool as broken:
            raise UserError(_why_broken(), _how_to_guard()) from broken
        finally:
            pool.shutdown(wait=done, cancel_futures=True)
            if not done:
                _stop(pool)


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


def usable_cores() -> int:
    """Cores that this process may use (a container's affinity counts, where the system tells)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_order(
    pool: ProcessPoolExecutor, fn: Callable[[T], R], items: Iterable[T], in_flight: int
) -> Iterator[R]:
    pending: deque[Future[R]] = deque()
    for item in items:
        pending.append(pool.submit(fn, item))
        if len(pending) >= in_flight:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _start_worker() -> None:
    # Ctrl-C reaches the whole process group; the parent decides what happens to the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # One process per core already: threads of OpenCV would only fight for the same cores.
    import cv2

    cv2.setNumThreads(1)


def _stop(pool: ProcessPoolExecutor) -> None:
    for process in list((getattr(pool, "_processes", None) or {}).values()):
        process.terminate()


def _why_broken() -> str:
    return "a worker process ended before its work was done"


def _how_to_guard() -> str:
    return (
        "if it was killed for memory, use fewer workers (--workers 1); in a script of your own, "
        'put the call under  if __name__ == "__main__":'
    )
