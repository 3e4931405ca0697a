"""What photos look like, so that duplicates can be found among all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts


@dataclass(frozen=True, slots=True)
class Likeness:
    """A 64-bit difference hash of a photo; alike pictures differ in few bits."""

    hash: int


@dataclass(frozen=True)
class LikenessFacts:
    """Which photos of a data set are alike.

    Args:
        photos: photos compared.
    """

    photos: int = 0


def look_at_likeness(glance: npt.NDArray[np.uint8]) -> Likeness:
    """The difference hash of ``uint8 h×w``, grey."""
    small = cv2.resize(glance, (9, 8), interpolation=cv2.INTER_AREA)
    bits = np.packbits(small[:, 1:] > small[:, :-1])
    return Likeness(int.from_bytes(bits.tobytes()))


class LikenessCollector:
    """Adds pairs up; what is kept of each photo is a few dozen bytes."""

    def __init__(self) -> None:
        self._photos = 0

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        self._photos += pair.likeness is not None

    def facts(self) -> LikenessFacts:
        return LikenessFacts(self._photos)
