"""Rules about how a run was trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts

# Fault catalogue, T02: below about 20 passes over the data runs are reported to stay black, and 50
# passes are what it advises.
_FEW_EPOCHS, _ENOUGH_EPOCHS = 20, 50


@rule("T02", level=Level.ERROR)
def too_few_steps(case: CaseFacts) -> Iterator[Statement]:
    """The run was too short to learn more than the most frequent class.

    What: the network answers one class everywhere, and it saw each picture only a few times.

    Why it hurts: the first thing that a network learns is which class is most frequent. Small and
    rare objects come later.

    How to fix: train a new run with more steps: from random weights at least 50 passes over the
    pictures. If labels or the descriptor have errors, mend those first.
    """
    training, labels = case.training, case.labels
    if training is None or labels is None or not _collapsed(case):
        return
    samples = sum(n for name, n in labels.samples.items() if name.startswith("train"))
    if not (training.steps and training.batch_size and samples):
        return
    passes = training.steps * training.batch_size / samples
    if passes >= _FEW_EPOCHS:
        return
    steps = -(-_ENOUGH_EPOCHS * samples // training.batch_size)
    yield Statement(
        message=f"{training.steps} steps of {training.batch_size} pictures showed each of the "
        f"{samples} pictures {passes:.1f} times",
        certainty=Certainty.MEDIUM,
        path=training.where,
        evidence={
            "steps": training.steps,
            "batch_size": training.batch_size,
            "samples": samples,
            "passes": round(passes, 1),
        },
        fix=f"train a new run with more steps, such as --steps {steps}",
    )


def _collapsed(case: CaseFacts) -> bool:
    """Whether the network answers one class everywhere."""
    return case.predictions is not None and len(case.predictions.pixels) == 1
