"""What no variable tells, taken from a graph or as the original's released networks have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from model.importing.heads import TOP_CITYSCAPES_CELL, branches, published_cell
from model.importing.tensors import Shape

_DEFAULT_BRANCHES = 3
# The released checkpoints of these were trained so (original's model zoo).
_MULTI_GRID = ((1, 2, 4), ("resnet_v1_50_beta", "resnet_v1_101_beta"))
_CITYSCAPES_CLASSES = 19


def assumed_settings(
    told: Mapping[str, Any], shapes: Mapping[str, Shape], found: Mapping[str, Any]
) -> dict[str, Any]:
    """What no variable tells: from the graph, or as the original's released networks have it."""
    is_mobile_head = "mobilenet_v3" in told["variant"] and told.get("aspp_squeeze_excitation")
    assumed: dict[str, Any] = {"output_stride": 32 if is_mobile_head else 16}
    if told["variant"] in _MULTI_GRID[1] and "num_classes" in told:
        assumed["multi_grid"] = _MULTI_GRID[0]
    if told.get("aspp_squeeze_excitation"):
        assumed["quantized_sigmoid"] = bool(is_mobile_head)
    if is_mobile_head and told.get("num_classes") == _CITYSCAPES_CLASSES:
        assumed |= {"image_pooling_crop_size": (769, 769), "image_pooling_stride": (4, 5)}
    if published_cell(shapes):
        assumed["dense_prediction_cell"] = TOP_CITYSCAPES_CELL
    assumed["atrous_rates"] = () if branches(shapes) == 0 else None
    return {**assumed, **found}


def assumption_notes(
    told: Mapping[str, Any],
    assumed: Mapping[str, Any],
    found: Mapping[str, Any],
    given: Collection[str] = (),
) -> list[str]:
    """What was assumed, in sentences.

    Args:
        told: settings that follow from the variables.
        assumed: the others.
        found: those of them that a graph tells.
        given: settings that were asked for, of which nothing was assumed.
    """
    if "num_classes" not in told:
        return []
    guessed = [key for key in assumed if key not in (*found, *given, "atrous_rates")]
    notes = [
        *([f"not in the file, assumed: {_listed(assumed, guessed)}"] if guessed else []),
        *([f"read from the graph: {_listed(found, list(found))}"] if found else []),
    ]
    if assumed["atrous_rates"] is None and "atrous_rates" not in (*found, *given):
        notes.append("the atrous rates are not in the file, assumed: 6, 12, 18 at output stride 16")
    return notes if found else [*notes, *_without_flags(told, (*assumed, *given))]


def open_settings(assumed: Mapping[str, Any], shapes: Mapping[str, Shape]) -> dict[str, str]:
    """Settings that cannot be assumed."""
    count = branches(shapes)
    needed = {}
    if count not in (0, _DEFAULT_BRANCHES) and not assumed.get("atrous_rates"):
        many, numbers = ("branch", "[N]") if count == 1 else ("branches", "N,N,…")
        needed["atrous_rates"] = (
            f"there must be {count} atrous {many}, of rates that are not in the file: "
            f"give as many numbers: --set atrous_rates={numbers}"
        )
    if published_cell(shapes) is False:
        needed["dense_prediction_cell"] = (
            "the dense prediction cell is not the published one, and its rates are not in the "
            "file: give --set dense_prediction_cell=JSON as the training had it"
        )
    return needed


def _without_flags(told: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """Settings that a training may have had, and that no checkpoint shows."""
    hidden = {
        "multi_grid": not told["variant"].startswith("mobilenet"),
        "image_pooling_crop_size": told.get("image_pooling", False),
        "image_pyramid": True,
        "bounded_activation": True,
    }
    names = [key for key, counts in hidden.items() if counts and key not in known]
    if not names:
        return []
    return [
        f"no checkpoint tells {', '.join(names)}: they are as without flags for them; where the "
        "training had one, give it with --set KEY=VALUE"
    ]


def _listed(values: Mapping[str, Any], keys: list[str]) -> str:
    return ", ".join(f"{key} = {_shown(values[key])}" for key in keys)


def _shown(value: Any) -> str:
    if value is None:
        return "as usual at that stride"
    if value == TOP_CITYSCAPES_CELL:
        return "the published cell for Cityscapes"
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return str(value)
