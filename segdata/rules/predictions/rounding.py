"""Masks that are 1 only where a probability is rounded to exactly 1: the mark of one that was cut.

Of a probability that is turned into a whole number nothing is left but what its precision rounds
to 1. In scores that is a number that nobody chooses: 8.3 in half precision, 17 in single.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from segdata.findings import Certainty

if TYPE_CHECKING:
    from segdata.evidence import LogitFacts

# IEEE 754: 2 to the power of minus so many is half of the last bit of 1, from above (1 + exp(-x)
# is 1) and from below (what is nearer to 1 is rounded to it): of half, single and double
# precision.
_BITS = (11, 12, 24, 25, 53)
# What people compare probabilities with, where it is more than one half.
_CHOSEN = (0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999)


def rounded_to_one(logits: LogitFacts) -> Certainty | None:
    """How sure it is that the files' 1 is a probability that was rounded to 1; None where their
    threshold lies elsewhere. Scores leave a gap around it, in which others may lie, too."""
    low, high = logits.threshold, logits.threshold_to
    if low is None or high is None or logits.asked:
        return None
    low, high = _as_score(low, logits), _as_score(high, logits)
    if not any(low <= bits * math.log(2) <= high for bits in _BITS):
        return None
    chosen = any(low <= math.log(p / (1 - p)) <= high for p in _CHOSEN)
    # Any whole number may be somebody's threshold of raw scores.
    return Certainty.MEDIUM if chosen or math.ceil(low) <= high else Certainty.STRONG


def _as_score(margin: float, logits: LogitFacts) -> float:
    """Of probabilities their logit; of two the files' threshold is how far the second is ahead."""
    if not (logits.probabilities or logits.sigmoid):
        return margin
    p = margin if logits.channels == 1 else (margin + 1) / 2
    return math.copysign(math.inf, p - 0.5) if not 0 < p < 1 else math.log(p / (1 - p))
