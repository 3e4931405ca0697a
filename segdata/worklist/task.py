"""One image to be corrected, whatever the program: its label as masks, and what is suspect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.worklist.ranking import Entry

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Shape:
    """A mask in a picture.

    Args:
        name: of its class.
        top: row of its box.
        left: column of its box.
        mask: ``bool h×w``, the size of its box.
        rank: its place in the worklist; 0 for a mask of the label as a whole.
        remark: what is suspect.
    """

    name: str
    top: int
    left: int
    mask: Mask
    rank: int = 0
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Task:
    """An image of the worklist.

    Args:
        photo: its file's name below the folder of tasks.
        label: ``uint8 or uint16 H×W, class ids``.
        entries: the places of the worklist that lie in it.
        names: of all ids (``names.task_names``).
    """

    photo: str
    label: Label
    entries: Sequence[Entry]
    names: Mapping[int, str]

    def shapes(self) -> Iterator[Shape]:
        """The whole label, one mask for each class, and above it every suspect region by itself.

        A suspect region has the class that it has in the label: a task that nobody changes says
        what the label says, and where somebody changes its class, the label changes there only.
        """
        for class_id in np.flatnonzero(np.bincount(self.label.ravel())).tolist():
            top, left, mask = _boxed(self.label == class_id)
            yield Shape(self.names[class_id], top, left, mask)
        for entry in self.entries:
            one = entry.suspect
            yield Shape(
                self.names[one.label], one.top, one.left, one.mask, entry.rank, self._remark(entry)
            )

    def _remark(self, entry: Entry) -> str:
        suggestion = self.names[entry.suspect.suggestion]
        return f"#{entry.rank}: the network says {suggestion} ({entry.suspect.confidence:.2f})"


def _boxed(mask: Mask) -> tuple[int, int, Mask]:
    """The first row and column of a mask that is not empty, and what lies in its box."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return top, left, mask[top : rows[-1] + 1, left : columns[-1] + 1]
