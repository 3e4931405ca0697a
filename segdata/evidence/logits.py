"""What the scores of a network say before the best one is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segdata.evidence.label_fit import LabelFit
from segdata.evidence.name_fit import NameFit


@dataclass(frozen=True, slots=True)
class ClassLogits:
    """One class.

    Args:
        won: share of the pixels in which it has the largest score.
        truth: share of the labelled pixels that are of the class; None without labels.
        auc: how well its score, less the best other one, ranks the pixels of the class before the
            others: 1 perfect, 0.5 chance; None where it cannot be told.
        peak: mean over the images of the largest share of probability it reaches anywhere.
        iou: of the pixels that it wins with those that are of the class; None where neither are.
    """

    id: int
    won: float
    truth: float | None
    auc: float | None
    peak: float
    iou: float | None = None


@dataclass(frozen=True, slots=True)
class EmptyLabels:
    """Images whose labels hold nothing but 0, and what the network sees in them.

    Args:
        images: how many there are.
        with_objects: labelled images that hold other classes.
        told: the score of objects less that of 0 tells the two apart in ``with_objects``.
        seen: images among the empty ones in which it is as high as in objects, on an area as large.
    """

    images: int = 0
    with_objects: int = 0
    told: bool = False
    seen: int = 0


@dataclass(frozen=True, slots=True)
class OtherLogits:
    """The same images, scored by another form of the network: converted, exported, or the run.

    Args:
        where: the folder or run.
        images: that both have.
        agreement: share of the pixels in which the same class wins.
        miou, other_miou: of both on the labelled ones; None without labels.
        correlation: of the scores, over all pixels and classes; None where they are constant.
        other_constant: the other one gives one class everywhere.
        constant: these give one class everywhere.
    """

    where: str
    images: int
    agreement: float
    miou: float | None = None
    other_miou: float | None = None
    correlation: float | None = None
    constant: bool = False
    other_constant: bool = False


@dataclass(frozen=True, kw_only=True)
class LogitFacts:
    """Logits of some images.

    Args:
        where: the folder, or the run that was asked.
        images: how many were read.
        labelled: how many of them have labels.
        channels: scores of each pixel; one channel is listed as two classes, with 0 as the other's
            score.
        classes: by id.
        low, high: the least and the largest score that is a number.
        best: mean over the pixels of the largest score.
        finite: share of the scores that are numbers.
        probabilities: they are 0 to 1 and sum to 1 in every pixel.
        sigmoid: they are 0 to 1 and do not sum to 1.
        constant: shares of the images in which one id won everywhere, by that id.
        empty: images whose labels are empty.
        files: how many there are; the others were not sampled.
        decodings: ways to make ids of scores, and the mean share of the pixels in which each gives
            what the predicted files hold.
        predicted: images of which there is a predicted file of the same size.
        beyond: predicted files with more ids than channels.
        threshold: above this score the files of two classes hold 1; None where no number tells.
        threshold_to: it may be as high as this: no score lies between.
        names: whether predicted files are what the scores of other images say.
        other: another network's logits of the same images.
        asked: a run's network was asked; they are no files.
        fit: the classes that win, against the labels; None without.
    """

    where: str
    images: int
    labelled: int
    channels: int
    classes: tuple[ClassLogits, ...]
    low: float
    high: float
    best: float = 0.0
    finite: float = 1.0
    probabilities: bool = False
    sigmoid: bool = False
    constant: Mapping[int, float] = field(default_factory=dict)
    empty: EmptyLabels = field(default_factory=EmptyLabels)
    files: int = 0
    decodings: Mapping[str, float] = field(default_factory=dict)
    predicted: int = 0
    beyond: int = 0
    threshold: float | None = None
    threshold_to: float | None = None
    names: NameFit | None = None
    other: OtherLogits | None = None
    asked: bool = False
    fit: LabelFit | None = None

    @property
    def largest(self) -> float:
        """The largest absolute score."""
        return max(abs(self.low), abs(self.high))

    @property
    def miou(self) -> float | None:
        """Mean over the classes that are in truth or won; None without labels."""
        scores = [one.iou for one in self.classes if one.iou is not None]
        return sum(scores) / len(scores) if self.labelled and scores else None

    @property
    def collapsed(self) -> int | None:
        """The class that wins everywhere, though labels (where there are any) hold others."""
        winner = max(self.classes, key=lambda one: one.won, default=None)
        if winner is None or winner.won < _EVERYWHERE:
            return None
        return None if (winner.truth or 0.0) >= _EVERYWHERE else winner.id

    @property
    def ranking(self) -> float | None:
        """Mean AUC of the classes that are in the truth and hardly ever win; None without any."""
        missed = [
            one.auc
            for one in self.classes
            if one.auc is not None and one.truth and one.won < _MISSED * one.truth
        ]
        return sum(missed) / len(missed) if missed else None


# A few pixels beside one class change nothing for a person who looks at it (in toy runs that were
# black by every account, up to 0.1 % were not).
_EVERYWHERE = 0.999
# A class that wins a twentieth of the pixels that it has is missing.
_MISSED = 0.05
