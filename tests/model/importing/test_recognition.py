"""From names and shapes back to the settings: for every network that can be told by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.importing.heads import TOP_CITYSCAPES_CELL
from model.importing.layout import layout_of
from model.importing.matching import match
from model.importing.recognition import Recognized, recognize
from model.importing.source import Source
from model.importing.tensors import Shape, Variables
from model.network_settings import NetworkSettings
from segdata.errors import UserError

MOBILE_HEAD = {
    "aspp_filters": 128, "aspp_projection": False, "aspp_squeeze_excitation": True,
    "atrous_rates": (), "decoder_sum_merge": True, "decoder_is_logits": True,
    "decoder_output_stride": (8,), "num_classes": 19, "output_stride": 32,
    "quantized_sigmoid": True, "image_pooling_crop_size": (769, 769),
    "image_pooling_stride": (4, 5),
}  # fmt: skip
# What is here is told by the variables, or is what the released networks have.
NETWORKS: dict[str, dict[str, Any]] = {
    "released MobileNetV2": {"atrous_rates": (), "decoder_output_stride": ()},
    "half as wide": {"depth_multiplier": 0.5, "atrous_rates": (), "decoder_output_stride": ()},
    "1.4 times as wide": {"depth_multiplier": 1.4},
    "a width of one's own": {"depth_multiplier": 0.37},
    "in multiples of 8": {"depth_multiplier": 0.35, "divisible_by": 8},
    "in multiples of 4": {"depth_multiplier": 0.6, "divisible_by": 4},
    "in multiples of 16": {"divisible_by": 16},
    "MobileNetV3 large": {"variant": "mobilenet_v3_large_seg", **MOBILE_HEAD},
    "MobileNetV3 small": {"variant": "mobilenet_v3_small_seg", **MOBILE_HEAD},
    **{
        variant: {"variant": variant}
        for variant in ("xception_41", "xception_65", "xception_71", "resnet_v1_18",
                        "resnet_v1_18_beta", "resnet_v1_50", "resnet_v1_101")
    },
    **{
        variant: {"variant": variant, "multi_grid": (1, 2, 4)}
        for variant in ("resnet_v1_50_beta", "resnet_v1_101_beta")
    },
    "151 classes": {"num_classes": 151},
    "no image pooling": {"image_pooling": False},
    "no projection": {"aspp_projection": False},
    "narrow head": {"aspp_filters": 64, "decoder_filters": 32, "low_level_filters": 12},
    "plain convolutions": {"aspp_separable": False, "decoder_separable": False},
    "no decoder": {"decoder_output_stride": ()},
    "three stages": {"decoder_output_stride": (16, 8, 4)},
    "a stage at 8": {"decoder_output_stride": (8,)},
    "two plain stages": {"decoder_output_stride": (8, 4), "decoder_separable": False},
    "sum": {"decoder_sum_merge": True},
    "plain sum": {"decoder_sum_merge": True, "decoder_separable": False},
    "decoder that makes logits": {"decoder_is_logits": True},
    "gate": {"aspp_squeeze_excitation": True},
    "DeepLab V2": {"aspp_batch_norm": False, "image_pooling": False, "decoder_output_stride": ()},
    "DeepLab V2, 3×3": {"aspp_batch_norm": False, "image_pooling": False, "logits_kernel_size": 3,
                       "decoder_output_stride": ()},
    "published cell": {"dense_prediction_cell": TOP_CITYSCAPES_CELL, "atrous_rates": (),
                       "variant": "xception_71", "num_classes": 19},
}  # fmt: skip


def settings_of(values: dict[str, Any]) -> NetworkSettings:
    return NetworkSettings(**{"num_classes": 21, "faithful": True, **values})


def recognized(shapes: dict[str, Shape]) -> Recognized:
    variables = Variables(shapes, lambda name: np.zeros(shapes[name]))
    return recognize(Source(Path("model.ckpt"), "checkpoint", variables))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_told_by_the_names_and_shapes_of_its_variables(name: str) -> None:
    settings = settings_of(NETWORKS[name])
    found = recognized(layout_of(settings).shapes)
    assert found.settings == settings
    assert not found.open
    assert match(found.shapes, layout_of(found.settings).shapes, found.scope).is_whole


@pytest.mark.parametrize("name", ["MobileNetV3 large", "xception_65", "two plain stages", "sum"])
def test_a_network_is_told_though_any_variable_is_missing_or_misshapen(name: str) -> None:
    settings = settings_of(NETWORKS[name])
    shapes = layout_of(settings).shapes
    for lost in [n for n in shapes if not n.startswith(("Mobilenet", "xception_65/"))][::19]:
        without = {n: s for n, s in shapes.items() if n != lost}
        assert recognized(without).settings == settings, lost
    for wrong in [n for n in shapes if n.startswith(("aspp", "image_pooling/", "concat"))][::11]:
        assert recognized({**shapes, wrong: (7, 7, 7, 7)}).settings == settings, wrong


@pytest.mark.parametrize("variant", ["mobilenet_v2", "resnet_v1_50_beta", "xception_65"])
def test_a_backbone_alone_is_told_and_its_classifier_set_aside(variant: str) -> None:
    layout = layout_of(NetworkSettings(variant=variant, num_classes=3))  # type: ignore[arg-type]
    shapes = {n: s for n, s in layout.shapes.items() if n.startswith(f"{layout.scope}/")}
    head = {
        "mobilenet_v2": ("MobilenetV2/Conv_1/weights", "MobilenetV2/Logits/Conv2d_1c_1x1/biases"),
        "resnet_v1_50_beta": ("resnet_v1_50/logits/weights", "resnet_v1_50/logits/biases"),
        "xception_65": ("xception_65/logits/weights", "xception_65/logits/biases"),
    }[variant]
    found = recognized({**shapes, **dict.fromkeys(head, (1001,)), "global_step": ()})
    assert (found.settings.variant, found.settings.num_classes) == (variant, None)
    assert not found.has_head
    assert found.aside == {"classifier": tuple(sorted(head)), "step": ("global_step",)}


def test_what_optimizers_and_averages_keep_is_set_aside() -> None:
    shapes = layout_of(settings_of({})).shapes
    name = "MobilenetV2/Conv/weights"
    kept = (
        f"{name}/Momentum", f"{name}/Adam", f"{name}/Adam_1", f"{name}/ExponentialMovingAverage",
        "lost/weights/Momentum", "beta1_power", f"{name}/SomeNewOptimizer",
    )  # fmt: skip
    ranges = "MobilenetV2/Conv/act_quant/MobilenetV2/Conv/act_quant/min"
    found = recognized({**shapes, **dict.fromkeys(kept, (3,)), ranges: ()})
    assert found.aside == {"optimizer": tuple(sorted(kept)), "quantization": (ranges,)}
    assert set(found.shapes) == set(shapes)


def test_names_behind_a_prefix_are_found() -> None:
    shapes = {f"tower/model/{n}": s for n, s in layout_of(settings_of({})).shapes.items()}
    found = recognized({**shapes, "global_step": ()})
    assert found.settings == settings_of({})
    assert found.names["logits/semantic/weights"] == "tower/model/logits/semantic/weights"
    assert "tower/model/" in found.notes[0]


def test_rates_of_an_unusual_aspp_must_be_given() -> None:
    found = recognized(layout_of(settings_of({"atrous_rates": (3, 6, 9, 12)})).shapes)
    assert found.branches == 4
    assert "4 atrous branches" in found.open["atrous_rates"]


def test_one_convolution_of_3x3_that_makes_the_logits_has_a_rate_which_must_be_given() -> None:
    plain = {"aspp_batch_norm": False, "image_pooling": False, "atrous_rates": (5,)}
    found = recognized(layout_of(settings_of({**plain, "logits_kernel_size": 3})).shapes)
    assert found.branches == 1
    assert "1 atrous branch, of" in found.open["atrous_rates"]
    # Of a single pixel the rate does not matter.
    assert not recognized(layout_of(settings_of(plain)).shapes).open


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("output_stride", 8),
        ("multi_grid", (1, 2, 1)),
        ("image_pooling_crop_size", (513, 513)),
        ("image_pyramid", (0.5, 1.0)),
        ("bounded_activation", True),
    ],
)
def test_what_no_variable_tells_is_named(key: str, value: Any) -> None:
    found = recognized(layout_of(settings_of({"variant": "xception_41", key: value})).shapes)
    assert getattr(found.settings, key) != value
    assert any(key in note for note in found.all_notes())
    assert not any(key in note for note in found.all_notes(given={key}))


def test_a_setting_that_could_not_be_is_not_named() -> None:
    found = recognized(layout_of(settings_of({"image_pooling": False})).shapes)
    assert not any("multi_grid" in note or "crop_size" in note for note in found.all_notes())


def test_a_cell_that_nobody_published_must_be_given() -> None:
    cell = ({"op": "conv", "kernel": 3, "rate": (1, 1), "input": -1},) * 2
    found = recognized(layout_of(settings_of({"dense_prediction_cell": cell})).shapes)
    assert "dense_prediction_cell" in found.open


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("InceptionV3/Conv2d_1a_3x3/weights",), r"InceptionV3/… \(1\)"),
        (("resnet_v2_50/conv1/weights",), r"resnet_v2_50/… \(1\)"),
        (("model/layer-0/kernel/.ATTRIBUTES/VARIABLE_VALUE",), "TensorFlow 2's objects"),
        ((), "none at all"),
    ],
)
def test_a_file_of_no_known_network_is_told_what_it_holds(
    names: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        recognized(dict.fromkeys(names, (3,)))


@pytest.mark.parametrize(
    "lie",
    [
        {"logits/semantic/weights": (1, 1, 256, 1 << 40), "logits/semantic/biases": (1 << 40,)},
        {"aspp0/weights": (1, 1, 320, 1 << 20), "aspp0/BatchNorm/beta": (1 << 20,)},
        {"aspp4000000000/weights": (3, 3, 320, 256)},
        {"decoder/feature_projection0_4000000000/weights": (1, 1, 144, 48)},
        {"concat_projection/weights": (1, 1, 1 << 60, 256)},
    ],
)
def test_a_file_that_claims_to_be_of_a_giant_is_refused(lie: dict[str, Shape]) -> None:
    shapes = layout_of(settings_of({})).shapes
    kept = {n: s for n, s in shapes.items() if not n.startswith(("aspp0/", "logits/"))}
    with pytest.raises(UserError, match="damaged, or made up"):
        recognized({**(kept if len(lie) > 1 else shapes), **lie})
