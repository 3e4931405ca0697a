"""What a training tells those who wait for it: how it goes, and in the end what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.config import TrainSettings


@dataclass(frozen=True)
class Progress:
    """Where a run stands after a step; loss and speed are averaged over the last steps.

    The speed is that of a step and of the wait for its batch.
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    images_per_second: float


@dataclass(frozen=True)
class Listener:
    """Who is told how a run goes: after every step, and what is worth a sentence."""

    progress: Callable[[Progress], None] = lambda progress: None
    note: Callable[[str], None] = lambda sentence: None


@dataclass(frozen=True)
class TrainResult:
    """What a call of :func:`train` did.

    ``first_step`` is the step at which it went on; equal to ``steps`` if the run was finished
    before. ``loss`` is the mean over the last steps taken, None if none was.
    """

    out: Path
    checkpoint: Path
    settings: TrainSettings
    first_step: int
    steps: int
    loss: float | None
    images_per_second: float
    seconds: float
    choices: tuple[str, ...]
