"""Rules about the weights that a training begins from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import classes, outcome
from segdata.rules.told import PREDICTIONS, is_initial, trainings, weighed
from segdata.rules.training.reference import evidence_of, references
from segdata.rules.weights.restoring import UNLIKE, missed_by_prefix

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts

# Fault catalogue, T05: from 5.8 to 4.7 in 6000 steps. The original's loss holds its weight decay:
# for Xception's random weights about 1, so two classes may well end at 1.5. A sum of several losses
# begins at several times ln(classes), and falls below this share of it where anything is learned.
_FAR, _DECAY, _CRAWLS, _THOUSANDS = 1.5, 1.5, 0.6, 2000


@rule("T05", level=Level.ERROR)
def initial_weights_not_used(case: CaseFacts) -> Iterator[Statement]:
    """The training did not begin with the weights that it was given.

    What: the first layer has nothing in common with that of the initial checkpoint.

    Why it hurts: from random weights a few hundred pictures are not enough: the loss crawls, and
    everything stays background.

    How to fix: give the checkpoint's prefix (.../model.ckpt), not its folder, under the right name
    of the flag, and train into a new, empty folder.
    """
    weights = case.weights
    origin = weights.origin if weights is not None else None
    if origin is None or origin.likeness is None or origin.likeness >= UNLIKE:
        return
    if missed_by_prefix(origin) or not origin.declared:
        return
    yield Statement(
        message=f"the first layer correlates with that of {origin.where} by {origin.likeness:.2f}; "
        "one that began as it stays above 0.9",
        certainty=Certainty.STRONG,
        path=weights.where if weights else None,
        evidence={"initial_checkpoint": origin.where, "correlation": round(origin.likeness, 3)},
        fix="give the prefix of the checkpoint to --tf_initial_checkpoint, and train into a new, "
        "empty folder",
        missing=("the training log: --log FILE says whether it was restored",),
    )


@further("T05")
def loss_stays_above_knowing_nothing(case: CaseFacts) -> Iterator[Statement]:
    """From random weights the loss has crawled for thousands of steps, far above ln(classes)."""
    log, count = case.log, classes(case)
    told = next((t for t in trainings(case) if t.tool == "deeplab"), None)
    if log is None or told is None or told.initial_checkpoint or "restored" in log.notes:
        return
    first, last, steps = log.loss.first, log.loss.last, log.loss.last_step or 0
    if first is None or last is None or log.loss.begins_late or log.counts != "steps":
        return
    even = math.log(count) if count and count > 1 else None
    if even is None or weighed(case) or outcome(case) != "unknown" or steps < _THOUSANDS:
        return
    if last < max(_FAR * even, even + _DECAY) or last < _CRAWLS * first:
        return
    yield Statement(
        message=f"no initial checkpoint is named, and after {steps} steps the loss is still "
        f"{last:.3g}, from {first:.3g} at first: a network that knows nothing has "
        f"ln({count}) = {even:.3g}",
        certainty=Certainty.MEDIUM,
        level=Level.WARNING,
        path=log.where,
        evidence={**evidence_of(log), **references(case)},
        fix="--tf_initial_checkpoint=FOLDER/model.ckpt, without .index, .meta or .data, and train "
        "into a new, empty folder",
        missing=(PREDICTIONS,),
    )


@rule("T06", level=Level.ERROR)
def nothing_left_to_train(case: CaseFacts) -> Iterator[Statement]:
    """The folder already held a checkpoint of a later step, so nothing was trained.

    What: the checkpoint's step is beyond the number of steps that the training was given.

    Why it hurts: training goes on from a checkpoint that lies in its folder. The initial checkpoint
    is ignored then, and with no steps left the old weights stay as they are, with the labels of
    then.

    How to fix: train into a new, empty folder.
    """
    weights = case.weights
    steps = next((s.steps for s in trainings(case) if s.steps), None)
    if weights is None or weights.step is None or steps is None or weights.step <= steps + 1:
        return
    if is_initial(weights, case):
        return
    yield Statement(
        message=f"the folder holds a checkpoint of step {weights.step}, and the training was to "
        f"end at step {steps}: it ends at once",
        certainty=Certainty.STRONG,
        path=weights.where,
        evidence={"step": weights.step, "steps": steps},
        fix="train into a new, empty folder",
        missing=("the training log: --log FILE shows whether there were new steps",),
    )


@rule("T08", level=Level.ERROR)
def last_layer_of_other_classes(case: CaseFacts) -> Iterator[Statement]:
    """The last layer is to be restored from a checkpoint with other classes.

    What: --initialize_last_layer is true, its default, and the initial checkpoint tells another
    number of classes apart.

    Why it hurts: training ends with an error about shapes, or its trainers skip the whole head.

    How to fix: --initialize_last_layer=False, and --last_layers_contain_logits_only=True to keep
    ASPP and decoder; without a space around the equals sign.
    """
    origin = case.weights.origin if case.weights is not None else None
    training = next(trainings(case), None)
    if origin is None or not origin.declared or origin.classes is None:
        return
    if training is None or training.tool != "deeplab":
        return
    wanted = training.num_classes or (case.labels.num_classes if case.labels else None)
    if wanted in (None, origin.classes) or training.initialize_last_layer is False:
        return
    yield Statement(
        message=f"the last layer is to be restored from {origin.where}, which tells "
        f"{origin.classes} classes apart, and {wanted} are trained",
        certainty=Certainty.MEDIUM,
        path=training.where,
        evidence={"classes": wanted, "classes_of_initial_checkpoint": origin.classes},
        fix="--initialize_last_layer=False --last_layers_contain_logits_only=True",
        missing=("the training log: --log FILE shows whether it was restored",),
    )
