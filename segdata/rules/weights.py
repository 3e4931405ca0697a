"""Rules about what is stored in a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Level
from segdata.rules import Statement, rule

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts


@rule("C11", level=Level.ERROR)
def unreadable_weights(case: CaseFacts) -> Iterator[Statement]:
    """The run has no weights that can be read.

    What: there is no checkpoint yet, or its files are cut off or changed.

    Why it hurts: nothing can be predicted with this run; a tool that fills the gap with random
    weights predicts one class or noise.

    How to fix: give the train command again: it goes on from the newest whole checkpoint, or starts
    anew where there is none.
    """
    if case.weights is None or not case.weights.problem:
        return
    problem, _, remedy = case.weights.problem.partition("\n")
    yield Statement(
        message=problem,
        path=case.weights.where,
        evidence={"checkpoint": case.weights.where},
        fix=remedy,
    )
