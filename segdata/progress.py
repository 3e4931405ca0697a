"""How an operation tells that it goes on. The console shows it; without one nothing is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Passes items on and counts them: ``for x in track(executor.imap(f, xs), "checking", n)``."""

    def __call__(self, items: Iterable[T], what: str, total: int) -> Iterator[T]: ...


def silently(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """The tracker that shows nothing."""
    return iter(items)
