"""Rules about how a run was trained: how long, on what, with which weights of the classes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import collapsed, entropy, graded, outcome, passes, samples
from segdata.rules.predictions.appearance import is_one_answer
from segdata.rules.predictions.fitting import (
    SLIGHT,
    fits_by_chance,
    fits_poorly,
    has_learned,
    kappa_of,
    tells_apart,
)
from segdata.rules.predictions.misfit import is_known_why
from segdata.rules.predictions.predicting import wrong_axis
from segdata.rules.told import PREDICTIONS, trainings, weighed
from segdata.rules.wording import percent

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts

# Fault catalogue, T02: below about 20 passes over the data runs are reported to stay black, and 50
# passes are what it advises. From good weights fewer are enough.
_FEW_EPOCHS, _ENOUGH_EPOCHS, _FEW_FROM_WEIGHTS = 20, 50, 10
# Fault catalogue, T01: a share of objects of less than about 2 %.
_RARE = 0.02
# An AUC above this says that the network ranks the pixels of the rare classes (fact 4; T01).
_RANKS = 0.6
# Chen et al. 2017, section 4.1, and the comment in train.py: batches to measure norms with.
_ENOUGH_FOR_NORMS = 12


@rule("T01", level=Level.ERROR)
def rare_classes(case: CaseFacts) -> Iterator[Statement]:
    """The objects are so few pixels that the network answers background everywhere.

    What: all classes but one share less than 2 % of the pixels, nothing weighs them up, and one
    class is predicted everywhere. Said only where labels, pairs and settings leave it open.

    Why it hurts: background everywhere is 98 % right, and the loss says so, too. The network learns
    the rare classes late.

    How to fix: more steps first; then weights (square root of the frequencies' inverse), hard
    mining (top_k_fraction), or crops around objects. Weights do not replace steps.
    """
    labels = case.labels
    if labels is None or labels.majority is None or len(labels.pixels) < 2 or not _useless(case):
        return
    rare = 1 - labels.share(labels.majority)
    answered = _answered(case)
    if rare >= _RARE or answered not in (None, labels.majority) or weighed(case):
        return
    ranks = case.logits.ranking if case.logits is not None else None
    shown = passes(case)
    few = shown is not None and shown < _FEW_EPOCHS
    certainty = Certainty.MEDIUM if labels.clean else Certainty.HINT
    if labels.clean and not few and ((ranks or 0) > _RANKS or _near_entropy(case)):
        certainty = Certainty.STRONG
    weights = {i: round(math.sqrt(labels.share(labels.majority) / labels.share(i)), 1)
               for i in labels.pixels}  # fmt: skip
    yield Statement(
        message=f"all classes but {labels.names.get(labels.majority, labels.majority)} are "
        f"{percent(rare)} of the pixels, and nothing weighs them up"
        + (f"; the scores rank their pixels (AUC {ranks:.2f})" if ranks else ""),
        certainty=Certainty.HINT if few else certainty,
        path=labels.where,
        evidence={"share_of_the_rare": rare, "passes": shown, "auc": ranks, "weights": weights},
        fix="train longer first, and with loss.class_weights=balanced, or with weights such as "
        + ", ".join(f"{i}: {weight:g}" for i, weight in list(weights.items())[:8]),
        missing=()
        if ranks is not None
        else ("the scores: add the run, or --logits DIR: whether they rank the pixels",),
    )


@further("T01")
def rare_before_training(case: CaseFacts) -> Iterator[Statement]:
    """Sound labels have rare objects: no fault, and worth knowing before one trains."""
    labels = case.labels
    if labels is None or labels.majority is None or len(labels.pixels) < 2 or not labels.clean:
        return
    asked = case.log is not None or case.predictions is not None or case.logits is not None
    rare = 1 - labels.share(labels.majority)
    if asked or rare >= _RARE or weighed(case):
        return
    most = labels.names.get(labels.majority, labels.majority)
    yield Statement(
        message=f"all classes but {most} are {percent(rare)} of the pixels: a network that is "
        f"trained for too short a time answers {most} everywhere",
        certainty=Certainty.HINT,
        level=Level.INFO,
        path=labels.where,
        evidence={"share_of_the_rare": rare},
        fix="plan for more steps, and for loss.class_weights=balanced or hard mining if they are "
        "not enough; judge by IoU, not by accuracy",
        missing=(PREDICTIONS,),
    )


@rule("T02", level=Level.ERROR)
def too_few_steps(case: CaseFacts) -> Iterator[Statement]:
    """The run was too short to learn more than the most frequent class.

    What: the network answers one class everywhere, and it saw each picture only a few times; or the
    loss still falls at the end of the log; or the scores already rank the pixels.

    Why it hurts: the first thing that a network learns is which class is most frequent. Small and
    rare objects come later.

    How to fix: train a new run with more steps: from random weights at least 50 passes over the
    pictures. If labels or the descriptor have errors, mend those first.
    """
    shown, level = passes(case), graded(case, unknown=Level.INFO)
    training = next((one for one in trainings(case) if one.batch_size), None)
    if shown is None or training is None or level is None or training.batch_size is None:
        return
    known = bool(training.initial_checkpoint)
    fewest = _FEW_FROM_WEIGHTS if known and outcome(case) == "unknown" else _FEW_EPOCHS
    if shown >= fewest:
        return
    total = samples(case)
    falls = case.log is not None and case.log.loss.falls
    steps = -(-_ENOUGH_EPOCHS * total // training.batch_size)
    yield Statement(
        message=f"training showed each of the {total} pictures {shown:.1f} times "
        f"({training.batch_size} at once)" + (", and the loss still falls" if falls else ""),
        certainty=Certainty.STRONG if falls and _useless(case) else Certainty.MEDIUM,
        level=level,
        path=training.where,
        evidence={
            "steps": training.steps,
            "batch_size": training.batch_size,
            "samples": total,
            "passes": round(shown, 1),
        },
        fix=f"train a new run with more steps, such as --steps {steps}",
        missing=()
        if case.log is not None
        else ("the log: --log FILE says whether it still falls",),
    )


@further("T04")
def norms_of_few_pictures(case: CaseFacts) -> Iterator[Statement]:
    """Batch norm is tuned on fewer than 12 pictures at once, from weights that have good norms."""
    level = _of_norms(case)
    for told in trainings(case):
        batch = told.batch_size
        if level is None or told.tool != "deeplab" or not told.initial_checkpoint or batch is None:
            continue
        if told.fine_tune_batch_norm is False or batch >= _ENOUGH_FOR_NORMS:
            continue
        unsaid = "fine_tune_batch_norm" not in told.said
        yield Statement(
            message=f"batch norm is tuned on {batch} pictures at once"
            + (" (--fine_tune_batch_norm is on unless it is said)" if unsaid else "")
            + f"; below {_ENOUGH_FOR_NORMS} its authors freeze it",
            certainty=Certainty.MEDIUM,
            level=level,
            path=told.where,
            evidence={"batch_size": batch, "fine_tune_batch_norm": True, "said": not unsaid},
            fix="--fine_tune_batch_norm=False, or batches of 12 and more",
            missing=("the weights: --checkpoint FILE shows whether its statistics went astray",),
        )
        return


@further("T05")
def told_to_begin_with_nothing(case: CaseFacts) -> Iterator[Statement]:
    """The original's command names no initial checkpoint, or a file that is none."""
    level = graded(case, unknown=Level.INFO)
    log = case.log.notes if case.log is not None else {}
    for told in trainings(case):
        if level is None or told.tool != "deeplab" or told.batch_size is None or "restored" in log:
            continue
        given = told.initial_checkpoint
        frozen = told.fine_tune_batch_norm is False and not given
        wrong = given is not None and given.endswith(("/", "\\", ".tar.gz", ".pb", ".meta"))
        if given and not wrong:
            continue
        yield Statement(
            message=f"{given} is no prefix of a checkpoint"
            if wrong
            else "no initial checkpoint is named, so training begins with random weights"
            + (", whose norms are frozen besides" if frozen else ""),
            certainty=Certainty.STRONG if wrong or frozen else Certainty.MEDIUM,
            level=level,
            path=told.where,
            evidence={"tf_initial_checkpoint": given},
            fix="--tf_initial_checkpoint=FOLDER/model.ckpt, without .index, .meta or .data",
            missing=() if case.log else ("the log: --log FILE says what was restored",),
        )
        return


def _of_norms(case: CaseFacts) -> Level | None:
    """How bad norms of few pictures are. While training, a batch is normed by itself: the loss
    falls whatever becomes of the norms that predicting uses."""
    level, facts = graded(case, unknown=Level.INFO), case.predictions
    if level is not None:
        return level
    if facts is None:
        return Level.INFO if _only_loss(case) else None
    if case.logits is not None and tells_apart(case.logits):
        return None
    if not fits_poorly(case) or is_known_why(case) or wrong_axis(facts) is not None:
        return None
    astray = has_learned(case) and kappa_of(facts) < SLIGHT
    bad = astray or fits_by_chance(case) or is_one_answer(facts)
    return Level.ERROR if bad else Level.WARNING


def _only_loss(case: CaseFacts) -> bool:
    """Whether nothing but the loss of the training says that it works."""
    log = case.log
    if log is None or case.logits is not None or log.class_scores:
        return False
    return all("loss" in name.lower() for name in log.metrics)


def _useless(case: CaseFacts) -> bool:
    return outcome(case) == "useless"


def _answered(case: CaseFacts) -> int | None:
    """The class that is predicted everywhere."""
    if collapsed(case) and case.predictions is not None and not case.predictions.colored:
        return max(case.predictions.pixels, key=lambda i: case.predictions.pixels[i])  # type: ignore[union-attr]
    if case.logits is not None and case.logits.classes:
        return max(case.logits.classes, key=lambda one: one.won).id
    return None


def _near_entropy(case: CaseFacts) -> bool:
    """The loss ends near the labels' entropy or below, as of a network that knows frequencies."""
    last = case.log.loss.last if case.log is not None else None
    reference = entropy(case)
    return last is not None and reference is not None and last < 1.1 * reference
