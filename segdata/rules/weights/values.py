"""Rules about what is stored in a checkpoint: values, statistics, classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from segdata.evidence import weight_names as names
from segdata.findings import Certainty, Level
from segdata.rules import Statement, further, rule
from segdata.rules.outcome import graded, outcome
from segdata.rules.told import trainings

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, Tensor, WeightFacts

# Fault catalogue, fact 2: sound networks have logits of about 20; ids out of range drive them to a
# million. Sound kernels stay far below 10; offsets may be of the size of raw pixels.
_ABSURD, _ABSURD_OFFSET = 1e3, 1e4
# Fault catalogue, T04: variances that no activations have.
_WIDE = 1e4
# In this share of batch norm's layers; the first one sees raw pixels, whose variance is 1e4 itself.
_MANY = 0.25
# train.py's own advice: batch norm is tuned with 12 pictures or more at once.
_SMALL_BATCH = 12
# common.py and feature_extractor.py of the original: how slowly statistics follow.
_DECAY = 0.9997
# Below that share the first values no longer weigh.
_STILL_FIRST = 0.5
_NAMED = 3


@rule("C11", level=Level.ERROR)
def unreadable_weights(case: CaseFacts) -> Iterator[Statement]:
    """The weights cannot be read.

    What: there is no checkpoint yet, or its files are cut off or changed.

    Why it hurts: nothing can be predicted with it; a tool that fills the gap with random weights
    predicts one class or noise.

    How to fix: of a run, give the train command again: it goes on from the newest whole checkpoint,
    or starts anew where there is none. Fetch a checkpoint of others again, with all its files.
    """
    for weights in all_weights(case):
        problem, _, remedy = weights.problem.partition("\n")
        if problem:
            yield Statement(
                message=problem,
                path=weights.where,
                evidence={"checkpoint": weights.where},
                fix=remedy,
            )


@further("C11")
def damaged_and_skipped(case: CaseFacts) -> Iterator[Statement]:
    """The newest checkpoints of a run are not what was written, and an earlier one is used."""
    for weights in all_weights(case):
        if not weights.skipped:
            continue
        yield Statement(
            message=f"{weights.skipped[-1]} is not what was written (its digest differs, or a file "
            f"is missing): step {weights.step} before it was looked at, and is what the run goes "
            "on from and predicts with",
            level=Level.WARNING,
            path=weights.skipped[-1],
            count=len(weights.skipped),
            evidence={"damaged": list(weights.skipped), "used_step": weights.step},
            fix="fetch the checkpoint again, or train on: the steps behind the whole one are lost",
        )


@rule("C07", level=Level.ERROR)
def broken_values(case: CaseFacts) -> Iterator[Statement]:
    """The checkpoint holds values that no trained network has: NaN, infinity, or absurdly large.

    What: variables that are not numbers, variances below zero, or weights in the thousands.

    Why it hurts: one NaN makes every score after it NaN, and argmax of NaN is class 0 everywhere.
    Weights in the thousands come from labels with ids that the network has no class for: their loss
    is zero, and still each step pushes all scores down.

    How to fix: these weights cannot be saved: go back to a checkpoint before it happened, or train
    anew. Look at the labels first, or it will happen again.
    """
    for weights in all_weights(case):
        broken = [t for t in weights.tensors if t.finite < 1 and "mask" not in t.name.lower()]
        broken += [t for t in weights.tensors_named(weights.moving_variances) if t.least < 0]
        if broken:
            yield _statement(
                weights, broken, f"{len(broken)} of {len(weights.tensors)} variables hold NaN, "
                f"infinity or negative variances, first {broken[0].name}", Certainty.PROOF,
            )  # fmt: skip
            continue
        absurd = [tensor for tensor in weights.tensors if _is_absurd(tensor)]
        if absurd:
            worst = max(absurd, key=lambda tensor: tensor.largest)
            yield _statement(
                weights, [worst], f"{worst.name} holds a weight of {worst.largest:.3g}, and sound "
                "ones stay below 10: labels with ids that the network has no class for drive them "
                "there", Certainty.STRONG,
            )  # fmt: skip


def _is_absurd(tensor: Tensor) -> bool:
    most = _ABSURD if len(tensor.shape) > 1 else _ABSURD_OFFSET
    return names.is_learned(tensor.name) and len(tensor.shape) > 0 and tensor.largest > most


def _statement(
    weights: WeightFacts, tensors: Sequence[Tensor], message: str, certainty: Certainty
) -> Statement:
    return Statement(
        message=message,
        certainty=certainty,
        path=weights.where,
        count=len(tensors),
        evidence={
            "variables": [tensor.name for tensor in tensors[:_NAMED]],
            "not_finite": round(1 - min(tensor.finite for tensor in tensors), 6),
            "largest": max(tensor.largest for tensor in tensors),
        },
        fix="check the labels (segdata validate DATASET), then train into a new folder",
        missing=("the labels: add the dataset folder or the shards to the command",)
        if certainty < Certainty.PROOF
        else (),
    )


@further("C08")
def statistics_not_learned(case: CaseFacts) -> Iterator[Statement]:
    """Every moving mean is exactly 0 and every variance exactly 1 though the weights have changed,
    or training was too short for the slow averages to follow."""
    weights = case.weights
    if weights is None or not _was_trained(weights) or outcome(case) == "works":
        return
    means = weights.tensors_named(weights.moving_means)
    variances = weights.tensors_named(weights.moving_variances)
    frozen = any(told.fine_tune_batch_norm is False for told in trainings(case))
    first = all(t.largest == 0 for t in means) and all(_is_one(t) for t in variances)
    if first and not frozen and variances and _may_follow(weights, case):
        yield Statement(
            message=f"all {len(variances)} layers of batch norm still have mean 0 and variance 1, "
            "and the weights have been trained",
            certainty=Certainty.STRONG,
            path=weights.where,
            evidence={"layers": len(variances), "step": weights.step},
            fix="train with statistics that are updated, or with batch norm frozen from an initial "
            "checkpoint; to test it, predict with the statistics of each batch",
            missing=("predictions in training mode: the run, so that both ways can be tried",),
        )
    elif not frozen and _is_early(weights, variances):
        assert weights.step is not None
        left = _DECAY**weights.step
        yield Statement(
            message=f"after {weights.step} steps batch norm's statistics still hold {left:.0%} of "
            "what they were before training",
            certainty=Certainty.MEDIUM,
            level=Level.ERROR if outcome(case) == "useless" else Level.WARNING,
            path=weights.where,
            evidence={"step": weights.step, "of_first_values": round(left, 3)},
            fix="train longer, or with a faster average (batch_norm_decay 0.99 instead of 0.9997)",
            missing=("predictions in training mode: the run, so that both ways can be tried",),
        )


@further("C02")
def layers_never_used(case: CaseFacts) -> Iterator[Statement]:
    """Some layers of batch norm have counted no picture and changed nothing, and others have: these
    were drawn at random when the weights were loaded, or are no part of what was trained."""
    weights = case.weights
    level = graded(case, unknown=Level.INFO)
    if weights is None or level is None:
        return
    counted = {t.name.rpartition(".")[0]: t for t in weights.tensors if t.name.endswith(_COUNTER)}
    still = [name for name, tensor in counted.items() if tensor.largest == 0]
    heads = [name for name in still if "aux" not in name]
    if not heads or len(still) == len(counted):
        return
    yield Statement(
        message=f"{len(heads)} of {len(counted)} layers of batch norm never saw a picture, first "
        f"{heads[0]}, and the others did: those layers were not loaded, or not trained",
        certainty=Certainty.STRONG if level is Level.ERROR else Certainty.HINT,
        level=level,
        path=weights.where,
        count=len(heads),
        evidence={"never_used": heads[:_NAMED], "layers": len(counted)},
        fix="load the weights strictly (strict=True names what is missing), and save the network "
        "that was trained",
    )


# PyTorch's batch norm counts the batches that it has seen in training.
_COUNTER = "num_batches_tracked"


def _was_trained(weights: WeightFacts) -> bool:
    """Whether a gradient has changed anything: batch norm's scales begin as constants."""
    wanted = {scale for name in weights.moving_variances for scale in names.scales_of(name)}
    scales = weights.tensors_named(tuple(wanted))
    return any(tensor.variance > 0 for tensor in scales) or bool(not scales and weights.step)


