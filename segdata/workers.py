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
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Seconds that a worker gets to end by itself before it is killed.
_PATIENCE = 5.0


class Died(Exception):
    """A worker ended before its work was done."""


@dataclass(eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    number: int | None = None


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
                        raise outcome.error
                    yield outcome.value
        finally:
            self._dismiss()

    def _hand_out(self, tasks: Iterator[tuple[int, T]], taken: int) -> bool:
        """Give work to who is idle; returns whether there is anything left to wait for."""
        while len(self._done) + len(self._busy()) < self.window:
            idle = next((w for w in self._workers if w.number is None), None)
            if idle is None and len(self._workers) == self.size:
                break
            task = next(tasks, None)
            if task is None:
                break
            worker = idle or self._hire()
            worker.number, item = task
            try:
                worker.pipe.send(item)
            except OSError as error:
                raise Died from error
        return bool(self._done or self._busy())

    def _hear(self, *, patient: bool) -> None:
        """Take what workers have to say, and wait for one of them if ``patient``."""
        pipes = {worker.pipe: worker for worker in self._busy()}
        for pipe in wait(list(pipes), None if patient else 0):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                outcome = worker.pipe.recv()
            except (EOFError, OSError) as error:
                raise Died from error
            assert worker.number is not None
            self._done[worker.number] = outcome
            worker.number = None

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.number is not None]

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
            if worker.number is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_PATIENCE)
            if worker.process.exitcode is None:
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self._workers.clear()


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
