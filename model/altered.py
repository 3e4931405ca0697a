"""The weights of a checkpoint in a network that calculates otherwise.

The original's eval.py and vis.py take the network's flags once more, so a network that was trained
at one output stride may be measured at another, with other atrous rates. A flag that asks for
other weights goes unnoticed there, or ends in NotFoundError; here it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import torch

from model.checkpoint import Checkpoint
from model.config import TrainSettings
from model.network.deeplab import DeepLab
from model.network_settings import NetworkSettings
from model.rates import with_rates
from segdata.errors import UserError

# What a network does with its weights; how many rates there are decides over weights, too.
_ARITHMETIC = {
    f"network.{name}"
    for name in (
        "output_stride", "image_pooling_crop_size", "image_pooling_stride", "image_pyramid",
        "merge_method", "bounded_activation", "quantized_sigmoid", "faithful",
    )
}  # fmt: skip
_WITHOUT = "leave it out: the checkpoint knows the network it is of"


def altered(
    checkpoint: Checkpoint,
    assignments: Iterable[str],
    note: Callable[[str], None] = lambda sentence: None,
) -> Checkpoint:
    """The checkpoint with settings of its network changed, ``KEY=VALUE``.

    Another output stride brings other atrous rates with it, unless they are given.

    Args:
        note: is told what else changes.

    Raises:
        UserError: a setting is unknown, is none of the network's, or asks for other weights.
    """
    assignments = tuple(assignments)
    settings = checkpoint.settings.updated(assignments)
    other = _differences(checkpoint.settings, settings)
    strangers = [key for key in other if not key.startswith("network.")]
    if strangers:
        raise UserError(
            f"{strangers[0]} is a setting of the training, which is over", "leave it out"
        )
    if other and _shapes(settings.network) != _shapes(checkpoint.settings.network):
        said = "; ".join(
            f"{key} is {there}, not {here}"
            for key, (there, here) in other.items()
            if key not in _ARITHMETIC
        )
        raise UserError(f"the weights are of another network than asked for: {said}", _WITHOUT)
    network, sentence = with_rates(checkpoint.settings.network, settings.network, assignments)
    if sentence:
        note(sentence)
    return replace(checkpoint, settings=settings.model_copy(update={"network": network}))


def _differences(there: TrainSettings, here: TrainSettings) -> dict[str, tuple[Any, Any]]:
    old, new = there.model_dump(mode="json"), here.model_dump(mode="json")
    return {
        f"{group}.{name}": (value, new[group][name])
        for group, fields in old.items()
        for name, value in fields.items()
        if value != new[group][name]
    }


def _shapes(settings: NetworkSettings) -> dict[str, torch.Size]:
    """Names and sizes of the weights; on the meta device a network takes no memory."""
    with torch.device("meta"):
        return {name: tensor.shape for name, tensor in DeepLab(settings).state_dict().items()}
