"""What a loss is compared with, and the curve in numbers, as evidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from segdata.rules.outcome import classes, entropy

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LogFacts

SETTLES = "--batch FILE.npz: one batch as the loader gives it (image and label)"


def references(case: CaseFacts) -> dict[str, Any]:
    """The labels' entropy, and the loss of a network that knows nothing."""
    count, reference = classes(case), entropy(case)
    told = {
        "entropy_of_labels": reference and round(reference, 4),
        "ln_of_classes": round(math.log(count), 4) if count else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def evidence_of(log: LogFacts) -> dict[str, Any]:
    """The curve in numbers."""

    def short(value: float | None) -> float | None:
        return None if value is None else float(f"{value:.4g}")

    told = {
        "first_loss": short(log.loss.first),
        "last_loss": short(log.loss.last),
        "change_in_last_fifth": short(log.loss.trend),
        "last_step": log.loss.last_step,
    }
    return {name: value for name, value in told.items() if value is not None}
