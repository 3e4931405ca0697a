"""Shapes in a label: edges, specks, holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segdata.classes import Label

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts


@dataclass(frozen=True, slots=True)
class Structure:
    """Shapes in one label."""

    constant: bool


@dataclass(frozen=True)
class StructureFacts:
    """Shapes in the labels that were looked at.

    Args:
        labels: looked at.
    """

    labels: int = 0


def look_at_structure(label: Label, ignore: int | None) -> Structure:
    """Look at ``uint8 or uint16 H×W, class ids``."""
    return Structure(bool((label == label.flat[0]).all()) if label.size else True)


class StructureCollector:
    """Adds labels up."""

    def __init__(self) -> None:
        self._labels = 0

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        self._labels += pair.structure is not None

    def facts(self) -> StructureFacts:
        return StructureFacts(self._labels)
