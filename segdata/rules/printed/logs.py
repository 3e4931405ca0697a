"""Rules about what a training log says in words, and where it ends in no number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import entropy, outcome
from segdata.rules.printed.lines import stated
from segdata.rules.told import trainings
from segdata.rules.training.reference import evidence_of

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts


# Scales begin at 512 to 65536 and are halved at every overflow; below this nothing fits them.
_SCALE = 0.01


@rule("T12", level=Level.ERROR)
def not_a_number(case: CaseFacts) -> Iterator[Statement]:
    """The loss became NaN or infinite.

    What: the log holds a loss that is no number, or the line with which the program ends then.

    Why it hurts: from that step on all weights are NaN, and argmax of NaN is class 0: black. It is
    a symptom: ids outside the classes do it, a learning rate that is too high, or 16-bit floats.

    How to fix: look at the labels' values first (segdata validate), then lower the learning rate,
    then turn mixed precision off. Train into a new, empty folder: the old weights stay NaN.
    """
    log = case.log
    if log is None:
        return
    at, line = log.loss.broken_at, log.notes.get("nan")
    if at is None and line is None:
        return
    ended = log.ends_broken
    sound = case.labels is not None and case.labels.clean
    where = f"at step {at}" if at is not None else f'("{line}")'
    yield Statement(
        message=f"the loss became NaN or infinite {where}"
        + ("" if ended else ", and was a number again afterwards"),
        level=None if ended else Level.INFO,
        path=log.where,
        evidence={**evidence_of(log), "step": at, "line": line},
        fix=("" if sound else "check the labels first: segdata validate DATASET; then ")
        + "lower the learning rate tenfold and train into a new, empty folder",
    )


@rule("T13", level=Level.ERROR)
def half_floats(case: CaseFacts) -> Iterator[Statement]:
    """Mixed precision with 16-bit floats, and the loss became NaN.

    What: the settings or the log speak of AMP or fp16, and the loss is NaN.

    Why it hurts: a 16-bit float ends at 65504; what is larger becomes infinite, and NaN next. The
    cards of the GTX 16 series are known for it.

    How to fix: train without mixed precision, or with bfloat16, into a new, empty folder.
    """
    log = case.log
    if log is None or not log.ends_broken:
        return
    line = log.notes.get("mixed_precision") or log.notes.get("overflow")
    told = next((one.where for one in trainings(case) if one.mixed_precision), None)
    if line is None and told is None:
        return
    card = log.notes.get("hardware", "")
    yield Statement(
        message="the loss became NaN, and 16-bit floats are on"
        + (f"; the card is one of those known for it: {card}" if "GTX 16" in card else ""),
        certainty=Certainty.STRONG if "GTX 16" in card or line else Certainty.MEDIUM,
        path=log.where,
        evidence={**evidence_of(log), "said_by": told or line, "card": card or None},
        fix="turn mixed precision off (amp=False, fp32), and train into a new, empty folder",
        missing=("a run of 100 steps without mixed precision: whether NaN comes back",),
    )


@further("T13")
def loss_scale_ran_out(case: CaseFacts) -> Iterator[Statement]:
    """The loss scale fell and fell; a few overflows at the beginning are usual."""
    line = case.log.messages.get("loss scale") if case.log is not None else None
    if line is None or float(line.values["scale"]) >= _SCALE or outcome(case) == "works":
        return
    scale = float(line.values["scale"])
    yield stated(
        case,
        replace(line, losses_after=0),
        f"{line.count} steps overflowed in 16-bit floats and were skipped, and the loss scale fell "
        f"to {scale:g}: nearly nothing is trained",
        Certainty.STRONG,
        "turn mixed precision off (amp=False, fp32), and train into a new, empty folder",
    )


@rule("T14", level=Level.ERROR)
def other_cuda(case: CaseFacts) -> Iterator[Statement]:
    """The graphics card is newer than the CUDA libraries, and the loss is NaN from the start.

    What: the log names a card of the RTX 30 series or later, libraries of CUDA 10 or before, and
    the first losses are NaN.

    Why it hurts: such libraries have no code for the card, and what they compute is wrong.

    How to fix: a build for CUDA 11 or later (nvidia-tensorflow 1.15, TensorFlow 2.4, PyTorch 1.8),
    or the processor to compare with.
    """
    log = case.log
    if log is None or "old_cuda" not in log.notes or not log.loss.points:
        return
    card = log.notes.get("hardware", "")
    new = any(name in card for name in ("RTX 30", "RTX 40", "RTX 50", "A100", "RTX A", "H100"))
    first = log.loss.points[: max(3, len(log.loss.points) // 50)]
    if new and any(not math.isfinite(value) for _, value in first):
        yield Statement(
            message=f"the loss is NaN from the start on a card that CUDA 10 does not know: {card}",
            certainty=Certainty.MEDIUM,
            path=log.where,
            evidence={**evidence_of(log), "card": card, "libraries": log.notes["old_cuda"]},
            fix="install a build for CUDA 11 or later",
            missing=("ten steps on the processor, with CUDA_VISIBLE_DEVICES=-1: a number there",),
        )


@further("T05")
def began_with_nothing(case: CaseFacts) -> Iterator[Statement]:
    """The log says that no checkpoint was read, and the loss crawls."""
    log = case.log
    if log is None or "init_missing" not in log.notes or outcome(case) == "works":
        return
    first, last = log.loss.first, log.loss.last
    crawls = first is not None and last is not None and last > 0.6 * first
    if not crawls and outcome(case) != "useless":
        return
    yield Statement(
        message=f'the training began with random weights ("{log.notes["init_missing"]}")'
        + (f", and the loss crawls: {first:.3g} at first, {last:.3g} at last" if crawls else ""),
        certainty=Certainty.STRONG if crawls else Certainty.MEDIUM,
        path=log.where,
        evidence={**evidence_of(log), "line": log.notes["init_missing"]},
        fix="give --tf_initial_checkpoint the prefix of the checkpoint (.../model.ckpt), and train "
        "into a new, empty folder",
    )


@further("T06")
def old_checkpoint_went_on(case: CaseFacts) -> Iterator[Statement]:
    """The log says that the folder held a checkpoint, from which training went on."""
    log = case.log
    if log is None or "init_ignored" not in log.notes:
        return
    steps = len(log.loss.points)
    ended = steps < 3 and "finished" in log.notes
    last, reference = log.loss.last, entropy(case)
    poor = last is not None and reference is not None and last > 0.5 * reference
    bad = ended or outcome(case) == "useless" or (poor and outcome(case) == "unknown")
    yield Statement(
        message="the training folder already held a checkpoint, so the initial weights were "
        f"ignored and the old ones went on ({log.notes.get('restored', log.notes['init_ignored'])})"
        + (f"; it ended after {steps} losses" if ended else ""),
        certainty=Certainty.STRONG if bad else Certainty.PROOF,
        level=None if bad else Level.INFO,
        path=log.where,
        evidence={**evidence_of(log), "line": log.notes["init_ignored"]},
        fix="train into a new, empty folder (another --train_logdir)"
        if bad
        else "nothing to do where the training was meant to go on",
    )
