"""What a variable's name says of it: which part of a network it is of, or why it is of none."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal

from model.importing.tensors import Shape

# get_extra_layer_scopes in the original's model.py; a name that begins so is of that part.
HEAD = ("logits", "image_pooling", "aspp", "concat_projection", "decoder", "meta_architecture")

# The scopes of the original's networks that there are here (feature_extractor.py, name_scope).
SCOPE = re.compile(
    r"(?P<prefix>(?:.*/)?)(?P<scope>MobilenetV[23]|xception_(?:41|65|71)|resnet_v1_(?:18|50|101))/"
)
_BLOCK = re.compile(r"MobilenetV3/expanded_conv_(\d+)/")
# The small network has eleven blocks, the large one fifteen.
_FIRST_ONLY_IN_LARGE = 11

Reason = Literal["optimizer", "step", "classifier", "quantization"]
REASONS: Mapping[Reason, str] = {
    "optimizer": "what an optimizer or a moving average kept beside the weights",
    "step": "counters",
    "classifier": "the classifier for ImageNet",
    "quantization": "ranges of quantized training",
}

MOVING_AVERAGE = "ExponentialMovingAverage"
_SLOT = re.compile(
    r".*/(?:Momentum|Adam|Adam_1|RMSProp|RMSProp_1|Adagrad|Adadelta|Adadelta_1|Ftrl|Ftrl_1"
    rf"|{MOVING_AVERAGE}|LARS)|(?:.*/)?beta[12]_power"
)
_STEP = frozenset({"global_step", "save_counter", "iter"})
_QUANTIZED = re.compile(r"(?:^|/)(?:act|weights|conv|add)_quant(?:/|$)|FakeQuant")
# Behind the last feature map of slim's classification networks.
_CLASSIFIERS = {
    "MobilenetV2": ("Conv_1", "Logits"),
    "MobilenetV3": ("Conv_2", "Logits"),
    "xception": ("logits",),
    "resnet": ("logits",),
}


def set_aside(names: Collection[str], scope: str) -> dict[Reason, tuple[str, ...]]:
    """The variables that are no weights of a segmentation network, by the reason.

    Args:
        names: all of a file, as the original spells them.
        scope: the backbone's.
    """
    known = frozenset(names)
    found: dict[Reason, list[str]] = {reason: [] for reason in REASONS}
    for name in sorted(names):
        reason = _reason(name, known, scope)
        if reason:
            found[reason].append(name)
    return {reason: tuple(these) for reason, these in found.items() if these}


def part_of(name: str, scope: str) -> str | None:
    """``backbone``, one of :data:`HEAD`, or None for what is of neither."""
    if name.startswith(f"{scope}/"):
        return "backbone"
    return next((part for part in HEAD if name.startswith(part)), None)


def width(shapes: Mapping[str, Shape], scope: str) -> int | None:
    """The channels of a convolution, by most of its variables; None if there are none."""
    leaves = ("weights", "biases", *(f"BatchNorm/{n}" for n in ("gamma", "beta")),
              "BatchNorm/moving_mean", "BatchNorm/moving_variance")  # fmt: skip
    shapes_there = [shapes[f"{scope}/{leaf}"] for leaf in leaves if f"{scope}/{leaf}" in shapes]
    widths = [shape[-1] for shape in shapes_there if shape]
    return max(widths, key=widths.count) if widths else None


def variant_of(scope: str, shapes: Mapping[str, Shape]) -> str:
    """The backbone's name, as the original's flags have it."""
    if scope == "MobilenetV2":
        return "mobilenet_v2"
    if scope == "MobilenetV3":
        blocks = [int(m[1]) for name in shapes if (m := _BLOCK.match(name))]
        size = "large" if max(blocks, default=0) >= _FIRST_ONLY_IN_LARGE else "small"
        return f"mobilenet_v3_{size}_seg"
    has_beta_stem = any(name.startswith(f"{scope}/conv1_1/") for name in shapes)
    return f"{scope}_beta" if has_beta_stem else scope


def _reason(name: str, known: frozenset[str], scope: str) -> Reason | None:
    if name in _STEP:
        return "step"
    # A slot is named by its variable and its kind: whatever lies below a variable is none itself.
    if _SLOT.fullmatch(name) or name.rpartition("/")[0] in known:
        return "optimizer"
    if _QUANTIZED.search(name):
        return "quantization"
    family = next((f for f in _CLASSIFIERS if scope.startswith(f)), None)
    if family and name.startswith(tuple(f"{scope}/{part}/" for part in _CLASSIFIERS[family])):
        return "classifier"
    return None
