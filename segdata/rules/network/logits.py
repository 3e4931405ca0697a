"""Rules about the scores of a network: what it ranks, and how ids were made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, LogitFacts

# A network that works on somebody's images: the toy runs of the catalogue that are black score 0.44
# at most for two classes, by the background alone.
WORKS = 0.5
# Two forms of a network differ by rounding: 8 bits change up to a few percent of the pixels.
_ALIKE, _APART = 0.9, 0.7
# Fault catalogue, fact 2: a twentieth of a percent of stray ids gave scores of 2400, more gave
# millions; healthy runs 19 to 63.
_ABSURD, _SOUND = 1000.0, 100
# Scores jump if the right thing is changed.
JUMP, TIMES = 0.15, 1.5
# Fault catalogue, fact 4: the network has learned, and only the decision is swamped.
RANKS = 0.9
# Below that it may have begun: without photos all ranks are 0.5.
_BEGINS = 0.75
# Fault catalogue, T20: tens of images.
_FEW = 50
# Fault catalogue, L26 and T02: half of the masks missing halve IoU; 50 passes are enough.
_EMPTY, _SEEN, _ENOUGH_PASSES = 0.3, 0.5, 50


@rule("C09", level=Level.ERROR)
def converted_network_differs(case: CaseFacts) -> Iterator[Statement]:
    """A converted network answers otherwise than the one it was made of.

    What: the same images were scored twice, by the network and by its export (TFLite, ONNX, frozen
    graph, 8 bits), and other classes win.

    Why it hurts: everything is fine in Python and black on the device.

    How to fix: convert again; give the converted network the same input (size, scale, order of
    channels), and for 8 bits calibrate it with real photos. `segdata export` checks its files.
    """
    logits = case.logits
    other = logits.other if logits else None
    if logits is None or other is None or not other.images or other.agreement >= _ALIKE:
        return
    one, two = other.miou, other.other_miou
    known = one is not None and two is not None
    bad = _worse(one or 0.0, two or 0.0) if known else (other.constant != other.other_constant)
    if known and not bad and other.agreement >= _APART:
        return
    scores = f"; mean IoU {one:.2f} and {two:.2f}" if known else ""
    yield Statement(
        message=f"{logits.where} and {other.where} agree in {other.agreement:.1%} of the pixels of "
        f"{other.images} images only{scores}",
        certainty=Certainty.STRONG if bad else Certainty.MEDIUM,
        level=Level.ERROR if bad else Level.WARNING,
        path=logits.where,
        count=other.images,
        evidence={
            "agreement": round(other.agreement, 4),
            "correlation_of_scores": other.correlation,
            "mean_iou": [one, two],
        },
        fix="feed both the same input (size, scale, channels), and convert again; "
        "segdata export checks what it writes",
        missing=() if known else ("labels of these images: they tell which of both is right",),
    )


@rule("T20", level=Level.INFO)
def few_images(case: CaseFacts) -> Iterator[Statement]:
    """There are few images to learn from.

    What: some tens of images, and the network answers badly on others.

    Why it hurts: it learns these images by heart. On new scenes it is unsure, which often means
    background.

    How to fix: label more, of other scenes; begin with pretrained weights, flip and scale images.
    """
    labels, logits = case.labels, case.logits
    if labels is None or logits is None or logits.miou is None or logits.miou >= WORKS:
        return
    images = sum(n for name, n in labels.samples.items() if name.startswith("train"))
    if 0 < images < _FEW:
        yield Statement(
            message=f"{images} images to train on are few, and the mean IoU of these scores is "
            f"{logits.miou:.2f}",
            certainty=Certainty.HINT,
            path=labels.where,
            count=images,
            evidence={"images": images, "mean_iou": round(logits.miou, 3)},
            fix="label more images of other scenes; begin with pretrained weights",
            missing=("logits of training images: whether it knows those by heart",),
        )


@further("I11")
def scores_collapsed(case: CaseFacts) -> Iterator[Statement]:
    """One class has the largest score everywhere."""
    logits = case.logits
    if logits is None or case.predictions is not None or logits.collapsed is None:
        return
    if not logits.labelled:
        return
    ranks = logits.ranking
    learned = "" if ranks is None else f"; it ranks the pixels of the others {_how_well(ranks)}"
    yield Statement(
        message=f"class {logits.collapsed} has the largest score in every pixel of {logits.images} "
        f"images: the network collapsed to class {logits.collapsed}"
        + ("" if logits.collapsed == 0 else ", not to background")
        + learned,
        path=logits.where,
        count=logits.images,
        evidence=evidence_of(logits),
        fix="give the doctor the labels, the log and the run together",
    )


@further("T02")
def ranks_already(case: CaseFacts) -> Iterator[Statement]:
    """One class wins everywhere, and the others are ranked well: train longer."""
    logits = case.logits
    if logits is None or logits.collapsed is None or _unfinished(logits):
        return
    ranks = logits.ranking
    if ranks is None or ranks < _BEGINS or (case.labels is not None and not case.labels.clean):
        return
    loss = case.log.loss if case.log is not None else None
    if (loss is not None and loss.flat) or _passes(case) >= _ENOUGH_PASSES:
        return
    falls = loss is not None and loss.falls
    curve = ", and the loss still falls" if falls else ""
    yield Statement(
        message=f"train longer: class {logits.collapsed} still wins everywhere, but the network "
        f"already ranks the pixels of the other classes (AUC {ranks:.2f}){curve}",
        certainty=(Certainty.STRONG if falls else Certainty.MEDIUM)
        if ranks >= RANKS
        else Certainty.HINT,
        path=logits.where,
        count=logits.images,
        evidence=evidence_of(logits),
        fix="train a new run with three times the steps; weights for rare classes shorten the way",
        missing=()
        if loss is not None
        else ("the training log: whether the loss still falls, or lies flat since long",),
    )


@further("L26")
def objects_in_empty_images(case: CaseFacts) -> Iterator[Statement]:
    """The network sees objects where labels are empty."""
    logits = case.logits
    if logits is None or not _unfinished(logits):
        return
    empty = logits.empty
    share = empty.images / logits.labelled
    yield Statement(
        message=f"{empty.images} of {logits.labelled} labels are empty, and in {empty.seen} of "
        "those images the network scores objects as high as in labelled ones: they are there, and "
        "nobody has labelled them",
        certainty=Certainty.STRONG,
        level=Level.ERROR if logits.collapsed is not None or share > _SEEN else None,
        path=logits.where,
        count=empty.images,
        evidence={"empty_labels": empty.images, "objects_seen": empty.seen, **evidence_of(logits)},
        fix="label these images, or take them off the lists; then train anew",
    )


@further("C07")
def absurd_scores(case: CaseFacts) -> Iterator[Statement]:
    """Scores are no numbers, or far larger than any sound network's."""
    logits = case.logits
    if logits is None or logits.probabilities or logits.sigmoid:
        return
    works = logits.collapsed is None and (logits.miou or 0.0) >= WORKS
    clean = case.labels is not None and case.labels.clean
    if logits.finite < 1:
        yield Statement(
            message=f"{1 - logits.finite:.1%} of the scores are no numbers, and the best of NaN is "
            "class 0",
            path=logits.where,
            count=logits.images,
            evidence=evidence_of(logits),
            fix="go back to a checkpoint before it happened, and look at the labels first",
        )
    elif logits.largest >= _ABSURD:
        # Classes without a target are driven down in every pixel, the best one as well.
        driven = logits.best <= -_SOUND
        down = ": ids that no class has drive every score down without bound" if driven else ""
        yield Statement(
            message=f"scores reach {_extreme(logits):.3g}, and those of sound networks stay below "
            f"{_SOUND}{down}",
            certainty=_how_surely(driven=driven, works=works, clean=clean),
            level=(Level.INFO if clean else Level.WARNING) if works else None,
            path=logits.where,
            count=logits.images,
            evidence=evidence_of(logits),
            fix="look for ids outside the classes: segdata validate DATASET; then train into a new "
            "folder",
            missing=()
            if case.labels is not None
            else ("the labels: add the dataset folder or the shards to the command",),
        )