def _may_follow(weights: WeightFacts, case: CaseFacts) -> bool:
    """Whether its batch norms collect statistics at all.

    Files of PyTorch may hold frozen ones, whose statistics were folded into scale and offset; the
    ones that collect count their batches.
    """
    if outcome(case) == "useless" or weights.kind not in ("pytorch", "safetensors"):
        return True
    return any(t.name.endswith(_COUNTER) for t in weights.tensors)


def _is_one(tensor: Tensor) -> bool:
    return tensor.mean == 1 and tensor.variance == 0


def _is_early(weights: WeightFacts, variances: Sequence[Tensor]) -> bool:
    """Whether all variances are as far up as the slow average from 1 keeps them after the steps.

    Only of the original, whose decay is known. Statistics that came from another checkpoint have
    small ones among them.
    """
    if weights.kind != "tensorflow" or not weights.step or not weights.is_deeplab:
        return False
    left = _DECAY**weights.step
    moved = [t for t in variances if not _is_one(t)]
    return left > _STILL_FIRST and bool(moved) and all(t.least >= left - 1e-4 for t in moved)


@rule("T04", level=Level.ERROR)
def statistics_gone_astray(case: CaseFacts) -> Iterator[Statement]:
    """Batch norm's statistics went astray: it was tuned on too few pictures at once.

    What: moving variances of NaN or in the ten thousands in many layers; the statistics of a few
    pictures differ from step to step, and their average describes none of them.

    Why it hurts: training looks well, as it normalizes with the batch, and prediction, which uses
    these statistics, answers one class (reported: mean IoU 0.004, and 0.47 with it frozen).

    How to fix: freeze batch norm (fine_tune_batch_norm=false) or use a batch of 12 or more.
    """
    weights = case.weights
    if weights is None:
        return
    variances = weights.tensors_named(weights.moving_variances)
    # Where the weights themselves are NaN, the statistics only follow.
    only_here = all(t.finite == 1 for t in weights.tensors if names.is_learned(t.name))
    astray = [t for t in variances if (t.finite < 1 and only_here) or t.mean > _WIDE]
    if len(astray) <= max(1, _MANY * len(variances)):
        return
    told = list(trainings(case))
    frozen = any(one.fine_tune_batch_norm is False for one in told)
    batch = next((one.batch_size for one in told if one.batch_size), None)
    small = not frozen and batch is not None and batch < _SMALL_BATCH
    yield Statement(
        message=f"the moving variances of {len(astray)} of {len(variances)} layers of batch norm "
        + (f"went astray with {batch} pictures at once" if small else "are beyond all activations"),
        certainty=Certainty.STRONG if small else Certainty.MEDIUM,
        path=weights.where,
        count=len(astray),
        evidence={"layers": [tensor.name for tensor in astray[:_NAMED]], "batch_size": batch},
        fix="train anew with fine_tune_batch_norm=false, or with 12 or more pictures at once",
        missing=() if small else ("the settings: the training command with --script FILE",),
    )


