"""The names of timm's weights, and which of the original's variables they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Literal

from segdata.errors import UserError

Family = Literal["xception", "mobilenet", "resnet"]

# A weight that every network of a family has, behind whatever prefix a program put there.
_MARKS: Mapping[Family, str] = {
    "xception": "blocks.0.stack.conv1.conv_dw.weight",
    "mobilenet": "blocks.0.0.conv_dw.weight",
    "resnet": "layer1.0.conv1.weight",
}
_NORMS = {
    "weight": "gamma", "bias": "beta", "running_mean": "moving_mean",
    "running_var": "moving_variance",
}  # fmt: skip
# Entry blocks and middle units by the number of all blocks.
_XCEPTIONS = {13: ("xception_41", 3, 8), 21: ("xception_65", 3, 16), 23: ("xception_71", 5, 16)}
# Units per block.
_RESNETS: Mapping[tuple[int, ...], str] = {
    (2, 2, 2, 2): "resnet_v1_18", (3, 4, 6, 3): "resnet_v1_50", (3, 4, 23, 3): "resnet_v1_101",
}  # fmt: skip
_MOBILE_STAGES = (1, 2, 3, 4, 3, 3, 1)

_XCEPTION_UNIT = re.compile(
    r"blocks\.(\d+)\.(?:stack\.conv(\d)\.(?:conv|bn)_(dw|pw)|shortcut\.(?:conv|bn))"
)
_RESNET_UNIT = re.compile(r"layer(\d)\.(\d+)\.(?:(?:conv|bn)(\d)|downsample\.[01])")
_MOBILE_UNIT = re.compile(r"blocks\.([0-6])\.(\d)\.(conv_pwl|conv_pw|conv_dw|bn[123])")
# The first block has nothing to expand.
_MOBILE_FIRST = {
    "conv_dw": "depthwise", "bn1": "depthwise", "conv_pw": "project", "bn2": "project",
}  # fmt: skip
_MOBILE_OTHERS = {
    "conv_pw": "expand", "bn1": "expand", "conv_dw": "depthwise", "bn2": "depthwise",
    "conv_pwl": "project", "bn3": "project",
}  # fmt: skip


def family_of(keys: Collection[str], path: Path) -> tuple[str, Family]:
    """What stands before all names, and the family that the names are of.

    Raises:
        UserError: they are of none.
    """
    for family, mark in _MARKS.items():
        found = next((key for key in keys if key.endswith(mark)), None)
        if found is not None:
            return found.removesuffix(mark), family
    some = ", ".join(map(repr, sorted(keys)[:3]))
    raise UserError(
        f"{path} holds no backbone that segdata has in timm's names (it begins with {some})",
        "xception41, 65, 71, resnet18, 50, 101 and mobilenetv2 are read; weights of segdata need "
        "the checkpoint.json beside them",
    )


def original_names(keys: Iterable[str], family: Family, path: Path) -> dict[str, str]:
    """The variable of every weight; those that have none keep their own name.

    Raises:
        UserError: the network is a relative that the original does not have.
    """
    keys = list(keys)
    scope_of = _SCOPES[family](keys, path)
    names = {}
    for key in keys:
        module, _, leaf = key.rpartition(".")
        if leaf == "num_batches_tracked":
            continue
        scope = scope_of(module)
        if scope is None or leaf not in _NORMS:
            names[key] = key
            continue
        is_norm = "bn" in module.split(".")[-1] or module.endswith("downsample.1")
        if is_norm:
            names[key] = f"{scope}/BatchNorm/{_NORMS[leaf]}"
        elif leaf == "bias":
            names[key] = f"{scope}/biases"
        else:
            names[key] = f"{scope}/{'depthwise_weights' if _is_depthwise(module) else 'weights'}"
    return names


Scope = Callable[[str], str | None]


def _is_depthwise(module: str) -> bool:
    return module.endswith("conv_dw")


def _children(keys: list[str], scope: str) -> int:
    """How many different modules lie in a scope."""
    return len({key[len(scope) :].partition(".")[0] for key in keys if key.startswith(scope)})


def _xception(keys: list[str], path: Path) -> Scope:
    count = _children(keys, "blocks.")
    if count not in _XCEPTIONS or any(key.startswith("blocks.0.norm") for key in keys):
        raise _relative(path, "an Xception with its norms elsewhere (timm's p variants)")
    name, entries, middle = _XCEPTIONS[count]
    fixed = {
        "stem.0.conv": "entry_flow/conv1_1", "stem.0.bn": "entry_flow/conv1_1",
        "stem.1.conv": "entry_flow/conv1_2", "stem.1.bn": "entry_flow/conv1_2",
        "head.fc": "logits",
    }  # fmt: skip

    def scope(module: str) -> str | None:
        if module in fixed:
            return f"{name}/{fixed[module]}"
        found = _XCEPTION_UNIT.fullmatch(module)
        if not found:
            return None
        number, conv, kind = int(found[1]), found[2], found[3]
        inner = f"separable_conv{conv}_{'depthwise' if kind == 'dw' else 'pointwise'}"
        unit = _xception_unit(number, entries, middle)
        return f"{name}/{unit}/xception_module/{inner if conv else 'shortcut'}"

    return scope


def _xception_unit(number: int, entries: int, middle: int) -> str:
    if number < entries:
        return f"entry_flow/block{number + 1}/unit_1"
    if number < entries + middle:
        return f"middle_flow/block1/unit_{number - entries + 1}"
    return f"exit_flow/block{number - entries - middle + 1}/unit_1"


def _resnet(keys: list[str], path: Path) -> Scope:
    units = tuple(_children(keys, f"layer{number}.") for number in range(1, 5))
    is_bottleneck = any(key.startswith("layer1.0.conv3.") for key in keys)
    is_known = units in _RESNETS and is_bottleneck == (units != (2, 2, 2, 2))
    if not is_known or "conv1.weight" not in keys:
        raise _relative(path, f"a ResNet of {units} units, or with another stem")
    name = _RESNETS[units]
    kind = "bottleneck_v1" if is_bottleneck else "lite_bottleneck_v1"
    fixed = {"conv1": "conv1", "bn1": "conv1", "fc": "logits"}

    def scope(module: str) -> str | None:
        if module in fixed:
            return f"{name}/{fixed[module]}"
        found = _RESNET_UNIT.fullmatch(module)
        if not found:
            return None
        inner = f"conv{found[3]}" if found[3] else "shortcut"
        return f"{name}/block{found[1]}/unit_{int(found[2]) + 1}/{kind}/{inner}"

    return scope


def _mobilenet(keys: list[str], path: Path) -> Scope:
    stages = tuple(_children(keys, f"blocks.{number}.") for number in range(7))
    if stages != _MOBILE_STAGES or any(".se." in key for key in keys):
        raise _relative(path, "an EfficientNet or MobileNet that is not MobileNetV2")
    fixed = {
        "conv_stem": "Conv", "bn1": "Conv", "conv_head": "Conv_1", "bn2": "Conv_1",
        "classifier": "Logits/Conv2d_1c_1x1",
    }  # fmt: skip

    def scope(module: str) -> str | None:
        if module in fixed:
            return f"MobilenetV2/{fixed[module]}"
        found = _MOBILE_UNIT.fullmatch(module)
        if not found:
            return None
        number = sum(_MOBILE_STAGES[: int(found[1])]) + int(found[2])
        part = (_MOBILE_OTHERS if number else _MOBILE_FIRST).get(found[3])
        block = f"expanded_conv_{number}" if number else "expanded_conv"
        return f"MobilenetV2/{block}/{part}" if part else None

    return scope


_SCOPES: Mapping[Family, Callable[[list[str], Path], Scope]] = {
    "xception": _xception, "resnet": _resnet, "mobilenet": _mobilenet,
}  # fmt: skip


def _relative(path: Path, what: str) -> UserError:
    return UserError(
        f"{path} is {what}: the original has no such network",
        "xception41, 65, 71, resnet18, 50, 101 and mobilenetv2 are read",
    )
