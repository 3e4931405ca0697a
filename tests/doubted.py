"""Labels with errors in them, for the tests of the worklist."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label, SegClass
from segdata.worklist import Look, Shown

IGNORE = 255
STREET = ClassMap(
    (SegClass(0, "road"), SegClass(1, "car"), SegClass(2, "tree"), SegClass(IGNORE, "void")), IGNORE
)


@dataclass
class Recorded:
    """Images that were recorded: labels and what a network says of them."""

    labels: Mapping[str, Label]
    predictions: Mapping[str, npt.NDArray[np.floating]]
    photos: Mapping[str, bytes] = field(default_factory=dict)
    class_map: ClassMap = STREET

    @property
    def total(self) -> int:
        return len(self.labels)

    @property
    def has_photos(self) -> bool:
        return bool(self.photos)

    def looks(self, every: int = 1) -> Iterator[Look]:
        for key in list(self.labels)[::every]:
            yield Look(key, self.predictions[key], self.labels[key])

    def shown(self, keys: Collection[str]) -> Iterator[Shown]:
        for key in (key for key in self.labels if key in keys):
            yield Shown(key, self.photos.get(key), self.labels[key])


def sure_of(seen: Label, num_classes: int = 3, confidence: float = 0.9) -> npt.NDArray[np.float32]:
    """``float32 K×H×W``: so probable is what is seen, and the rest is shared."""
    rest = (1 - confidence) / (num_classes - 1)
    one_hot = seen[None] == np.arange(num_classes)[:, None, None]
    return np.where(one_hot, np.float32(confidence), np.float32(rest))