@rule("T18", level=Level.ERROR)
def nothing_changed(case: CaseFacts) -> Iterator[Statement]:
    """Between two checkpoints nothing was learned: the weights are the same.

    What: not one value of the network, or of the part behind its backbone, differs between two
    steps.

    Why it hurts: the optimizer holds no or frozen parameters, or its rate is zero: training runs
    and changes nothing.

    How to fix: give the optimizer the parameters of the network (model.parameters(), of the network
    that is trained), let them require gradients, and look at rate and multipliers.
    """
    weights = case.weights
    if weights is None or not weights.earlier or weights.step == weights.earlier_step:
        return
    learned = [t for t in weights.tensors if names.is_learned(t.name) and t.changed is not None]
    head = [tensor for tensor in learned if names.is_head(tensor.name)]
    part, what = (learned, "the network") if not _moved(learned) else (head, "the decoder")
    if len(learned) < _FEW or not part or _moved(part):
        return
    yield Statement(
        message=f"between step {weights.earlier_step} and step {weights.step} not one of the "
        f"{len(part)} variables of {what} has changed",
        path=weights.where,
        count=len(part),
        evidence={"steps": [weights.earlier_step, weights.step],
                  "variables": [tensor.name for tensor in part[:_NAMED]]},
        fix="give the optimizer all parameters, with requires_grad and a rate above zero, and "
        "train into a new folder",
    )  # fmt: skip


# A handful of variables is no network.
_FEW = 4


def _moved(tensors: Sequence[Tensor]) -> bool:
    return any(tensor.changed for tensor in tensors)


def all_weights(case: CaseFacts) -> Iterator[WeightFacts]:
    """The checkpoint and the exported graph, as far as there are."""
    yield from (weights for weights in (case.weights, case.graph) if weights is not None)
