"""How few of many files are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def spread(items: Sequence[Item], most: int) -> Sequence[Item]:
    """All of them, or so many, spread evenly from the first to the last."""
    if len(items) <= most:
        return items
    return tuple(items[number * len(items) // most] for number in range(most))
