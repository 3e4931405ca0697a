"""How an operation tells that it goes on. The console shows it; without one nothing is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Passes items on and counts them: ``for x in track(executor.imap(f, xs), "checking", n)``."""

    def __call__(self, items: Iterable[T], what: str, total: int) -> Iterator[T]: ...


class Watch(Track, Protocol):
    """Follows a command of several parts: items that pass, work that counts itself, sentences."""

    def at(self, done: int, total: int, what: str) -> None:
        """Work that counts itself has come this far."""
        ...

    def note(self, sentence: str) -> None:
        """Something worth a sentence has happened."""
        ...


def silently(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """The tracker that shows nothing."""
    return iter(items)


class Silence:
    """The watch that shows nothing."""

    def __call__(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        return silently(items, what, total)

    def at(self, done: int, total: int, what: str) -> None:
        """Show nothing."""

    def note(self, sentence: str) -> None:
        """Show nothing."""
