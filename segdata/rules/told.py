"""What the training was told, wherever that is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, SettingsFacts, WeightFacts

PREDICTIONS = "the predictions: --predictions DIR with the predicted PNGs"


def trainings(case: CaseFacts) -> Iterator[SettingsFacts]:
    """Settings of the training: those that are known to be its own, those of commands, and those of
    the checkpoint itself."""
    if case.training is not None:
        yield case.training
    yield from (script.settings for script in case.scripts if script.act == "train")
    if case.weights is not None and case.weights.settings is not None:
        yield case.weights.settings


def is_initial(weights: WeightFacts, case: CaseFacts) -> bool:
    """Whether the training was told to begin from these weights."""
    given = {PurePath(t.initial_checkpoint).name for t in trainings(case) if t.initial_checkpoint}
    return PurePath(weights.where).name in given


def weighed(case: CaseFacts) -> bool:
    """Whether some classes or pixels count more than others in the loss."""
    return any(_weighs(one) for one in trainings(case))


def _weighs(told: SettingsFacts) -> bool:
    weights = set((told.class_weights or {}).values())
    return told.balanced or len(weights) > 1 or (told.top_k or 1.0) < 1
