"""Ctrl-C and SIGTERM between steps instead of within one: weights are never half updated."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

# POSIX: a process that a signal ends exits with 128 + its number.
_SIGNAL_EXIT = 128


@dataclass
class Interruption:
    """Whether a signal came; the second one ends the process at once."""

    number: int | None = None

    def note(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self.number is not None:
            self.end()
        self.number = number

    def __bool__(self) -> bool:
        return self.number is not None

    def end(self) -> None:
        """Raise what the signal would have raised: KeyboardInterrupt, or SystemExit(143)."""
        if self.number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(_SIGNAL_EXIT + (self.number or 0))


@contextmanager
def deferred() -> Iterator[Interruption]:
    """Within the block SIGINT and SIGTERM are only noted; afterwards all is as before.

    Python delivers signals to the main thread alone; in another one the block changes nothing.
    """
    interruption = Interruption()
    previous = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            previous[number] = signal.signal(number, interruption.note)
        except ValueError:
            break
    try:
        yield interruption
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
