"""Why a checkpoint does not fit the network of a training, and all that makes it fit, at once."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.config import InitializationSettings
from model.importing.matching import Match, differences
from model.importing.naming import part_of
from model.importing.recognition import Recognized
from model.network_settings import BACKBONE_SHAPES, NetworkSettings
from segdata.errors import UserError

_ANEW = "initialize_last_layer"
_LOGITS_ONLY = "last_layers_contain_logits_only"
# Settings on which the shapes of the head's weights depend.
_HEAD = (
    "aspp_filters", "aspp_separable", "aspp_projection", "aspp_squeeze_excitation",
    "aspp_batch_norm", "image_pooling", "dense_prediction_cell", "decoder_output_stride",
    "decoder_filters", "decoder_separable", "decoder_sum_merge", "decoder_is_logits",
    "low_level_filters", "logits_kernel_size",
)  # fmt: skip


@dataclass(frozen=True)
class Misfit:
    """A file and a network that may not go together.

    Args:
        path: the file.
        recognized: what it is of.
        network: the network's settings.
        asked: what was asked for.
    """

    path: Path
    recognized: Recognized
    network: NetworkSettings
    asked: InitializationSettings

    def refuse_other_backbone(self, scope: str) -> None:
        """Raise a UserError where the network's backbone, of that scope, is not the file's."""
        if self.recognized.scope == scope:
            return
        ours, theirs = self.network.variant, self.recognized.settings.variant
        needed = f"--set variant={theirs}" if self.asked.take_network else self._all_needed()
        raise UserError(
            f"{self.path} is of {theirs}, and this network is {ours}: none of its weights would "
            "be found",
            f"{needed} (--model_variant={theirs}), or give a file of {ours}",
        )

    def refuse(self, found: Match) -> None:
        """Raise a UserError where a shape differs, or nothing of the backbone is found."""
        if found.misshapen:
            lines = "\n  ".join(differences(Match((), {}, found.misshapen, {}, ()), {}))
            raise UserError(f"{self.path} does not fit this network: {lines}", self._remedy())
        scope = self.recognized.scope
        if not any(part_of(name, scope) == "backbone" for name in found.used):
            raise UserError(
                f"{self.path} has nothing of the backbone {self.network.variant}: the training "
                "would begin from random weights",
                "give a checkpoint of that backbone, or leave initialization.checkpoint out",
            )

    def _remedy(self) -> str:
        """The settings that make weights of other shapes fit, or leave them out."""
        backbone, head = self._assignments(BACKBONE_SHAPES), self._head()
        classes = self._flags_for_classes()
        if not (backbone or head or classes):
            return "no setting makes it fit: fetch it again, or give another file"
        if not (backbone or head):
            return self._for_classes(classes)
        if not head:
            return _joined([backbone, classes])
        anew = "" if self.asked.initialize_last_layer is False else f"--set {_ANEW}=false"
        less = f"{_LOGITS_ONLY} left out" if self.asked.last_layers_contain_logits_only else ""
        redrawn = " and ".join(part for part in (_joined([anew, backbone]), less) if part)
        return (
            f"for the file's own head, {_joined([backbone, head, classes])}; to draw logits, ASPP "
            f"and decoder anew and keep the backbone, {redrawn}"
        )

    def _all_needed(self) -> str:
        return _joined(
            [self._assignments(BACKBONE_SHAPES), self._head(), self._flags_for_classes()]
        )

    def _for_classes(self, flags: str) -> str:
        ours, theirs = self.network.num_classes, self.recognized.settings.num_classes
        kept = "backbone" if self.recognized.settings.decoder_is_logits else "rest"
        return (
            f"the file tells {theirs} classes apart, this network {ours}: to draw the logits anew "
            f"and keep the {kept}, {flags}"
        )

    def _flags_for_classes(self) -> str:
        """What leaves weights out whose shape is the number of classes."""
        theirs, asked = self.recognized.settings, self.asked
        differs = theirs.num_classes not in (None, self.network.num_classes)
        if not differs or not self.asked.keeps_head:
            return ""
        anew = f"--set {_ANEW}=false" if asked.initialize_last_layer else ""
        if theirs.decoder_is_logits:
            # Its logits are in the decoder.
            only = f"--set {_LOGITS_ONLY}=false" if asked.last_layers_contain_logits_only else ""
        elif asked.last_layers_contain_logits_only:
            only = ""
        else:
            only = f"--set {_LOGITS_ONLY}=true"
        return _joined([anew, only])

    def _head(self) -> str:
        """The assignments that make the network's head the file's, if it is to be kept."""
        recognized, ours = self.recognized, self.network
        if not recognized.has_head or not self.asked.keeps_head:
            return ""
        rates = ""
        if recognized.branches != len(ours.rates):
            rates = f"--set {shlex.quote(f'atrous_rates={self._rates()}')}"
        return _joined([rates, self._assignments(_HEAD)])

    def _rates(self) -> str:
        """The file's rates; placeholders where it does not tell them."""
        theirs, count = self.recognized.settings, self.recognized.branches
        if len(theirs.rates) == count:
            return _written(theirs.atrous_rates)
        return ",".join(f"R{n + 1}" for n in range(count))

    def _assignments(self, keys: Iterable[str]) -> str:
        """The file's values, where it tells them and the network has others."""
        recognized, ours = self.recognized, self.network
        theirs = recognized.settings
        told = {**recognized.told, **recognized.assumed}
        values = theirs.model_dump(mode="json")
        return _joined(
            f"--set {shlex.quote(f'{key}={_written(values[key])}')}"
            for key in keys
            if key in told and getattr(ours, key) != getattr(theirs, key)
        )


def _joined(parts: Iterable[str]) -> str:
    return " ".join(part for part in parts if part)


def _written(value: Any) -> str:
    """A setting as an assignment takes it."""
    return value if isinstance(value, str) else json.dumps(value).replace(" ", "")
