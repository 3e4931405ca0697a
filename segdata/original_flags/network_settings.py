"""Flags of common.py as fields of ``model.network_settings.NetworkSettings``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from segdata.errors import UserError
from segdata.original_flags.network import FLAGS, UNSAID
from segdata.original_flags.reading import read

_GROUP = "network."
# Flags that only some backbones heed (feature_extractor.py), by how their names begin.
_HEEDED_BY = {
    "multi_grid": ("resnet", "xception"),
    "depth_multiplier": ("mobilenet",),
    "divisible_by": ("mobilenet_v2",),
}
# common.py.
DEFAULT_VARIANT = "mobilenet_v2"


def network_settings_of(flags: Sequence[str]) -> dict[str, Any]:
    """The network that the original builds when it is given ``flags``, as keyword arguments.

    Flags that say nothing of the network are left out. Without a flag for them there are neither
    atrous branches nor a decoder, as in the original; ``num_classes`` is never among the fields,
    because the data say it there. Imports neither click, pydantic nor torch.

    Raises:
        UserError: a flag that the original lacks or a value that it refuses; a cell's file that
            cannot be read.
    """
    return network_fields(read("train", flags).values, DEFAULT_VARIANT)


def network_fields(values: Mapping[str, Any], variant: str) -> dict[str, Any]:
    """The same, from values by the names of flags.

    Args:
        variant: the backbone where ``values`` name none; empty where a checkpoint knows it.
    """
    fields, idle = dict(UNSAID), without_effect(values, variant)
    for flag in FLAGS:
        if flag.setting and flag.name in values and flag.name not in idle:
            fields[flag.setting.removeprefix(_GROUP)] = values[flag.name]
    if "dense_prediction_cell" in fields:
        fields["dense_prediction_cell"] = _cell(fields["dense_prediction_cell"])
    return fields


def without_effect(values: Mapping[str, Any], variant: str) -> list[str]:
    """The flags among ``values`` that the original's backbone does not heed."""
    said = values.get("model_variant", variant)
    return [
        name
        for name, families in _HEEDED_BY.items()
        if name in values and said and not said.startswith(families)
    ]


def _cell(file: str) -> tuple[dict[str, Any], ...]:
    """The branches in a file such as dense_prediction_cell_branch5_top1_cityscapes.json."""
    if not file:
        return ()
    try:
        branches = json.loads(Path(file).read_text("utf-8"))
        return tuple(
            {key: _plain(key, value) for key, value in branch.items()} for branch in branches
        )
    except OSError as error:
        raise UserError(
            f"cannot read the dense prediction cell {file}: {error.strerror}",
            "give its path behind --dense_prediction_cell_json=",
        ) from error
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(
            f"{file} is not a dense prediction cell: {error}",
            'it is a JSON list of branches such as {"op": "conv", "kernel": 3, "rate": [6, 6], '
            '"input": -1}',
        ) from error


def _plain(key: str, value: Any) -> Any:
    """Lists as tuples; the original takes a kernel of 1 as ``[1, 1]``, too."""
    if key == "kernel" and isinstance(value, list):
        return value[0]
    return tuple(value) if isinstance(value, list) else value
