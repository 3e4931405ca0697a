"""Pixels with captions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from segdata.classes import Color

Pixels = npt.NDArray[np.uint8]
Value = TypeVar("Value", bound=np.generic)
# Rows and columns.
Box = tuple[slice, slice]
# Longer side of a picture at most: more than a page shows.
_LONGEST = 720
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


def cut(picture: npt.NDArray[Value], box: Box | None = None) -> npt.NDArray[Value]:
    """A part of a picture, or the whole; of a large one only some rows and columns."""
    if box is not None:
        return picture[box]
    step = -(-max(picture.shape[:2]) // _LONGEST) or 1
    return picture[::step, ::step]
