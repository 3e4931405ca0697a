"""All cases."""

from __future__ import annotations

from fault_zoo import (
    checkpoints,
    controls,
    folders,
    labels,
    outputs,
    scores,
    shards,
    together,
    training_commands,
    training_logs,
)
from fault_zoo.cases import Case


def all_cases() -> list[Case]:
    """Every case, by id once."""
    modules = (
        labels,
        folders,
        shards,
        outputs,
        scores,
        training_logs,
        training_commands,
        checkpoints,
        together,
        controls,
    )
    found = [case for module in modules for case in module.cases()]
    assert len({case.id for case in found}) == len(found)
    return found
