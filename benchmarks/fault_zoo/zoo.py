"""All cases."""

from __future__ import annotations

from fault_zoo import labels
from fault_zoo.cases import Case


def all_cases() -> list[Case]:
    """Every case, by id once."""
    modules = (labels,)
    found = [case for module in modules for case in module.cases()]
    assert len({case.id for case in found}) == len(found)
    return found
