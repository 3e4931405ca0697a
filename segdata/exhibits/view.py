"""Pixels with captions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.classes import Color

Pixels = npt.NDArray[np.uint8]
# The caption of a photo.
PHOTO = "photo"


@dataclass(frozen=True, eq=False)
class View:
    """One picture.

    Args:
        caption: what reads or shows it so.
        pixels: ``uint8 H×W×3, RGB``.
        flat: it has areas of one color, whose edges must stay sharp.
    """

    caption: str
    pixels: Pixels
    flat: bool = True


@dataclass(frozen=True)
class LegendEntry:
    """A value in a picture: its color, its name, and its share of the pixels."""

    value: int
    color: Color
    name: str
    share: float

    @property
    def label(self) -> str:
        """The value and its name; the value once where the name repeats it."""
        return self.name if self.name == f"class {self.value}" else f"{self.value} {self.name}"


@dataclass(frozen=True, eq=False)
class Exhibit:
    """Several looks at one thing.

    Args:
        where: the file, and the place in it.
        views: beside each other; the last two are the ones that differ most.
        legend: the values in the last view that shows numbers.
    """

    where: str
    views: tuple[View, ...]
    legend: tuple[LegendEntry, ...] = ()
