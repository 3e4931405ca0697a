"""What labels hold, as the trainer reads them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class LabelEvidence:
    """The labels of a data set, of shards or of a folder, added up.

    Args:
        where: the folder, as the user named it.
        num_classes: ids from 0 on that are classes.
        ignore: the ignore label.
        counted: nobody said how many classes there are; as many as ids seem to be.
        names: of the classes, by id.
        labels: how many were read.
        empty: labels that are 0 throughout.
        ignored_alone: labels that hold 0 and the ignore label, and nothing else; 0 where any label
            has it beside a class.
        unlabelled: the photos of these show the colors of objects as others do.
        photos: how many have each suffix, in small letters.
        pixels: by id, as the trainer reads them, ignored ones left out.
        holding: how many labels hold each id.
        samples: of each split.
        ending: what labels have behind the name of their photo, as ``_mask``.
        sizes: how many photos have a height and width.
        misread: what TensorFlow and OpenCV read of labels that the trainer is said to read as
            ids, by the rule about how these are stored (a palette is ``L03``); only where they
            read other numbers.
        to_shards: the command that makes shards of them; empty where they are shards.
        clean: no rule about labels, pairs or descriptor has found a warning or an error.
    """

    where: str
    num_classes: int
    ignore: int | None
    counted: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    labels: int = 0
    empty: int = 0
    ignored_alone: int = 0
    unlabelled: bool = False
    photos: Mapping[str, int] = field(default_factory=dict)
    pixels: Mapping[int, int] = field(default_factory=dict)
    holding: Mapping[int, int] = field(default_factory=dict)
    samples: Mapping[str, int] = field(default_factory=dict)
    ending: str = ""
    sizes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    misread: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    to_shards: str = ""
    clean: bool = True

    @property
    def total(self) -> int:
        """Pixels that are not ignored."""
        return sum(self.pixels.values())

    def share(self, class_id: int) -> float:
        """Of the pixels that are not ignored."""
        return self.pixels.get(class_id, 0) / max(1, self.total)

    @property
    def majority(self) -> int | None:
        """The most frequent id; of equals the lowest."""
        return min(self.pixels, key=lambda i: (-self.pixels[i], i), default=None)

    @property
    def entropy(self) -> float:
        """Of the labels' marginal, in nats: the loss of a network that only knows how frequent each
        class is (fault catalogue, fact 3)."""
        shares = [n / self.total for n in self.pixels.values() if n]
        return -sum(share * math.log(share) for share in shares)
