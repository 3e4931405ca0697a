"""Which head a file's variables are of: ASPP or another encoder, decoder, logits."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from model.importing.naming import width
from model.importing.tensors import Shape

# dense_prediction_cell_branch5_top1_cityscapes.json, the one cell that was published.
TOP_CITYSCAPES_CELL = (
    {"op": "conv", "kernel": 3, "rate": (1, 6), "input": -1},
    {"op": "conv", "kernel": 3, "rate": (18, 15), "input": 0},
    {"op": "conv", "kernel": 3, "rate": (6, 3), "input": 1},
    {"op": "conv", "kernel": 3, "rate": (1, 1), "input": 0},
    {"op": "conv", "kernel": 3, "rate": (6, 21), "input": 0},
)

_BRANCH = re.compile(r"aspp(\d+)(?:_depthwise|_pointwise)?/")
_STAGE = re.compile(r"decoder/feature_projection0(?:_(\d+))?/")
_LOGITS = re.compile(r"logits/semantic(?:_(\d+))?/")
_CELL = re.compile(r"meta_architecture/branch(\d+)(_depthwise|_pointwise)?/")


def recognized_head(shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """The settings that a head's names and shapes tell; rates and strides are not among them."""
    settings = {**_logits(shapes), **_decoder(shapes)}
    if _below(shapes, "meta_architecture/"):
        return settings
    if not _below(shapes, "aspp", "concat_projection/", "image_pooling/"):
        kernel = _logits_kernel(shapes)
        plain = {"aspp_batch_norm": False, "image_pooling": False, "logits_kernel_size": kernel}
        return settings | plain
    return settings | _aspp(shapes)


def branches(shapes: Mapping[str, Shape]) -> int:
    """How many atrous branches the ASPP has; without an ASPP, how many the logits have."""
    numbers = [int(m[1]) for name in shapes if (m := _BRANCH.match(name))]
    if numbers:
        return max(*numbers, _joined_branches(shapes), 0)
    others = [int(m[1]) for name in shapes if (m := _LOGITS.match(name)) and m[1]]
    # A single convolution of 1×1 is the same at every rate, and with none.
    return max(others) + 1 if others else int(_logits_kernel(shapes) > 1)


def _logits_kernel(shapes: Mapping[str, Shape]) -> int:
    return shapes.get("logits/semantic/weights", (1,))[0]


def _joined_branches(shapes: Mapping[str, Shape]) -> int:
    """The same by what the projection joins: a branch that is missing was there."""
    joined, filters = shapes.get("concat_projection/weights", ()), width(shapes, "aspp0")
    if len(joined) != 4 or not filters:
        return 0
    return joined[2] // filters - 1 - _below(shapes, "image_pooling/BatchNorm/")


def stages(shapes: Collection[str]) -> int:
    """How many stages the decoder has."""
    found = max((int(m[1] or 0) + 1 for name in shapes if (m := _STAGE.match(name))), default=0)
    return found or int(_below(shapes, "decoder/"))


def low_level_channels(shapes: Mapping[str, Shape], stage: int) -> int | None:
    """The channels of the backbone's map that a stage of the decoder reads."""
    suffix = f"_{stage}" if stage else ""
    shape = shapes.get(f"decoder/feature_projection0{suffix}/weights")
    return shape[2] if shape and len(shape) == 4 else None


def published_cell(shapes: Mapping[str, Shape]) -> bool | None:
    """Whether the dense prediction cell can be the published one; None if there is no cell.

    Its rates are in no checkpoint; what its branches read is told by their channels.
    """
    found = {(int(m[1]), m[2]) for name in shapes if (m := _CELL.match(name))}
    if not _below(shapes, "meta_architecture/"):
        return None
    if found != {(n, kind) for n in range(5) for kind in ("_depthwise", "_pointwise")}:
        return False
    inputs = [width(shapes, f"meta_architecture/branch{n}_depthwise") for n in range(5)]
    return inputs[1:] == [256] * 4 and inputs[0] != 256


def _below(shapes: Iterable[str], *scopes: str) -> bool:
    return any(name.startswith(scopes) for name in shapes)


def _logits(shapes: Mapping[str, Shape]) -> dict[str, Any]:
    classes = width(shapes, "logits/semantic")
    return {} if classes is None else {"num_classes": classes}


def _aspp(shapes: Mapping[str, Shape]) -> dict[str, Any]:
    has_pooling = _below(shapes, "image_pooling/")
    settings: dict[str, Any] = {
        "image_pooling": has_pooling,
        # A gate has biases where a branch has a batch norm.
        "aspp_squeeze_excitation": has_pooling and not _below(shapes, "image_pooling/BatchNorm/"),
        "aspp_projection": _below(shapes, "concat_projection/"),
        "aspp_filters": width(shapes, "aspp0") or width(shapes, "concat_projection") or 256,
    }
    if branches(shapes):
        settings["aspp_separable"] = _below(shapes, "aspp1_depthwise/", "aspp1_pointwise/")
    return settings


def _decoder(shapes: Mapping[str, Shape]) -> dict[str, Any]:
    if not stages(shapes):
        return {"decoder_output_stride": ()}
    is_sum, convolution = _last_convolution(shapes)
    filters = width(shapes, convolution)
    settings: dict[str, Any] = {
        "decoder_sum_merge": is_sum,
        "decoder_separable": convolution.endswith("_pointwise"),
    }
    is_logits = width(shapes, "logits/semantic") is None and _below(
        shapes, "decoder/feature_projection0/biases"
    )
    if is_logits:
        # It is no separable one then, whatever the flag said.
        settings |= {"decoder_is_logits": True, "num_classes": filters, "decoder_separable": True}
    elif filters:
        settings["decoder_filters"] = filters
    projected = width(shapes, "decoder/feature_projection0")
    if projected and not is_sum:
        settings["low_level_filters"] = projected
    return settings


def _last_convolution(shapes: Mapping[str, Shape]) -> tuple[bool, str]:
    """Whether the maps are added, and the last convolution of the decoder's first stage."""
    if _below(shapes, "decoder/decoder_split_sep_conv0"):
        return True, "decoder/decoder_split_sep_conv0_pointwise"
    if _below(shapes, "decoder/decoder_conv0/decoder_conv0_"):
        return False, "decoder/decoder_conv0/decoder_conv0_2"
    if _below(shapes, "decoder/decoder_conv0/"):
        return True, "decoder/decoder_conv0"
    return False, "decoder/decoder_conv1_pointwise"
