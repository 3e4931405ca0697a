"""What the scores of a network say before the best one is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClassLogits:
    """One class.

    Args:
        won: share of the pixels in which it has the largest score.
        truth: share of the labelled pixels that are of the class; None without labels.
        auc: how well its score, less the best other one, ranks the pixels of the class before the
            others: 1 perfect, 0.5 chance; None where it cannot be told.
        peak: mean over the images of the largest share of probability it reaches anywhere.
    """

    id: int
    won: float
    truth: float | None
    auc: float | None
    peak: float


@dataclass(frozen=True, kw_only=True)
class LogitFacts:
    """Logits of some images.

    Args:
        where: the folder, or the run that was asked.
        images: how many.
        labelled: how many of them have labels.
        channels: scores of each pixel.
        classes: by id.
        low, high: the least and the largest score.
        finite: share of the scores that are numbers.
        probabilities: they are 0 to 1 and sum to 1 in every pixel.
        sigmoid: they are 0 to 1 and do not sum to 1.
        constant: shares of pixels by the id of the largest score, of images in which one id won
            everywhere.
    """

    where: str
    images: int
    labelled: int
    channels: int
    classes: tuple[ClassLogits, ...]
    low: float
    high: float
    finite: float = 1.0
    probabilities: bool = False
    sigmoid: bool = False
    constant: Mapping[int, float] = field(default_factory=dict)
