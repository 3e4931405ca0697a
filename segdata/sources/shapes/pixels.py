"""The pixels of one shape, in the form in which they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

# Height and width.
Size = tuple[int, int]
Mask = npt.NDArray[np.bool_]

OUTSIDE = "shapes outside the picture"


class LeftOut(Exception):
    """A shape that has no pixels; the message is a plural that a report counts."""


class Damaged(Exception):
    """A shape whose pixels are lost: without it the object would be background."""


@dataclass(frozen=True)
class Region:
    """Pixels in a window of a picture.

    Args:
        top: the window's first row.
        left: the window's first column.
        mask: ``bool h×w``; the window lies in the picture.
    """

    top: int
    left: int
    mask: Mask

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    def region(self) -> Region:
        return self


@dataclass(frozen=True)
class Runs:
    """Pixels of a whole picture as run lengths, as COCO keeps them.

    Args:
        counts: ``int64 N``: lengths of runs down the columns, the first one outside the shape;
            their sum is height × width.
        size: of the picture.
    """

    counts: npt.NDArray[np.int64]
    size: Size

    @property
    def area(self) -> int:
        return int(self.counts[1::2].sum())

    def region(self) -> Region:
        """The pixels in the smallest window of whole runs."""
        height = self.size[0]
        ends = np.cumsum(self.counts)
        starts, stops = ends[:-1:2], ends[1::2]
        some = stops > starts
        if not some.any():
            return Region(0, 0, np.zeros((0, 0), dtype=np.bool_))
        first, last = starts[some], stops[some] - 1
        left, right = int(first[0] // height), int(last[-1] // height) + 1
        top, bottom = _rows(first, last, height)
        bounds = np.clip(ends, left * height, right * height)
        lengths = bounds - np.concatenate([[left * height], bounds[:-1]])
        flat = np.repeat(np.arange(len(ends)) % 2 == 1, lengths)
        return Region(top, left, flat.reshape(right - left, height).T[top:bottom])


class Pixels(Protocol):
    """The pixels of a shape."""

    @property
    def area(self) -> int: ...

    def region(self) -> Region: ...


def placed(mask: Mask, top: int, left: int, size: Size) -> Region:
    """A mask whose upper left corner lies somewhere, cut to the picture.

    Raises:
        LeftOut: none of it lies in the picture, or it is empty.
    """
    rows = slice(max(0, -top), max(0, size[0] - top))
    columns = slice(max(0, -left), max(0, size[1] - left))
    kept = mask[rows, columns]
    if not kept.any():
        raise LeftOut(OUTSIDE if mask.any() else "masks without a pixel")
    return Region(max(0, top), max(0, left), kept)


def _rows(
    first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], height: int
) -> tuple[int, int]:
    """The rows that runs touch; all of them where a run goes on in the next column."""
    if (first // height != last // height).any():
        return 0, height
    return int((first % height).min()), int((last % height).max()) + 1
