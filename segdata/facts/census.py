"""Objects per class and classes per picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segdata.classes import Label

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts


@dataclass(frozen=True, slots=True)
class Census:
    """One label: its size."""

    height: int
    width: int


@dataclass(frozen=True)
class CensusFacts:
    """The labels that were counted.

    Args:
        labels: counted.
    """

    labels: int = 0


def take_census(label: Label) -> Census:
    """Count in ``uint8 or uint16 H×W, class ids``."""
    return Census(*label.shape)


class CensusCollector:
    """Adds labels up."""

    def __init__(self) -> None:
        self._labels = 0

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        self._labels += pair.census is not None

    def facts(self) -> CensusFacts:
        return CensusFacts(self._labels)
