"""Rules about which weights were restored, and into which network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.outcome import outcome
from segdata.rules.told import is_initial, trainings

if TYPE_CHECKING:
    from segdata.evidence import CaseFacts, Series, SettingsFacts, WeightFacts
    from segdata.evidence.weights import Origin

# A kernel that was fine-tuned stays like the one it began as; unrelated ones of a few hundred
# values correlate with less than 0.1.
UNLIKE = 0.2
# Weights from before this share of the training are those of an early step.
_EARLY = 0.5
# Variables that two files of one network share.
_MOST = 0.8
_USES = ("eval", "vis", "export")


@rule("C01", level=Level.ERROR)
def stale_weights(case: CaseFacts) -> Iterator[Statement]:
    """These are weights from an early step of the training, or of no training at all.

    What: the checkpoint's step lies far before the end of the log, or all its variables are as they
    were drawn at random.

    Why it hurts: the scores in the log are those of later weights; these predict one class.

    How to fix: name the checkpoint of the last step, or of the best score.
    """
    weights, log = case.weights, case.log
    if weights is None or log is None or weights.step is None or not log.loss.points:
        return
    last = max(step for step, _ in log.loss.points)
    best = {n: s for n, series in log.metrics.items() if (s := _best(n, series)) is not None}
    if weights.step >= _EARLY * last or weights.step in best.values() or is_initial(weights, case):
        return
    yield Statement(
        message=f"the weights are of step {weights.step}, and the log goes on to step {last}",
        certainty=Certainty.STRONG,
        level=Level.ERROR if weights.step == 0 else _how_bad(case, scored=bool(best)),
        path=weights.where,
        evidence={"step": weights.step, "last_step_in_log": last, "best_step": best},
        fix=f"use the checkpoint of step {next(iter(best.values()), last)}",
    )


def _how_bad(case: CaseFacts, *, scored: bool) -> Level:
    """Many keep an earlier checkpoint as the best; where the log has scores, it is not that one."""
    if outcome(case) == "useless":
        return Level.ERROR
    return Level.WARNING if scored and outcome(case) == "unknown" else Level.INFO


def _best(name: str, series: Series) -> int | None:
    sign = -1 if "loss" in name.lower() else 1
    return max(series.points, key=lambda point: sign * point[1])[0] if series.points else None


@rule("C02", level=Level.ERROR)
def names_do_not_match(case: CaseFacts) -> Iterator[Statement]:
    """The names in the checkpoint are not those of the network, so nothing was loaded.

    What: every name begins with what a wrapper put there, such as ``module.`` of DataParallel.

    Why it hurts: load_state_dict(..., strict=False) skips every name that it does not find, without
    an error: the network keeps its random weights and answers one class or noise.

    How to fix: take the prefix off the names, and load with strict=True.
    """
    weights = case.weights
    if weights is None:
        return
    origin = weights.origin
    if origin and missed_by_prefix(origin):
        yield Statement(
            message=f"not one variable of {origin.where} has the name that the network uses; "
            f"without their prefix {origin.found_without_wrapper:.0%} of them have",
            certainty=Certainty.PROOF if origin.declared else Certainty.STRONG,
            path=origin.where,
            evidence={"found": 0, "found_without_prefix": round(origin.found_without_wrapper, 3)},
            fix=_STRIP,
        )
    elif weights.wrapper:
        yield Statement(
            message=f"every one of the {len(weights.tensors)} names begins with "
            f"{weights.wrapper!r}: loaded with strict=False into a network without it, none is "
            "used",
            certainty=Certainty.MEDIUM if outcome(case) == "useless" else Certainty.HINT,
            level=Level.ERROR if outcome(case) == "useless" else Level.INFO,
            path=weights.where,
            evidence={"prefix": weights.wrapper, "variables": len(weights.tensors)},
            fix=_STRIP.replace("PREFIX", weights.wrapper),
            missing=("how it is loaded: with strict=True PyTorch names what is missing",),
        )


def missed_by_prefix(origin: Origin) -> bool:
    """Nothing has its name, all would without a prefix, and the values are not in the network."""
    matches = origin.found == 0 and origin.found_without_wrapper >= _MOST
    return matches and origin.likeness is not None and origin.likeness < UNLIKE


_STRIP = (
    'take the prefix off and load strictly: {k.removeprefix("PREFIX"): v for k, v in '
    "weights.items()}, load_state_dict(..., strict=True)"
)


@rule("C03", level=Level.ERROR)
def other_variant(case: CaseFacts) -> Iterator[Statement]:
    """The command asks for another backbone than the checkpoint has.

    What: --model_variant (default: mobilenet_v2) and the names in the checkpoint differ.

    Why it hurts: no variable is found under its name; what is not restored stays random.

    How to fix: give the variant of the checkpoint to every command.
    """
    weights = case.weights
    if weights is None or weights.variant is None:
        return
    for where in _settings(case):
        if where.variant is not None and where.variant != weights.variant:
            yield Statement(
                message=f"the checkpoint is of {weights.variant}, and {where.variant} is asked for",
                path=where.where,
                evidence={"variant": weights.variant, "asked_for": where.variant},
                fix=f"--model_variant={weights.variant}",
            )
            return


@rule("C04", level=Level.ERROR)
def decoder_left_out(case: CaseFacts) -> Iterator[Statement]:
    """The checkpoint has a decoder, and the command does not build it.

    What: there are variables of a decoder, and --decoder_output_stride is not given.

    Why it hurts: the network is built without its decoder, and no error is shown: the last layer
    reads maps that it was not trained on, so the answer is blurry, wrong or all background.

    How to fix: give --decoder_output_stride as in training, to eval, vis and export.
    """
    weights = case.weights
    if weights is None or not (weights.is_deeplab and weights.has_decoder):
        return
    for where in _uses(case):
        if not where.decoder_output_stride:
            yield Statement(
                message="the checkpoint has a decoder, and without --decoder_output_stride it is "
                "left out",
                path=where.where,
                evidence={"decoder_in_checkpoint": True, "decoder_output_stride": None},
                fix="add --decoder_output_stride=4, or what the training had, to every command",
            )
            return


@rule("C05", level=Level.ERROR)
def other_rates(case: CaseFacts) -> Iterator[Statement]:
    """Atrous rates or output stride are not those of the training.

    What: the checkpoint has atrous branches, and no rates or another number of rates are given; or
    the output stride was halved without doubling the rates.

    Why it hurts: branches without a rate are left out without an error, and the last layers read
    what they were not trained on.

    How to fix: give the rates of the training; at half the output stride twice as large ones.
    """
    weights = case.weights
    if weights is None or not weights.is_deeplab:
        return
    training = next(trainings(case), None)
    for where in _uses(case):
        rates = where.atrous_rates or ()
        if weights.branches and len(rates) != weights.branches:
            message = (
                f"the checkpoint has {weights.branches} atrous branches, and "
                f"{len(rates) or 'no'} rates are given: branches without one are left out"
            )
            yield _rates(where, message, Certainty.PROOF)
            return
        if training and _other_reach(training, where):
            message = (
                f"the output stride is {where.output_stride}, and {training.output_stride} in "
                f"training, with the same rates {', '.join(map(str, rates))}"
            )
            yield _rates(where, message, Certainty.STRONG)
            return


def _other_reach(training: SettingsFacts, where: SettingsFacts) -> bool:
    return bool(
        where.atrous_rates
        and training.output_stride
        and where.output_stride
        and where.output_stride != training.output_stride
        and where.atrous_rates == training.atrous_rates
    )


def _rates(where: SettingsFacts, message: str, certainty: Certainty) -> Statement:
    return Statement(
        message=message,
        certainty=certainty,
        path=where.where,
        evidence={"atrous_rates": list(where.atrous_rates or ()),
                  "output_stride": where.output_stride},
        fix="the usual ones: --atrous_rates=6 --atrous_rates=12 --atrous_rates=18 with "
        "--output_stride=16; 12, 24 and 36 with 8",
    )  # fmt: skip


@rule("C06", level=Level.ERROR)
def exported_with_defaults(case: CaseFacts) -> Iterator[Statement]:
    """The exported graph is of another network than the one that was trained.

    What: export_model.py was called without the flags of the training, and its defaults (21
    classes, no atrous rates, no decoder, output stride 8) build another network that also loads.

    Why it hurts: the graph answers background everywhere, and vis.py shows that the training is
    fine.

    How to fix: export anew with every flag of the network as in training.
    """
    graph = case.graph
    if graph is None or graph.problem or not graph.is_deeplab:
        return
    differences = dict(_differences(graph, case))
    if differences:
        yield Statement(
            message="the exported graph is not the network that was trained: "
            + "; ".join(f"{name} {text}" for name, text in differences.items()),
            path=graph.where,
            evidence=differences,
            fix="export anew with the training's --num_classes, --model_variant, --atrous_rates, "
            "--output_stride, --decoder_output_stride and --crop_size",
        )


def _differences(graph: WeightFacts, case: CaseFacts) -> Iterator[tuple[str, str]]:
    """What the graph has, and the training or its checkpoint had."""
    weights, training = case.weights, case.training
    classes = {n for n in (weights and weights.classes, training and training.num_classes) if n}
    if graph.classes and classes and graph.classes not in classes:
        yield "classes", f"{graph.classes}, trained with {min(classes)}"
    decoder = (weights and weights.has_decoder) or (training and training.decoder_output_stride)
    if decoder and not graph.has_decoder:
        yield "decoder", "none, trained with one"
    rates = training.atrous_rates if training and training.atrous_rates else ()
    branches = weights.branches if weights and weights.branches else len(rates)
    if branches and graph.branches != branches:
        yield "atrous branches", f"{graph.branches}, trained with {branches}"
    stride = training.output_stride if training else None
    same_rates = graph.atrous_rates is not None and graph.atrous_rates == rates
    if stride and graph.output_stride not in (None, stride) and same_rates:
        yield "output stride", f"{graph.output_stride}, trained with {stride} and the same rates"


def _uses(case: CaseFacts) -> Iterator[SettingsFacts]:
    """Commands of the original that build the network to use it."""
    yield from (s.settings for s in case.scripts if s.act in _USES and s.settings.tool == "deeplab")
    told = case.inference
    if told is not None and told.tool == "deeplab" and told.decoder_output_stride is not None:
        yield told


def _settings(case: CaseFacts) -> Iterator[SettingsFacts]:
    for one in (*trainings(case), *_uses(case)):
        if one.tool in ("deeplab", "segdata"):
            yield one
