"""The flags of common.py, which all scripts share: what the network is."""

from __future__ import annotations

from functools import partial
from typing import Any

from segdata.original_flags.flag import NETWORK_SCRIPTS, Flag, Kind, idle
from segdata.original_flags.variants import VARIANTS

_NO_NAS = "it belongs to the NAS backbones, which segdata does not have"

# What the original does where it is not told; our defaults differ (model/network_settings.py).
UNSAID: dict[str, Any] = {"atrous_rates": (), "decoder_output_stride": (), "faithful": True}


def _is(name: str, kind: Kind, default: Any, field: str, pair: bool = False) -> Flag:
    return Flag(
        name=name, kind=kind, scripts=NETWORK_SCRIPTS, default=default,
        setting=f"network.{field}", pair=pair,
    )  # fmt: skip


_idle = partial(idle, NETWORK_SCRIPTS)

FLAGS = (
    Flag(
        name="model_variant", kind="string", scripts=NETWORK_SCRIPTS, default="mobilenet_v2",
        setting="network.variant", choices=VARIANTS,
    ),
    _is("atrous_rates", "integers", None, "atrous_rates"),
    Flag(
        name="output_stride", kind="integer", scripts=("train", "eval", "vis"), default=16,
        setting="network.output_stride",
    ),
    Flag(
        name="output_stride", kind="integer", scripts=("export",), default=8,
        setting="network.output_stride",
    ),
    _is("multi_grid", "integers", None, "multi_grid"),
    _is("decoder_output_stride", "list", None, "decoder_output_stride"),
    _is("depth_multiplier", "float", 1.0, "depth_multiplier"),
    _is("divisible_by", "integer", None, "divisible_by"),
    _is("aspp_convs_filters", "integer", 256, "aspp_filters"),
    _is("aspp_with_separable_conv", "boolean", True, "aspp_separable"),
    _is("aspp_with_concat_projection", "boolean", True, "aspp_projection"),
    _is("aspp_with_squeeze_and_excitation", "boolean", False, "aspp_squeeze_excitation"),
    _is("aspp_with_batch_norm", "boolean", True, "aspp_batch_norm"),
    _is("image_se_uses_qsigmoid", "boolean", False, "quantized_sigmoid"),
    _is("dense_prediction_cell_json", "string", None, "dense_prediction_cell"),
    _is("decoder_filters", "integer", 256, "decoder_filters"),
    _is("decoder_use_separable_conv", "boolean", True, "decoder_separable"),
    _is("decoder_use_sum_merge", "boolean", False, "decoder_sum_merge"),
    _is("decoder_output_is_logits", "boolean", False, "decoder_is_logits"),
    _is("logits_kernel_size", "integer", 1, "logits_kernel_size"),
    _is("add_image_level_feature", "boolean", True, "image_pooling"),
    _is("image_pooling_crop_size", "list", None, "image_pooling_crop_size", pair=True),
    _is("image_pooling_stride", "list", (1, 1), "image_pooling_stride", pair=True),
    _is("image_pyramid", "floats", None, "image_pyramid"),
    Flag(
        name="merge_method", kind="string", scripts=NETWORK_SCRIPTS, default="max",
        setting="network.merge_method", choices=("max", "avg"),
    ),
    _is("use_bounded_activation", "boolean", False, "bounded_activation"),
    _idle("keep_aspect_ratio", "boolean", True, "the original reads it nowhere"),
    Flag(
        name="prediction_with_upsampled_logits", kind="boolean", scripts=("eval", "vis"),
        default=True, option="--upsampled-logits",
    ),
    Flag(
        name="prediction_with_upsampled_logits", kind="boolean", scripts=("train", "export"),
        default=True, word="read where a run is measured or drawn: by segdata eval and vis",
    ),
    _idle(
        "batch_norm_decay", "float", 0.9997,
        "the original reads it nowhere: each backbone has a decay of its own, as in the original",
    ),
    _idle("nas_stem_output_num_conv_filters", "integer", 20, _NO_NAS),
    _idle("nas_use_classification_head", "boolean", False, _NO_NAS),
    _idle("nas_remove_os32_stride", "boolean", False, _NO_NAS),
)  # fmt: skip
