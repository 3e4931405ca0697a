"""How well predictions fit their labels: well, poorly, or no better than by chance.

Measured on CamVid and streets with small networks of two kinds. Fed as in training, they reached a
kappa of 0.3 after 20 steps (0.1 where the loss weights rare classes) and 0.5 to 0.9 when they were
done; with noise on their scores still 0.5. Fed in another scale they fell to 0 to 0.15, with a
quarter to all of the pixels of one rare class; with red and blue swapped to 0.15 to 0.45, where the
others may be after some steps, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segdata.rules.outcome import LEARNED, entropy
from segdata.rules.predictions.appearance import (
    as_ids,
    is_constant,
    is_one_answer,
    is_useless,
    reason,
)

if TYPE_CHECKING:
    from segdata.confusion import ConfusionMatrix
    from segdata.evidence import CaseFacts, LogitFacts
    from segdata.evidence.predictions import PredictionFacts

# Landis and Koch, Biometrics 33 (1977): agreement below 0.2 is slight, below 0.4 fair.
SLIGHT, _FAIR = 0.2, 0.4
# Files with more values that are no class are no ids.
_BEYOND = 0.05
# Fault catalogue, appendix 2: useless networks ended at 82 % of the labels' entropy and more.
_NOT_LEARNED, _HALF = 0.8, 0.5
_TINY = 1e-9
# Files of the same network hold the same ids in more of the pixels.
_OWN = 0.95
# A few pixels beside one class are none.
_ALONE = 0.999


@dataclass(frozen=True, slots=True)
class Fit:
    """Predictions against labels.

    Args:
        miou: mean IoU.
        accuracy: share of the pixels that are right.
        kappa: what of that is beyond chance: 1 all, 0 nothing.
        constant: the class that a picture of one class everywhere has most pixels right with.
        constant_accuracy: of that picture.
        beyond: share of the pixels with values that are no class.
    """

    miou: float
    accuracy: float
    kappa: float
    constant: int
    constant_accuracy: float
    beyond: float

    @property
    def told(self) -> str:
        """The numbers, as a part of a sentence."""
        return (
            f"mean IoU {self.miou:.2f}, {self.accuracy:.1%} of the pixels right; a picture of "
            f"class {self.constant} everywhere has {self.constant_accuracy:.1%}"
        )


def fit_of(case: CaseFacts) -> Fit | None:
    """None where there are no labels, labels of one class, or files that are not what was said."""
    facts = case.predictions
    if facts is None or reason(case) in ("V03", "V04", "V05"):
        return None
    return _fit(facts)


def tells_apart(logits: LogitFacts) -> bool:
    """Whether the best class of the scores fits the labels; without labels, several win."""
    if logits.fit is None:
        return max((one.won for one in logits.classes), default=1.0) < _ALONE
    matrix = logits.fit.matrix(max(2, logits.channels))
    return len(logits.fit.truth) > 1 and _kappa(matrix) >= _FAIR


def kappa_of(facts: PredictionFacts) -> float:
    """What is right beyond chance; 0 where nothing tells it."""
    fit = _fit(facts)
    return 0.0 if fit is None else fit.kappa


def _fit(facts: PredictionFacts) -> Fit | None:
    if facts.fit is None or not facts.fit.joint or not facts.num_classes:
        return None
    if len(facts.fit.truth) < 2:
        return None
    fit = as_ids(facts.fit, facts)
    matrix = fit.matrix(facts.num_classes)
    total = matrix.counts.sum()
    if not total:
        return None
    constant, accuracy, _ = fit.constant(facts.num_classes)
    return Fit(
        miou=matrix.mean_iou(),
        accuracy=matrix.pixel_accuracy,
        kappa=_kappa(matrix),
        constant=constant,
        constant_accuracy=accuracy,
        beyond=float(matrix.counts[:, -1].sum() / total),
    )


def _kappa(matrix: ConfusionMatrix) -> float:
    """Cohen's kappa: what is right beyond what would be by chance."""
    total = max(1, int(matrix.counts.sum()))
    truth, predicted = matrix.counts.sum(axis=1), matrix.counts[:, :-1].sum(axis=0)
    chance = float((truth / total) @ (predicted / total))
    return (matrix.pixel_accuracy - chance) / max(_TINY, 1 - chance)


def are_own(case: CaseFacts) -> bool:
    """Whether the predictions are what the run says, so that nobody fed it otherwise."""
    sweep, predictions = case.sweep, case.predictions
    if sweep is None or predictions is None or not sweep.looks:
        return False
    asked = predictions.where.endswith(sweep.where)
    return asked or (sweep.files == predictions.where and (sweep.looks[0].agreement or 0.0) >= _OWN)


def fits_poorly(case: CaseFacts) -> bool:
    """Whether labels are there, and the predictions are far from them, or do not depend on the
    photo, whatever they fit."""
    fit, facts = fit_of(case), case.predictions
    if facts is not None and (is_useless(facts) or is_one_answer(facts)):
        return True
    return fit is not None and fit.beyond <= _BEYOND and fit.kappa < _FAIR


def fits_by_chance(case: CaseFacts) -> bool:
    """Whether a picture of one class has more pixels right, and hardly any are beyond chance."""
    fit = fit_of(case)
    if fit is None or fit.beyond > _BEYOND or fit.kappa >= SLIGHT:
        return False
    return fit.accuracy < fit.constant_accuracy


def has_learned(case: CaseFacts) -> bool:
    """Whether the loss ends where only networks end that tell objects apart.

    Where predictions say one class that is half of the entropy: without a photo it is all of it.
    """
    log, reference = case.log, entropy(case)
    last = log.loss.last if log is not None else None
    least = _HALF if case.predictions is not None and is_constant(case.predictions) else LEARNED
    return last is not None and reference is not None and last < least * reference


def has_not_learned(case: CaseFacts) -> bool:
    """Whether the loss ends near that of a network that only knows how frequent classes are."""
    log, reference = case.log, entropy(case)
    if log is None or log.loss.last is None or reference is None or log.with_decay:
        return False
    return log.loss.last >= _NOT_LEARNED * reference
