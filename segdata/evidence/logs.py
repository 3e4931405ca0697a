"""What a training log tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Series:
    """A value over the steps, thinned out where it is long: ``(step, value)``, steps in order."""

    points: tuple[tuple[int, float], ...] = ()


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
            ``overflow``, ``hardware``.
    """

    where: str
    kind: Literal["segdata", "tensorboard", "text"]
    loss: Series = field(default_factory=Series)
    learning_rate: Series = field(default_factory=Series)
    metrics: Mapping[str, Series] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
