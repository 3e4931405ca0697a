"""What the worklist is made from: labels, and what a network says of the same pixels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.errors import UserError

# Rounding to float16 moves a probability by less; logits are far outside.
_ROUNDING = 0.01


@dataclass(frozen=True, eq=False)
class Look:
    """One image as a person labelled it and as the network sees it.

    Args:
        key: its name.
        probabilities: ``float16 or float32 K×H×W``; those of one pixel sum to 1.
        label: ``uint8 or uint16 H×W, class ids``.
    """

    key: str
    probabilities: npt.NDArray[np.floating]
    label: Label

    def check(self, class_map: ClassMap) -> None:
        """Refuse what does not fit.

        Raises:
            UserError: another size or number of classes than the label, or no probabilities; or
                the label holds an id that is no class.
        """
        shape = self.probabilities.shape
        if len(shape) != 3 or shape[0] != class_map.num_classes:
            raise UserError(
                f"the probabilities of {self.key} are {'×'.join(map(str, shape))}, and there are "
                f"{class_map.num_classes} classes",
                "they must be classes×height×width, of the classes that the labels have",
            )
        if shape[1:] != self.label.shape:
            raise UserError(
                f"the probabilities of {self.key} are of {shape[2]}×{shape[1]} pixels, and its "
                f"label has {self.label.shape[1]}×{self.label.shape[0]}",
                "predict the photo at its own size: segdata predict PHOTOS --model RUN --out DIR "
                "--probabilities float16",
            )
        low, high = float(self.probabilities.min()), float(self.probabilities.max())
        if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
            raise UserError(
                f"the probabilities of {self.key} are {low:g} to {high:g}, not 0 to 1",
                "turn logits into probabilities first: a softmax over the classes",
            )
        foreign = set(np.flatnonzero(np.bincount(self.label.ravel())).tolist())
        foreign -= {*(entry.id for entry in class_map.trained), class_map.ignore}
        if foreign:
            raise UserError(
                f"the label of {self.key} holds {min(foreign)}, which is no class",
                "segdata validate finds such labels; segdata fix mends them; if the id stands for "
                f"what is ignored, say so in the class file: a line {min(foreign)},void below "
                "id,name",
            )


@dataclass(frozen=True, eq=False)
class Shown:
    """One image of the worklist, read again to be drawn and written as a task.

    Args:
        key: its name.
        photo: the bytes of its file; None where the photos are not known.
        label: ``uint8 or uint16 H×W, class ids``.
    """

    key: str
    photo: bytes | None
    label: Label


class Images(Protocol):
    """Where labels, probabilities and photos come from; read one at a time."""

    @property
    def class_map(self) -> ClassMap: ...

    @property
    def total(self) -> int:
        """How many labelled images there are."""
        ...

    @property
    def has_photos(self) -> bool: ...

    def looks(self, every: int = 1) -> Iterator[Look]:
        """Every so many-th image with the network's probabilities, always in one order."""
        ...

    def shown(self, keys: Collection[str]) -> Iterator[Shown]:
        """The images of these keys, without probabilities."""
        ...
