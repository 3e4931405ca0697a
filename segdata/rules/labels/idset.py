"""The values of labels beside what the descriptor says of ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segdata.facts import Seen

# Names that say "no class" (PASCAL VOC, CamVid, Cityscapes, ADE20K and labelling tools).
VOID_NAMES = frozenset({"void", "ignore", "ignored", "unlabelled", "unlabeled", "unknown", "other",
                        "border", "don't care", "dontcare"})  # fmt: skip
# PASCAL VOC's void id, taken over by nearly everyone.
VOID = 255
# Stray ids are a slip of the brush: under 1 % of the pixels (fault catalogue, L07) in few files,
# or next to nothing wherever they are.
STRAY_SHARE = 0.01
_STRAY_FILES = 0.25
_NEXT_TO_NOTHING = 0.001


@dataclass(frozen=True)
class IdSet:
    """The values of labels that hold ids, beside what the descriptor says of ids.

    Args:
        values: every value, how often and where.
        files: labels.
        num_classes: of the descriptor.
        ignore: the ignore label.
        names: of the classes that the descriptor lists.
        shape: the rule that explains the edges of the labels, if one does: ``L10``, ``L11``,
            ``L12``.
        areas: values that fill areas, and are not only at the edges of others.
        scheme: the ids are those of a well-known data set, numbered otherwise than here.
        instances: they number the objects in each picture.
        shifted: labels without a 0 that hold ``behind`` and nothing beyond it.
    """

    values: Mapping[int, Seen]
    files: int
    num_classes: int
    ignore: int | None
    names: Mapping[int, str]
    shape: str | None = None
    areas: tuple[int, ...] = ()
    scheme: str | None = None
    instances: bool = False
    shifted: int = 0

    @cached_property
    def pixels(self) -> int:
        return sum(seen.pixels for seen in self.values.values())

    @cached_property
    def trained(self) -> tuple[int, ...]:
        """The values that take part in training."""
        return tuple(value for value in self.values if value != self.ignore)

    @cached_property
    def inside(self) -> tuple[int, ...]:
        """Trained values that are classes, 0 aside."""
        return tuple(value for value in self.trained if 0 < value < self.num_classes)

    @cached_property
    def outside(self) -> frozenset[int]:
        """Trained values that no class has."""
        return frozenset(value for value in self.trained if value >= self.num_classes)

    @property
    def behind(self) -> int:
        """What the last id becomes where counting starts at 1: an ignore label may be the last."""
        return self.num_classes + (self.ignore == self.num_classes)

    def share(self, values: Iterable[int]) -> float:
        """Share of all pixels."""
        return sum(self.values[value].pixels for value in values) / max(1, self.pixels)

    def stray(self, value: int) -> bool:
        """So few that it is a slip."""
        share, files = self.share([value]), self.values[value].files / max(1, self.files)
        return share < _NEXT_TO_NOTHING or (share < STRAY_SHARE and files <= _STRAY_FILES)

    def alone(self, value: int) -> bool:
        """Wherever it is, it stands beside 0 alone: it is some picture's only object."""
        return self.values[value].alone == self.values[value].files

    def is_void(self, value: int | None) -> bool:
        """The descriptor names it as no class."""
        return value is not None and self.names.get(value, "").lower() in VOID_NAMES
