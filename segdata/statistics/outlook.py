"""Before training: what no network is needed for, and what no score will show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segdata.miou_rules import DEFAULT_RULE

if TYPE_CHECKING:
    from segdata.statistics.summary import ClassStatistics, SplitStatistics

# Splits that a network learns from, the first that there is; the others measure.
_TRAINING = ("train", "trainval", "all")


@dataclass(frozen=True)
class Constant:
    """What one class everywhere scores.

    Args:
        id: the class.
        name: of the class.
        miou: under the rule.
        accuracy: share of the pixels.
        rule: of the mean IoU (``miou_rules.MIOU_RULES``).
    """

    id: int
    name: str
    miou: float
    accuracy: float
    rule: str = DEFAULT_RULE

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "miou": self.miou,
            "miou_rule": self.rule,
            "pixel_accuracy": self.accuracy,
        }


@dataclass(frozen=True)
class Unmeasured:
    """Classes that a split says little or nothing of, though the training split has them.

    Args:
        split: that measures.
        absent: names of classes without a pixel in it.
        single: names of classes that only one of its labels holds.
    """

    split: str
    absent: tuple[str, ...]
    single: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"split": self.split, "absent": list(self.absent), "in_one_label": list(self.single)}


def best_constant(classes: Sequence[ClassStatistics]) -> Constant | None:
    """The class that scores best if it is predicted everywhere; None without a pixel.

    Under the default rule the mean is over the classes that occur, and all but one have IoU 0.
    """
    present = [entry for entry in classes if entry.pixels]
    if not present:
        return None
    best = max(present, key=lambda entry: (entry.pixels, -entry.id))
    return Constant(best.id, best.name, best.share / len(present), best.share)


def training_split(names: Sequence[str]) -> str | None:
    """The split that a network learns from."""
    return next((name for name in _TRAINING if name in names), None)


def unmeasured(splits: Sequence[SplitStatistics]) -> Iterator[Unmeasured]:
    """What the measuring splits cannot tell."""
    learned = training_split([split.name for split in splits])
    train = next((split for split in splits if split.name == learned), None)
    if train is None:
        return
    known = {entry.id for entry in train.classes if entry.pixels}
    for split in splits:
        if split.name in _TRAINING or not split.labels:
            continue
        mine = [entry for entry in split.classes if entry.id in known]
        absent = tuple(entry.name for entry in mine if not entry.pixels)
        single = tuple(entry.name for entry in mine if entry.images == 1 and split.labels > 1)
        if absent or single:
            yield Unmeasured(split.name, absent, single)
