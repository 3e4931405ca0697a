"""From names and shapes to the settings of the network that they are of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model.checkpoint import Checkpoint
from model.importing.assumptions import assumed_settings, assumption_notes, open_settings
from model.importing.backbones import Backbone, recognized_backbone
from model.importing.graph_facts import facts_of
from model.importing.graph_images import images_of
from model.importing.heads import branches, low_level_channels, recognized_head, stages
from model.importing.layout import layout_of
from model.importing.naming import HEAD, Reason, set_aside
from model.importing.source import Source, telling
from model.importing.tensors import Shape
from model.network_settings import BACKBONE_SHAPES, DecoderStride, NetworkSettings
from segdata.errors import UserError

# Ids have 16 bits; all others are far beyond any network that was trained.
_LARGEST = {
    "num_classes": 65535, "aspp_filters": 8192, "decoder_filters": 8192, "low_level_filters": 8192,
    "logits_kernel_size": 15,
}  # fmt: skip
_MOST_BRANCHES = 16
_STRIDES: tuple[DecoderStride, ...] = (16, 8, 4)


@dataclass(frozen=True)
class Recognized:
    """What a file is of.

    Args:
        scope: the backbone's.
        names: of every variable that can be a weight, as the original spells it: the file's own.
        shapes: of those.
        aside: variables that are no weights of a segmentation network, by the reason.
        told: settings that follow from names and shapes: others would not fit.
        assumed: settings that are nowhere in the file, or only in its graph.
        found: those that its graph tells.
        branches: atrous branches of the ASPP.
        notes: what else a person should know, in sentences.
        open: settings that must be given, and why.
        data: how images are resized before the network, where a graph tells it.
    """

    scope: str
    names: Mapping[str, str]
    shapes: Mapping[str, Shape]
    aside: Mapping[Reason, tuple[str, ...]]
    told: Mapping[str, Any]
    assumed: Mapping[str, Any]
    found: Mapping[str, Any]
    branches: int
    notes: tuple[str, ...]
    open: Mapping[str, str]
    data: Mapping[str, int]

    @property
    def has_head(self) -> bool:
        """Whether there is anything behind the backbone."""
        return any(name.startswith(HEAD) for name in self.shapes)

    def all_notes(self, given: Collection[str] = ()) -> tuple[str, ...]:
        """The notes, and what was assumed; of the settings in ``given`` nothing was."""
        if not self.told:
            return self.notes
        return (*assumption_notes(self.told, self.assumed, self.found, given), *self.notes)

    @property
    def settings(self) -> NetworkSettings:
        """The network as recognized and assumed."""
        return NetworkSettings(**{"faithful": True, **self.told, **self.assumed})


def recognize(source: Source) -> Recognized:
    """Tell the network that a file's variables are of; a checkpoint of segdata says it itself.

    Raises:
        UserError: they are of none that there is here, or say impossible things.
    """
    return _by_names(source) if source.own is None else _as_saved(source, source.own)


def _by_names(source: Source) -> Recognized:
    # TensorFlow refuses such names; a terminal would obey them.
    if not all(map(str.isprintable, source.shapes)):
        raise UserError(f"{source.path} has names that are no text", "it is damaged, or made up")
    backbone = recognized_backbone(source.shapes, source.path)
    # An object of another library keeps the original's names behind its own.
    names = {name.removeprefix(backbone.prefix): name for name in source.shapes}
    aside = set_aside(names, backbone.scope)
    no_weights = {name for these in aside.values() for name in these}
    weights = {ours: theirs for ours, theirs in names.items() if ours not in no_weights}
    shapes = {ours: source.shapes[theirs] for ours, theirs in weights.items()}
    told = _told(backbone, shapes, source.path)
    with telling(source.path):
        found = facts_of(source.graph, backbone.scope, branches(shapes)) if source.graph else {}
        images = images_of(source.graph, found.get("output_stride", 1)) if source.graph else None
    assumed = assumed_settings(told, shapes, found)
    notes = [f"its names begin with {backbone.prefix}"] if backbone.prefix else []
    notes += images.notes if images else []
    recognized = Recognized(
        backbone.scope, weights, shapes, aside, told, assumed, found, branches(shapes),
        tuple(notes), open_settings(assumed, shapes), (images and images.resize) or {},
    )  # fmt: skip
    _refuse_contradiction(recognized, source.path)
    return recognized


def _refuse_contradiction(recognized: Recognized, path: Path) -> None:
    try:
        _ = recognized.settings
    except ValidationError as error:
        reason = error.errors()[0]
        place = ".".join(map(str, reason["loc"]))
        raise UserError(
            f"{path} is of no network that there can be: {place} {reason['msg']}",
            "it is damaged, or made up",
        ) from error


def _as_saved(source: Source, own: Checkpoint) -> Recognized:
    network = own.settings.network
    shapes = source.shapes
    return Recognized(
        scope=layout_of(network).scope,
        names={name: name for name in shapes},
        shapes=shapes,
        aside={},
        told={},
        assumed={key: getattr(network, key) for key in type(network).model_fields},
        found={},
        branches=len(network.rates),
        notes=(),
        open={},
        data={},
    )


def _told(backbone: Backbone, shapes: Mapping[str, Shape], path: Path) -> dict[str, Any]:
    told = {**backbone.settings}
    if any(name.startswith(HEAD) for name in shapes):
        told |= recognized_head(shapes)
    else:
        told["decoder_output_stride"] = ()
    for key, most in _LARGEST.items():
        if not 0 < told.get(key, 1) <= most:
            raise UserError(f"{path} says that {key} is {told[key]}", "it is damaged, or made up")
    if branches(shapes) > _MOST_BRANCHES or stages(shapes) > len(_STRIDES):
        raise UserError(
            f"{path} says that the ASPP has {branches(shapes)} branches and the decoder "
            f"{stages(shapes)} stages",
            "it is damaged, or made up",
        )
    if stages(shapes):
        told["decoder_output_stride"] = _decoder_strides(told, shapes)
    return told


def _decoder_strides(told: Mapping[str, Any], shapes: Mapping[str, Shape]) -> tuple[int, ...]:
    """The stride of each stage: every backbone has other channels at every stride."""
    count = stages(shapes)
    try:
        settings = {key: told[key] for key in BACKBONE_SHAPES if key in told}
        layout = layout_of(NetworkSettings(**settings, decoder_output_stride=_STRIDES))
    except ValidationError:
        return _STRIDES[-count:]
    by_channels = {channels: stride for stride, channels in layout.low_level.items()}
    found = [by_channels.get(low_level_channels(shapes, n) or 0) for n in range(count)]
    strides = tuple(stride for stride in found if stride)
    is_descending = list(strides) == sorted(set(strides), reverse=True)
    return strides if len(strides) == count and is_descending else _STRIDES[-count:]
