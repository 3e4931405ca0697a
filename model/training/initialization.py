"""First weights of a training: what the original's ``tf_initial_checkpoint`` and its flags do.

Every variable of the network that the file has is taken, but for counters. With
``initialize_last_layer = false`` the last layers are left as they were drawn: the logits only if
``last_layers_contain_logits_only``, else image pooling, ASPP, projection, decoder and dense
prediction cell as well. What the file does not have stays drawn, and is named. Other than in the
original a file that has nothing of the backbone is refused, and an optimizer's momentum is not
taken over: it begins at zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from model.config import InitializationSettings
from model.importing.layout import original_shape
from model.importing.matching import Match, match
from model.importing.naming import HEAD
from model.importing.reading import tensor_of
from model.importing.recognition import Recognized, recognize
from model.importing.source import opened
from model.importing.tensors import Shape
from model.network.deeplab import DeepLab
from model.network.original_names import variables_of
from model.training.misfit import Misfit

_SHOWN = 4


@dataclass(frozen=True)
class Initialized:
    """Where a network's first weights came from.

    Args:
        path: the file.
        kind: what it is, in words.
        match: what was used; what the file lacks; what the network does not have.
        skipped: variables of the last layers, which were to be drawn anew.
        notes: what else a person should know.
    """

    path: Path
    kind: str
    match: Match
    skipped: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was done, in words: the first says how much, the others what was not taken."""
        missing, unused = tuple(self.match.missing), tuple(self.match.left_over)
        used = len(self.match.used)
        total = used + len(missing) + len(self.skipped)
        listed = (
            (self.skipped, "drawn anew, as initialize_last_layer = false asks for"),
            (missing, "not in the file, and drawn at random"),
            (unused, "in the file, and not in this network"),
        )
        return (
            f"initialized {used} of {total} variables from {self.path} ({self.kind})",
            *(f"{len(names)} {what}: {_parts(names)}" for names, what in listed if names),
            *self.notes,
        )


def first_weights(
    network: DeepLab, settings: InitializationSettings, step: int | None
) -> tuple[str, ...]:
    """Give a network its first weights where a file of them is named; says what was done.

    Args:
        step: of the checkpoint from which the run goes on; None where it begins. A checkpoint of
            the run wins.

    Raises:
        UserError: as :func:`initialize`.
    """
    if settings.checkpoint is None:
        return ()
    if step is not None:
        return (
            f"{settings.checkpoint} is not read again: this run has a checkpoint of step {step} "
            "and goes on from it; to begin anew from that file choose another --out",
        )
    return initialize(network, settings).sentences


def initialize(network: DeepLab, settings: InitializationSettings) -> Initialized:
    """Copy the weights of a file into a network.

    Raises:
        UserError: the file cannot be read, is of another backbone, has nothing of the network, or
            has variables of another shape; which settings to give.
    """
    assert settings.checkpoint is not None
    path = Path(settings.checkpoint)
    names, state = variables_of(network), network.state_dict()
    shapes = {v: original_shape(v, state[name].shape) for name, v in names.items()}
    with opened(path) as source:
        recognized = recognize(source)
        misfit = Misfit(path, recognized, network.settings, settings)
        misfit.refuse_other_backbone(network.backbone.scope)
        skipped = () if settings.initialize_last_layer else _last_layers(shapes, settings)
        wanted = {name: shape for name, shape in shapes.items() if name not in skipped}
        rest = {name: shape for name, shape in recognized.shapes.items() if name not in skipped}
        found = match(rest, wanted, recognized.scope)
        misfit.refuse(found)
        used = frozenset(found.used)
        # All are read before one is copied: a damaged file changes nothing.
        tensors = {n: tensor_of(source, recognized, v) for n, v in names.items() if v in used}
    with torch.no_grad():
        for name, tensor in tensors.items():
            state[name].copy_(tensor)
    notes = (*source.notes, *_notes(found, recognized, network))
    return Initialized(path, source.kind, found, skipped, notes)


def _last_layers(shapes: Mapping[str, Shape], settings: InitializationSettings) -> tuple[str, ...]:
    """The variables of the last layers, by the beginnings of their names as in the original."""
    scopes = HEAD[:1] if settings.last_layers_contain_logits_only else HEAD
    return tuple(name for name in shapes if name.startswith(scopes))


def _notes(found: Match, recognized: Recognized, network: DeepLab) -> list[str]:
    notes = []
    theirs, ours = recognized.settings, network.settings
    if theirs.variant != ours.variant:
        notes.append(
            f"the file is of {theirs.variant}, this network is {ours.variant}: the stems differ"
        )
    if theirs.decoder_output_stride and not ours.decoder_output_stride:
        notes.append(
            "the file has a decoder, and this network none: set decoder_output_stride to use it"
        )
    if recognized.branches and not ours.rates:
        notes.append("the file has atrous branches, and this network none: set atrous_rates")
    if any(found.foreign):
        notes.append(f"{len(found.foreign)} of unknown names: {_parts(found.foreign)}")
    return notes


def _parts(names: Iterable[str]) -> str:
    """How many variables of each scope; the variables themselves where they are few."""
    names = list(names)
    if len(names) <= _SHOWN:
        return ", ".join(names)
    counts = Counter(name.partition("/")[0] for name in names)
    return ", ".join(f"{scope} ({count})" for scope, count in counts.most_common())
