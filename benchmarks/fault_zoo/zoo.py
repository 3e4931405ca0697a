"""All cases."""

from __future__ import annotations

from fault_zoo import controls, folders, labels, outputs, runs, shards, together
from fault_zoo.cases import Case


def all_cases() -> list[Case]:
    """Every case, by id once."""
    modules = (labels, folders, shards, outputs, runs, together, controls)
    found = [case for module in modules for case in module.cases()]
    assert len({case.id for case in found}) == len(found)
    return found
