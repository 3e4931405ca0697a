"""The flags of train.py as training settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from segdata.original_flags.checkpoints import checkpoint_in
from segdata.original_flags.network_settings import (
    DEFAULT_VARIANT,
    network_fields,
    without_effect,
)
from segdata.original_flags.table import flags_of
from segdata.original_flags.training import UNSAID

# Chen et al. 2017, section 4.1, and the comment in train.py: batches to measure norms with.
_ENOUGH_FOR_NORMS = 12
# Of these a schedule is made, and the original's adam has none.
_SCHEDULE = (
    "base_learning_rate", "learning_policy", "learning_power", "decay_steps", "end_learning_rate",
    "learning_rate_decay_step", "learning_rate_decay_factor", "slow_start_step",
    "slow_start_learning_rate", "momentum",
)  # fmt: skip
_ADAM_ONLY = ("adam_learning_rate", "adam_epsilon")


def train_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """``group.field`` and value of every setting that is not our own default.

    Args:
        values: of the flags that were given, by name.
    """
    idle = [*_idle(values), *without_effect(values, DEFAULT_VARIANT)]
    said = {**UNSAID, **{name: value for name, value in values.items() if name not in idle}}
    table = flags_of("train")
    settings = {table[name].setting: value for name, value in said.items() if table[name].setting}
    if said["optimizer"] == "adam":
        # A power of 0 keeps the rate where it begins.
        settings["optimizer.base_learning_rate"] = values.get("adam_learning_rate", 1e-3)
        settings["optimizer.learning_power"] = 0.0
    if "decay_steps" in said:
        settings["optimizer.decay_steps"] = round(said["decay_steps"])
    if "tf_initial_checkpoint" in values:
        # There the network is what the flags say, whatever the checkpoint is of.
        settings["initialization.take_network"] = False
        settings["initialization.checkpoint"] = checkpoint_in(values["tf_initial_checkpoint"])
    fields = network_fields(values, DEFAULT_VARIANT)
    return {**settings, **{f"network.{field}": value for field, value in fields.items()}}


def train_notes(values: Mapping[str, Any]) -> Iterator[str]:
    """What is to be said of settings together."""
    idle = _idle(values)
    if idle:
        optimizer = values.get("optimizer", UNSAID["optimizer"])
        flags = ", ".join(f"--{name}" for name in idle)
        yield f"{flags}: without effect, as in the original, where --optimizer is {optimizer}"
    batch = values.get("train_batch_size", 8)
    tunes = values.get("fine_tune_batch_norm", True)
    if values.get("tf_initial_checkpoint") and tunes and batch < _ENOUGH_FOR_NORMS:
        yield (
            f"--fine_tune_batch_norm is on, the original's default, with batches of {batch}: below "
            f"{_ENOUGH_FOR_NORMS} its authors advise --fine_tune_batch_norm=False"
        )


def _idle(values: Mapping[str, Any]) -> list[str]:
    """The flags that the optimizer does not heed."""
    adam = values.get("optimizer") == "adam"
    return [name for name in (_SCHEDULE if adam else _ADAM_ONLY) if name in values]
