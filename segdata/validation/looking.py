"""How closely pairs are looked at."""

from __future__ import annotations

from dataclasses import dataclass

from segdata.facts import Look

# Pairs that get the costlier looks; --full takes them at all.
_SAMPLED = 96


@dataclass(frozen=True)
class Looks:
    """What is looked at beyond headers and values.

    Args:
        every: looks at every pair.
        sampled: further looks at a sample.
        sample: how many pairs that is; None takes all.
    """

    every: Look = Look.LIKENESS
    sampled: Look = Look.STRUCTURE | Look.ALIGNMENT
    sample: int | None = _SAMPLED
