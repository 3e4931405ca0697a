"""Which backbone a file's variables are of."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.importing.layout import layout_of
from model.importing.naming import SCOPE, variant_of, width
from model.importing.tensors import Shape
from model.network_settings import NetworkSettings
from segdata.errors import UserError

# Widths that are published, the most frequent first.
_MULTIPLIERS = (1.0, 0.5, 0.75, 1.4, 1.3, 0.35, 0.25, 1.25, 0.1)
_WIDEST = 8.0
# MobileNet's own, where the original is not told another (mobilenet_v2.py, V2_DEF).
_USUAL_DIVISOR = 8
_OBJECTS = ".ATTRIBUTES/VARIABLE_VALUE"


@dataclass(frozen=True)
class Backbone:
    """What the names and shapes tell.

    Args:
        prefix: what stands before the original's names.
        scope: the backbone's.
        settings: of :class:`NetworkSettings`, as far as they are told.
    """

    prefix: str
    scope: str
    settings: Mapping[str, Any]


def recognized_backbone(shapes: Mapping[str, Shape], path: Path) -> Backbone:
    """The backbone that most of the variables are of.

    Raises:
        UserError: they are of none that there is here; what they are.
    """
    scopes = Counter((m["prefix"], m["scope"]) for name in shapes if (m := SCOPE.match(name)))
    if not scopes:
        raise _unknown(shapes, path)
    (prefix, scope), _ = scopes.most_common(1)[0]
    own = {n.removeprefix(prefix): s for n, s in shapes.items() if n.startswith(prefix)}
    variant = variant_of(scope, own)
    settings: dict[str, Any] = {"variant": variant}
    if variant.startswith("mobilenet"):
        settings |= _widths(variant, scope, own)
    return Backbone(prefix, scope, settings)


def _widths(variant: str, scope: str, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """The depth multiplier, and what channels are multiples of, with which most shapes agree."""
    best: dict[str, Any] = {}
    most = -1
    for candidate in _candidates(variant, shapes):
        settings = NetworkSettings(
            variant=variant, num_classes=1, decoder_output_stride=(), **candidate  # type: ignore[arg-type]
        )  # fmt: skip
        expected = layout_of(settings).shapes
        own = {name for name in expected if name.startswith(f"{scope}/")}
        agreeing = sum(shapes.get(name) == expected[name] for name in own)
        if agreeing > most:
            best, most = candidate, agreeing
        if agreeing == len(own):
            break
    return best


def _candidates(variant: str, shapes: Mapping[str, Shape]) -> Iterator[dict[str, Any]]:
    """Multipliers that are likely: the one of the widest layer, rounded or not, and usual ones."""
    last, full = {
        "mobilenet_v2": ("MobilenetV2/expanded_conv_16/project", 320),
        "mobilenet_v3_large_seg": ("MobilenetV3/Conv_1", 480),
        "mobilenet_v3_small_seg": ("MobilenetV3/Conv_1", 288),
    }[variant]
    measured = min(_WIDEST, max(0.01, (width(shapes, last) or full) / full))
    likely = dict.fromkeys(sorted(_MULTIPLIERS, key=lambda m: abs(m - measured))[:3])
    likely |= dict.fromkeys((round(measured, 2), round(measured, 3), measured))
    divisors = dict.fromkeys((_USUAL_DIVISOR, _common_divisor(shapes)))
    for multiplier in likely:
        yield {"depth_multiplier": multiplier}
        for divisor in divisors if variant == "mobilenet_v2" else ():
            yield {"depth_multiplier": multiplier, "divisible_by": divisor}


def _common_divisor(shapes: Mapping[str, Shape]) -> int:
    """The most of which the channels of all of MobileNetV2's blocks are multiples."""
    blocks = {name.rpartition("/project/")[0] for name in shapes if "/project/" in name}
    return math.gcd(*(width(shapes, f"{block}/project") or 0 for block in blocks)) or 1


def _unknown(shapes: Mapping[str, Shape], path: Path) -> UserError:
    if any(name.endswith(_OBJECTS) for name in shapes):
        return UserError(
            f"{path} is a checkpoint of TensorFlow 2's objects, whose names are not those of the "
            "original DeepLab's variables",
            "give a checkpoint of research/deeplab or of slim, such as those of its model zoo",
        )
    tops = Counter(name.partition("/")[0] for name in shapes).most_common(5)
    there = ", ".join(f"{name}/… ({count})" for name, count in tops) or "none at all"
    return UserError(
        f"no variable of {path} is of a backbone that segdata has; there are {there}",
        "its backbones are xception_41, _65, _71, resnet_v1_18, _50, _101 and their _beta, "
        "mobilenet_v2 and mobilenet_v3_large_seg, _small_seg; their names begin as the original's, "
        "such as xception_65/…, resnet_v1_50/…, MobilenetV2/…",
    )