def _how_surely(*, driven: bool, works: bool, clean: bool) -> Certainty:
    if works and clean:
        return Certainty.HINT
    return Certainty.STRONG if driven and not clean else Certainty.MEDIUM


def _extreme(logits: LogitFacts) -> float:
    return logits.low if -logits.low > logits.high else logits.high


def _unfinished(logits: LogitFacts) -> bool:
    """Many labels are empty, and the network sees in most of them what it sees in the others."""
    empty = logits.empty
    many = empty.images >= _EMPTY * max(1, logits.labelled) and empty.with_objects > 0
    return many and empty.told and empty.seen >= _SEEN * empty.images


def _worse(one: float, two: float) -> bool:
    """One works far better than the other."""
    low, high = sorted((one, two))
    return high - low >= JUMP and high >= TIMES * low


def _passes(case: CaseFacts) -> float:
    """How often training saw each image; 0 where that is unknown."""
    training, labels = case.training, case.labels
    if training is None or labels is None or not (training.steps and training.batch_size):
        return 0.0
    samples = sum(n for name, n in labels.samples.items() if name.startswith("train"))
    return training.steps * training.batch_size / samples if samples else 0.0


def _how_well(auc: float) -> str:
    if auc >= RANKS:
        return f"well (AUC {auc:.2f}): it has learned to tell them"
    return f"no better than chance (AUC {auc:.2f})" if auc < 0.6 else f"poorly (AUC {auc:.2f})"


def evidence_of(logits: LogitFacts) -> dict[str, Any]:
    """The numbers behind what is said of scores."""
    aucs = {str(one.id): round(one.auc, 3) for one in logits.classes if one.auc is not None}
    return {
        "images": logits.images,
        "auc_of_each_class": dict(list(aucs.items())[:8]),
        "largest_score_wins": {
            str(one.id): round(one.won, 4) for one in logits.classes if one.won >= 0.0005
        },
        "mean_iou": None if logits.miou is None else round(logits.miou, 3),
        "scores": [round(logits.low, 3), round(logits.high, 3)],
    }
