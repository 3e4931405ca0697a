"""Spawned processes that work through items, each at the end of a pipe of its own.

With no queue between them, one that is stopped in the middle of a word harms no other and leaves
nobody waiting: ``concurrent.futures`` hangs there at times, which a pool that is stopped by Ctrl-C
must not do. A worker whose caller is gone ends by itself.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Seconds that a worker gets to end by itself before it is killed.
_PATIENCE = 5.0
# A worker that is done within this many seconds is given its next item ahead, so that it need not
# wait for the caller; longer work is shared out more evenly without.
_BRIEF = 0.05
# Bytes of an item that may wait in a pipe: less than the smallest buffer of one (8 KiB on Windows),
# so that handing it over blocks nobody.
_AHEAD_BYTES = 4096


class Died(Exception):
    """A worker ended before its work was done."""


@dataclass(eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    numbers: deque[int] = field(default_factory=deque)
    since: float = 0.0
    brief: bool = False

    def hand(self, number: int, item: bytes) -> None:
        if not self.numbers:
            self.since = time.monotonic()
        self.numbers.append(number)
        self.pipe.send_bytes(item)

    def done(self) -> int:
        """The number of the item that it has worked on."""
        now = time.monotonic()
        self.brief, self.since = now - self.since < _BRIEF, now
        return self.numbers.popleft()


@dataclass(frozen=True)
class _Outcome:
    value: Any = None
    error: Exception | None = None
    where: str = ""


class _InWorker(Exception):
    """Where in a worker an error happened, in words: tracebacks do not travel."""


@dataclass
class Crew(Generic[T, R]):
    """Workers that apply one function.

    Args:
        fn: a function of a module; it and its items and results can be pickled.
        size: workers at most; they are hired as they are needed.
        window: items at most that are drawn and whose results have not been taken.
    """

    fn: Callable[[T], R]
    size: int
    window: int
    _workers: list[_Worker] = field(default_factory=list)
    _next: tuple[int, bytes] | None = None
    _done: dict[int, _Outcome] = field(default_factory=dict)

    def results(self, items: Iterable[T]) -> Iterator[R]:
        """Results in the order of the items; an error is raised in the place of its item.

        Raises:
            Died: a worker did.
        """
        tasks = enumerate(items)
        taken = 0
        try:
            while self._hand_out(tasks, taken):
                self._hear(patient=taken not in self._done)
                if taken in self._done:
                    # Nobody idles while the caller works on the result.
                    self._hand_out(tasks, taken)
                    outcome = self._done.pop(taken)
                    taken += 1
                    if outcome.error is not None:
                        raise outcome.error from _InWorker(outcome.where)
                    yield outcome.value
        finally:
            self._dismiss()

    def _hand_out(self, tasks: Iterator[tuple[int, T]], taken: int) -> bool:
        """Give work to who is idle; returns whether there is anything left to wait for."""
        while len(self._done) + sum(len(w.numbers) for w in self._workers) < self.window:
            if self._next is None:
                task = next(tasks, None)
                if task is None:
                    break
                self._next = task[0], bytes(ForkingPickler.dumps(task[1]))
            worker = self._taker(len(self._next[1]))
            if worker is None:
                break
            try:
                worker.hand(*self._next)
            except OSError as error:
                raise Died from error
            self._next = None
        return bool(self._done or self._busy())

    def _taker(self, size: int) -> _Worker | None:
        """Who takes an item of so many bytes: who is idle, or is new, or is quick."""
        for worker in self._workers:
            if not worker.numbers:
                return worker
        if len(self._workers) < self.size:
            return self._hire()
        if size > _AHEAD_BYTES:
            return None
        return next((w for w in self._workers if w.brief and len(w.numbers) == 1), None)

    def _hear(self, *, patient: bool) -> None:
        """Take what workers have to say, and wait for one of them if ``patient``."""
        pipes = {worker.pipe: worker for worker in self._busy()}
        for pipe in wait(list(pipes), None if patient else 0):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                outcome = worker.pipe.recv()
            except (EOFError, OSError) as error:
                raise Died from error
            self._done[worker.done()] = outcome

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.numbers]

    def _hire(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self.fn), daemon=True)
        worker = _Worker(process, ours)
        if hasattr(signal, "pthread_sigmask"):
            # Started within ``process.start()`` it would let Ctrl-C through again.
            resource_tracker.ensure_running()
        with _without_interrupts():
            process.start()
            theirs.close()
            self._workers.append(worker)
        return worker

    def _dismiss(self) -> None:
        """Idle workers end as their pipe closes; others are stopped where they are."""
        for worker in self._workers:
            worker.pipe.close()
            if worker.numbers:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_PATIENCE)
            if worker.process.exitcode is None:
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self._workers.clear()
        self._next = None


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """A process that starts in here never sees Ctrl-C, which a terminal sends to all of them; this
    one hears of it, or of a request to end, once the process has started whole."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # Blocked here, the signal still reaches this thread through any other thread.
        with _deferred(signal.SIGINT), _deferred(signal.SIGTERM):
            yield
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _deferred(number: signal.Signals) -> Iterator[None]:
    """What a signal does to the main thread, it does after the block."""
    handler = signal.getsignal(number)
    if handler is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    signal.signal(number, lambda received, _: came.append(received))
    try:
        yield
    finally:
        signal.signal(number, handler)
    if came:
        signal.raise_signal(number)


def _work(pipe: Connection, fn: Callable[[Any], Any]) -> None:
    """What a worker does until its pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # One process per core already: threads of OpenCV would only fight for the same cores.
    import cv2

    cv2.setNumThreads(1)
    with contextlib.suppress(EOFError, OSError):
        while True:
            outcome = _attempt(fn, pipe.recv())
            try:
                pipe.send(outcome)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                pipe.send(_failure(error))


def _attempt(fn: Callable[[Any], Any], item: Any) -> _Outcome:
    try:
        return _Outcome(fn(item))
    except Exception as error:  # noqa: BLE001  the caller gets it
        return _failure(error)


def _failure(error: Exception) -> _Outcome:
    """The error itself if it can be rebuilt elsewhere, else its name and message."""
    where = "\n" + "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  whatever its constructor says
        return _Outcome(error=RuntimeError(f"{type(error).__name__}: {error}"), where=where)
    return _Outcome(error=error, where=where)
