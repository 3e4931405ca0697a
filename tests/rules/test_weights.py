"""What a checkpoint stores, and what it was restored into: each rule, its twin, near misses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from segdata import rules
from segdata.evidence import (
    CaseFacts,
    LabelEvidence,
    LogFacts,
    ScriptFacts,
    Series,
    SettingsFacts,
    Tensor,
    WeightFacts,
)
from segdata.evidence.predictions import PredictionFacts
from segdata.evidence.weights import Origin
from segdata.findings import Certainty, Finding, Level

SCOPES = ("weights.values", "weights.heads", "weights.restoring", "weights.beginnings")
BLACK = PredictionFacts(where="p", files=9, read=9, pixels={0: 900}, constant=9, brightest=0)
SOUND = replace(BLACK, pixels={0: 700, 1: 200}, constant=0, brightest=1)


def tensor(name: str, **numbers: Any) -> Tensor:
    usual = {"shape": (8,), "finite": 1.0, "least": -1.0, "largest": 1.0, "mean": 0.1,
             "variance": 0.2}  # fmt: skip
    return Tensor(name=name, **{**usual, **numbers})


def layer(scope: str, **statistics: Any) -> list[Tensor]:
    """A convolution of the original with its batch norm."""
    mean = {"mean": 0.1, "variance": 0.3, **statistics.get("mean", {})}
    variance = {"mean": 0.8, "least": 0.01, **statistics.get("variance", {})}
    return [
        tensor(f"{scope}/weights", shape=(3, 3, 8, 8)),
        tensor(f"{scope}/BatchNorm/gamma"),
        tensor(f"{scope}/BatchNorm/moving_mean", **mean),
        tensor(f"{scope}/BatchNorm/moving_variance", **variance),
    ]


FIRST = {"mean": {"mean": 0.0, "variance": 0.0, "least": 0.0, "largest": 0.0},
         "variance": {"mean": 1.0, "variance": 0.0, "least": 1.0, "largest": 1.0}}  # fmt: skip


def weights(tensors: list[Tensor] | None = None, **changes: Any) -> WeightFacts:
    """A sound checkpoint of the original: MobileNetV2 with ASPP and decoder, two classes."""
    if tensors is None:
        scopes = ("MobilenetV2/Conv", "MobilenetV2/expanded_conv", "aspp1_depthwise", "decoder/c")
        tensors = [one for scope in scopes for one in layer(scope)]
        tensors.append(tensor("logits/semantic/weights", shape=(1, 1, 8, 2)))
    usual: dict[str, Any] = {
        "where": "log/model.ckpt-9000", "kind": "tensorflow", "step": 9000, "classes": 2,
        "variant": "mobilenet_v2", "has_decoder": True, "branches": 3,
        "moving_means": tuple(t.name for t in tensors if t.name.endswith("moving_mean")),
        "moving_variances": tuple(t.name for t in tensors if t.name.endswith("variance")),
    }  # fmt: skip
    return WeightFacts(tensors=tuple(tensors), **{**usual, **changes})


def settings(**changes: Any) -> SettingsFacts:
    usual = {"variant": "mobilenet_v2", "num_classes": 2, "output_stride": 16,
             "atrous_rates": (6, 12, 18), "decoder_output_stride": (4,)}  # fmt: skip
    return SettingsFacts(where="train.sh:3", tool="deeplab", **{**usual, **changes})


def used(act: Any = "vis", **changes: Any) -> tuple[ScriptFacts, ...]:
    return (ScriptFacts(where="vis.sh:1", act=act, settings=settings(**changes)),)


def labels(num_classes: int, **changes: Any) -> LabelEvidence:
    pixels = changes.pop("pixels", dict.fromkeys(range(num_classes), 100))
    return LabelEvidence(where="d", num_classes=num_classes, ignore=255, pixels=pixels, **changes)


def found(case: CaseFacts) -> dict[str, Finding]:
    return {finding.rule: finding for scope in SCOPES for finding in rules.run(scope, case)}


def alarms(case: CaseFacts) -> set[str]:
    return {rule for rule, finding in found(case).items() if finding.level >= Level.WARNING}


def origin(**changes: Any) -> Origin:
    usual = {"found": 1.0, "found_without_wrapper": 1.0, "likeness": 0.98, "classes": 21}
    return Origin("init/model.ckpt", **{**usual, **changes})


def log(last: int, **metrics: Series) -> LogFacts:
    return LogFacts(where="l", kind="text", loss=Series(((1, 0.7), (last, 0.1))), metrics=metrics)


def altered(name: str, **numbers: Any) -> WeightFacts:
    whole = weights()
    return replace(
        whole,
        tensors=tuple(replace(t, **numbers) if t.name == name else t for t in whole.tensors),
    )


ALL_FIRST = [one for scope in ("MobilenetV2/Conv", "decoder/c") for one in layer(scope, **FIRST)]
EARLY = layer("MobilenetV2/Conv", variance={"least": 0.975, "mean": 1.2, "variance": 0.1})
ASTRAY = [one for scope in "abcd" for one in layer(scope, variance={"mean": 5e4, "largest": 9e5})]
SAME = [replace(one, changed=0.0) for one in weights().tensors]
HEAD_SAME = [
    replace(one, changed=0.1 if one.name.startswith("Mobilenet") else 0.0)
    for one in weights().tensors
]
BACKBONE_SAME = [
    replace(one, changed=0.0 if one.name.startswith("Mobilenet") else 0.1)
    for one in weights().tensors
]
EARLIER = {"earlier": "log/model.ckpt-8000", "earlier_step": 8000}

BROKEN: dict[str, tuple[str, Certainty, CaseFacts]] = {
    "unreadable": ("C11", Certainty.PROOF, CaseFacts(
        weights=WeightFacts(where="w", kind="", problem="w is damaged\ntake another"))),
    "NaN": ("C07", Certainty.PROOF, CaseFacts(
        weights=altered("MobilenetV2/Conv/weights", finite=0.9))),
    "NaN in a graph": ("C07", Certainty.PROOF, CaseFacts(
        graph=replace(altered("MobilenetV2/Conv/weights", finite=0.9), kind="graph"))),
    "variance below zero": ("C07", Certainty.PROOF, CaseFacts(
        weights=altered("decoder/c/BatchNorm/moving_variance", least=-0.1))),
    "logits driven away": ("C07", Certainty.STRONG, CaseFacts(
        weights=altered("logits/semantic/weights", largest=4e5))),
    "statistics as at first": ("C08", Certainty.STRONG, CaseFacts(weights=weights(ALL_FIRST))),
    "statistics after 100 steps": ("C08", Certainty.MEDIUM, CaseFacts(
        weights=weights(EARLY, step=100), predictions=BLACK)),
    "statistics astray": ("T04", Certainty.MEDIUM, CaseFacts(weights=weights(ASTRAY))),
    "statistics astray, batch 2": ("T04", Certainty.STRONG, CaseFacts(
        weights=weights(ASTRAY), training=settings(batch_size=2, fine_tune_batch_norm=True))),
    "nothing changed": ("T18", Certainty.PROOF, CaseFacts(weights=weights(SAME, **EARLIER))),
    "decoder unchanged": ("T18", Certainty.PROOF, CaseFacts(
        weights=weights(HEAD_SAME, **EARLIER))),
    "one channel": ("D09", Certainty.PROOF, CaseFacts(weights=weights(classes=1))),
    "one channel, black": ("D09", Certainty.STRONG, CaseFacts(
        weights=weights(classes=1, variant=None, kind="pytorch"), predictions=BLACK)),
    "21 for 2": ("D06", Certainty.STRONG, CaseFacts(
        weights=weights(classes=21), labels=labels(2))),
    "more classes": ("C10", Certainty.STRONG, CaseFacts(
        weights=weights(classes=19, variant=None), labels=labels(2))),
    "fewer classes": ("C10", Certainty.PROOF, CaseFacts(
        weights=weights(classes=5), labels=labels(11))),
    "weights of step 0": ("C01", Certainty.STRONG, CaseFacts(
        weights=weights(step=0), log=log(9000))),
    "weights of an early step": ("C01", Certainty.STRONG, CaseFacts(
        weights=weights(step=900), log=log(9000), predictions=BLACK)),
    "prefix, black": ("C02", Certainty.MEDIUM, CaseFacts(
        weights=weights(wrapper="module."), predictions=BLACK)),
    "prefix of the initial": ("C02", Certainty.PROOF, CaseFacts(
        weights=weights(origin=origin(found=0.0, likeness=0.01)))),
    "another variant": ("C03", Certainty.PROOF, CaseFacts(
        weights=weights(), scripts=used(variant="xception_65"))),
    "no decoder asked for": ("C04", Certainty.PROOF, CaseFacts(
        weights=weights(), scripts=used(decoder_output_stride=()))),
    "no rates": ("C05", Certainty.PROOF, CaseFacts(
        weights=weights(), scripts=used("export", atrous_rates=()))),
    "stride 8 with rates of 16": ("C05", Certainty.STRONG, CaseFacts(
        weights=weights(), training=settings(), scripts=used(output_stride=8))),
    "graph of defaults": ("C06", Certainty.PROOF, CaseFacts(
        graph=weights(kind="graph", classes=21, has_decoder=False, branches=0, output_stride=8),
        training=settings())),
    "graph against its checkpoint": ("C06", Certainty.PROOF, CaseFacts(
        graph=weights(kind="graph", has_decoder=False), weights=weights())),
    "first layer unlike": ("T05", Certainty.STRONG, CaseFacts(
        weights=weights(origin=origin(likeness=0.03)))),
    "no steps left": ("T06", Certainty.STRONG, CaseFacts(
        weights=weights(step=30001), scripts=used("train", steps=10000))),
    "last layer of 21": ("T08", Certainty.MEDIUM, CaseFacts(
        weights=weights(origin=origin()), scripts=used("train", initialize_last_layer=True))),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_told_by_its_rule_alone(name: str) -> None:
    rule, certainty, case = BROKEN[name]
    assert alarms(case) == {rule}
    finding = found(case)[rule]
    assert finding.certainty is certainty
    assert finding.level is Level.ERROR
    assert finding.fix
    assert finding.path


FROZEN = [*layer("MobilenetV2/Conv"), *layer("decoder/c", **FIRST)]
FOLDED = [tensor("layer1.bn.running_mean", **FIRST["mean"]), tensor("layer1.bn.weight"),
          tensor("layer1.bn.running_var", **FIRST["variance"])]  # fmt: skip
UNTRAINED = [replace(one, variance=0.0, mean=1.0) if "gamma" in one.name else one
             for one in ALL_FIRST]  # fmt: skip

HEALTHY: dict[str, CaseFacts] = {
    "labels that are ignored everywhere": CaseFacts(
        weights=weights(classes=4), labels=labels(2, pixels={}, counted=True)),
    "a trained network": CaseFacts(
        weights=weights(), labels=labels(2), training=settings(steps=9000),
        scripts=(*used(), *used("export"), *used("train", steps=9000)), log=log(9000)),
    "a backbone without a head": CaseFacts(
        weights=weights(layer("MobilenetV2/Conv"), classes=None, has_decoder=False, branches=0),
        labels=labels(2)),
    "an untrained network": CaseFacts(weights=weights(UNTRAINED, step=0)),
    "a new head under frozen batch norm": CaseFacts(weights=weights(FROZEN)),
    "frozen batch norm from random weights": CaseFacts(
        weights=weights(ALL_FIRST), training=settings(fine_tune_batch_norm=False)),
    "statistics folded away": CaseFacts(weights=weights(
        FOLDED, kind="pytorch", variant=None, moving_means=("layer1.bn.running_mean",),
        moving_variances=("layer1.bn.running_var",))),
    "statistics as at first, and good predictions": CaseFacts(
        weights=weights(ALL_FIRST), predictions=SOUND),
    "a few steps from another checkpoint's statistics": CaseFacts(weights=weights(step=100)),
    "a first layer that sees raw pixels": CaseFacts(weights=altered(
        "MobilenetV2/Conv/BatchNorm/moving_variance", mean=3e4, largest=2e5)),
    "a mask of minus infinity": CaseFacts(weights=weights(
        [tensor("attention.mask", finite=0.5)], variant=None, kind="pytorch")),
    "operations counted by a profiler": CaseFacts(weights=weights(
        [tensor("total_ops", shape=(1,), largest=1e9, mean=1e9)], variant=None)),
    "one channel with a sigmoid": CaseFacts(
        weights=weights(classes=1, variant=None, kind="pytorch"), predictions=SOUND),
    "one channel, nothing known": CaseFacts(
        weights=weights(classes=1, variant=None, kind="pytorch")),
    "two classes too many": CaseFacts(weights=weights(classes=4), labels=labels(2)),
    "VOC itself": CaseFacts(weights=weights(classes=21), labels=labels(21)),
    "21 for 2, and good predictions": CaseFacts(
        weights=weights(classes=21), labels=labels(2), predictions=SOUND),
    "the checkpoint to begin from": CaseFacts(
        weights=weights(classes=21, where="init/model.ckpt", step=500_000), labels=labels(2),
        scripts=used("train", steps=9000, initial_checkpoint="/x/init/model.ckpt",
                     initialize_last_layer=False)),
    "the best step, not the last": CaseFacts(
        weights=weights(step=900), log=log(9000, miou=Series(((900, 0.7), (9000, 0.6))))),
    "the step of the least loss": CaseFacts(
        weights=weights(step=900), log=log(9000, val_loss=Series(((900, 0.1), (9000, 0.6))))),
    "a backbone that is frozen": CaseFacts(weights=weights(BACKBONE_SAME, **EARLIER)),
    "the same checkpoint twice": CaseFacts(weights=weights(SAME, earlier="c", earlier_step=9000)),
    "a prefix, nothing known": CaseFacts(weights=weights(wrapper="module.")),
    "a prefix, good predictions": CaseFacts(
        weights=weights(wrapper="module."), predictions=SOUND),
    "wrapped after the initial weights were loaded": CaseFacts(
        weights=weights(origin=origin(found=0.0, likeness=0.99), wrapper="module.")),
    "another training beside it": CaseFacts(
        weights=weights(origin=origin(likeness=0.01, declared=False))),
    "rates doubled at half the stride": CaseFacts(
        weights=weights(), training=settings(),
        scripts=used(output_stride=8, atrous_rates=(12, 24, 36))),
    "a graph at half the stride with doubled rates": CaseFacts(
        graph=weights(kind="graph", output_stride=8, atrous_rates=(12, 24, 36)),
        training=settings()),
    "the last step of the training": CaseFacts(
        weights=weights(step=10000), scripts=used("train", steps=10000)),
    "another last layer, drawn anew": CaseFacts(
        weights=weights(origin=origin()), scripts=used("train", initialize_last_layer=False)),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_what_is_sound_or_unusual_but_right_raises_no_alarm(name: str) -> None:
    assert alarms(HEALTHY[name]) == set()


def test_nan_everywhere_is_not_blamed_on_the_batch() -> None:
    broken = [replace(one, finite=0.0) for one in weights().tensors]
    assert alarms(CaseFacts(weights=weights(broken))) == {"C07"}


def test_nan_in_the_statistics_alone_is_blamed_on_the_batch() -> None:
    broken = [replace(one, finite=0.0) if "moving_variance" in one.name else one
              for one in weights().tensors]  # fmt: skip
    assert alarms(CaseFacts(weights=weights(broken))) == {"C07", "T04"}
