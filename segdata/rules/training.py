"""Rules about how a run was trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule

if TYPE_CHECKING:
    from segdata.facts.runs import TrainingFacts

# Fault catalogue, T02: below about 20 passes over the data runs are reported to stay black, and 50
# passes are what it advises.
_FEW_EPOCHS, _ENOUGH_EPOCHS = 20, 50


@rule("T02", level=Level.ERROR)
def too_few_steps(facts: TrainingFacts) -> Iterator[Statement]:
    """The run was too short to learn more than the most frequent class.

    What: the network answers one class everywhere, and it saw each picture only a few times.

    Why it hurts: the first thing that a network learns is which class is most frequent. Small and
    rare objects come later.

    How to fix: train a new run with more steps: from random weights at least 50 passes over the
    pictures. If labels or the descriptor have errors, mend those first.
    """
    if not facts.collapsed or facts.epochs >= _FEW_EPOCHS:
        return
    steps = -(-_ENOUGH_EPOCHS * facts.samples // facts.batch_size)
    yield Statement(
        message=f"{facts.steps} steps of {facts.batch_size} pictures showed each of the "
        f"{facts.samples} pictures {facts.epochs:.1f} times",
        certainty=Certainty.MEDIUM,
        evidence={
            "steps": facts.steps,
            "batch_size": facts.batch_size,
            "samples": facts.samples,
            "passes": round(facts.epochs, 1),
        },
        fix=f"train a new run with more steps, such as --steps {steps}",
    )
