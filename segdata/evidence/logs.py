"""What a training log tells."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import linear_regression, median, stdev
from typing import Literal

from segdata.evidence.log_messages import Message, MessageKind
from segdata.evidence.settings import SettingsFacts

# The catalogue looks at the last fifth of a curve (facts, 3).
_PARTS = 5
# Fewer points have no shape.
_LEAST = 10
# A curve falls, or rises, where the last fifth differs from the one before by this share: shuffled
# pairs, 0.44 at step 20 and 0.379 at step 300, move by about 1 % there.
_MOVED = 0.04
# Steps before the first, in steps between points.
_LATE = 10


@dataclass(frozen=True)
class Series:
    """A value over the steps, thinned out where it is long: ``(step, value)``, steps in order."""

    points: tuple[tuple[int, float], ...] = ()

    @property
    def finite(self) -> list[float]:
        """The values that are numbers."""
        return [value for _, value in self.points if math.isfinite(value)]

    @property
    def first(self) -> float | None:
        """What it begins with: the median of the first three numbers."""
        return median(self.finite[:3]) if self.finite else None

    @property
    def last(self) -> float | None:
        """What it ends with: the median of the last fifth."""
        return median(self._part(1)) if self.finite else None

    @property
    def lowest(self) -> float | None:
        return min(self.finite, default=None)

    @property
    def last_step(self) -> int | None:
        return self.points[-1][0] if self.points else None

    @property
    def broken_at(self) -> int | None:
        """The first step of NaN or infinity."""
        return next((step for step, value in self.points if not math.isfinite(value)), None)

    @property
    def ends_broken(self) -> bool:
        """Whether it ends in NaN or infinity."""
        return bool(self.points) and not math.isfinite(self.points[-1][1])

    @property
    def trend(self) -> float | None:
        """How the last fifth differs from the fifth before, as a share of it: -0.1 falls by a
        tenth. None where there are too few numbers."""
        before = median(self._part(2)) if len(self.finite) >= _LEAST else 0.0
        return median(self._part(1)) / before - 1 if before else None

    @property
    def noise(self) -> float:
        """The standard error of ``trend``."""
        parts = self._part(1), self._part(2)
        if min(map(len, parts)) < 2 or not median(parts[1]):
            return math.inf
        # The median of normal noise scatters 1.25 times as much as the mean.
        errors = [1.25 * _scatter(part) / math.sqrt(len(part)) for part in parts]
        return math.hypot(*errors) / abs(median(parts[1]))

    @property
    def begins_late(self) -> bool:
        """Whether it is the end of a longer curve: far more steps lie before it than between."""
        if len(self.points) < 2:
            return False
        first, last = self.points[0][0], self.points[-1][0]
        between = (last - first) / (len(self.points) - 1)
        return first > _LATE * max(between, 1) and first > last / _LATE

    @property
    def falls(self) -> bool:
        """Whether it still falls at its end, by more than its noise."""
        return self.trend is not None and self.trend < -max(_MOVED, 2 * self.noise)

    @property
    def flat(self) -> bool:
        """Whether it neither falls nor rises at its end, and noise would not hide it."""
        return self.trend is not None and abs(self.trend) <= max(_MOVED, min(2 * self.noise, 0.1))

    def _part(self, from_end: int) -> Sequence[float]:
        """A fifth of the numbers; 1 is the last one."""
        values = self.finite
        size = max(1, len(values) // _PARTS)
        end = len(values) - (from_end - 1) * size
        return values[max(0, end - size) : end]


def _scatter(values: Sequence[float]) -> float:
    """How far values lie from a straight line through them; a slope is no noise."""
    steps = range(len(values))
    slope, start = linear_regression(steps, values)
    return stdev(value - start - slope * step for step, value in zip(steps, values, strict=True))


@dataclass(frozen=True, kw_only=True)
class LogFacts:
    """A log: ours, TensorBoard's events, the original's text, or any text with steps and losses.

    Args:
        where: the file or folder.
        kind: how it is written.
        loss: the training loss; NaN and infinity stay in it.
        learning_rate: over the steps.
        metrics: validation scores by name.
        notes: lines that say more than numbers, by what they mean: ``restored`` (which checkpoint
            weights came from), ``init_ignored``, ``init_missing``, ``nan``, ``finished``,
            ``overflow``, ``hardware``, ``old_cuda``, ``mixed_precision``.
        class_scores: IoU of single classes, 0 to 1, by name.
        messages: lines that name a cause, by what they mean.
        ended_by: the error with which the program ended.
        settings: of the configuration that the log repeats.
        with_decay: the loss holds what weight decay adds, as the original's total loss does; its
            height then says less.
        counts: what the loss is numbered by.
        left_out: why other logs of the folder were not read.
    """

    where: str
    kind: Literal["segdata", "tensorboard", "text"]
    loss: Series = field(default_factory=Series)
    learning_rate: Series = field(default_factory=Series)
    metrics: Mapping[str, Series] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    class_scores: Mapping[str, Series] = field(default_factory=dict)
    messages: Mapping[MessageKind, Message] = field(default_factory=dict)
    ended_by: str | None = None
    settings: SettingsFacts | None = None
    with_decay: bool = False
    counts: Literal["steps", "epochs"] = "steps"
    left_out: tuple[str, ...] = ()

    @property
    def ends_broken(self) -> bool:
        """Whether it ends in NaN or infinity, or with the line that says so."""
        return self.loss.ends_broken or "nan" in self.notes
