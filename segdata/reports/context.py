"""What is known beside the scores: of the data, and of the training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segdata.findings import Finding

# Step and value, in order of the steps.
Course = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class TrainingCourse:
    """How a training went; each course may be empty."""

    loss: Course = ()
    learning_rate: Course = ()
    miou: Course = ()


@dataclass(frozen=True)
class Context:
    """What a report tells beside the scores.

    Args:
        findings: what is known of the data; None where it was not looked at.
        remark: about the findings: where they come from, or why there are none.
        training: None where no training is known.
    """

    findings: Sequence[Finding] | None = None
    remark: str = ""
    training: TrainingCourse | None = None
