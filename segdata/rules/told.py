"""What the training was told, wherever that is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, SettingsFacts, WeightFacts


def trainings(case: CaseFacts) -> Iterator[SettingsFacts]:
    """Settings of the training: of the commands, of files, and of the checkpoint itself."""
    yield from (script.settings for script in case.scripts if script.act == "train")
    if case.training is not None:
        yield case.training
    if case.weights is not None and case.weights.settings is not None:
        yield case.weights.settings


def is_initial(weights: WeightFacts, case: CaseFacts) -> bool:
    """Whether the training was told to begin from these weights."""
    given = {PurePath(t.initial_checkpoint).name for t in trainings(case) if t.initial_checkpoint}
    return PurePath(weights.where).name in given
