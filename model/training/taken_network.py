"""A training that begins from a checkpoint takes its network over, but for what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model.config import TrainSettings
from model.importing.recognition import Recognized, recognize
from model.importing.source import opened
from model.network_in_words import backbone_in_words, head_in_words
from model.network_settings import BACKBONE_SHAPES, NetworkSettings
from model.run_folder import RunConfig
from segdata.errors import UserError

# What a backbone is, whatever stands behind it.
BACKBONE = (*BACKBONE_SHAPES, "multi_grid", "bounded_activation")


@dataclass(frozen=True)
class TakenNetwork:
    """Settings with the network of the checkpoint that they name.

    Args:
        settings: those that were given, and the checkpoint's where none were.
        names: of the network's settings that are the checkpoint's.
        notes: what was taken over, in a sentence.
    """

    settings: TrainSettings
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def with_network_of_checkpoint(settings: TrainSettings, earlier: RunConfig | None) -> TakenNetwork:
    """Take over every setting of the network that was not set; the number of classes is the data's.

    Args:
        earlier: the run that goes on: it knows what it took over, and the file is not needed.

    Raises:
        UserError: the file cannot be read, does not tell a setting that must be known, or
            contradicts one that was given.
    """
    beginning = settings.initialization
    if beginning.checkpoint is not None and not beginning.checkpoint.strip():
        raise UserError(
            "initialization.checkpoint is empty; is a variable of the shell not set?",
            "give a file, or leave it out to begin from random weights",
        )
    if beginning.checkpoint is None or not beginning.take_network:
        return TakenNetwork(settings)
    given = settings.network.model_fields_set
    if earlier is not None:
        known = dict(earlier.settings.network)
        values = {name: known[name] for name in earlier.taken if name not in given}
        return TakenNetwork(_merged(settings, values), tuple(values))
    path = Path(beginning.checkpoint)
    with opened(path) as source:
        recognized = recognize(source)
    theirs = recognized.settings
    if "variant" in given and settings.network.variant != theirs.variant:
        # Told when the weights are read: not one of them fits, or only the stem's do not.
        return TakenNetwork(settings)
    _refuse_unknown(recognized, settings, path)
    values = {
        name: value
        for name, value in dict(theirs).items()
        if name not in given and name != "num_classes" and (recognized.has_head or name in BACKBONE)
    }
    merged = _merged(settings, values)
    return TakenNetwork(merged, tuple(values), (_note(merged.network, recognized, path),))


def _merged(settings: TrainSettings, values: Mapping[str, Any]) -> TrainSettings:
    try:
        network = NetworkSettings.model_validate({**dict(settings.network), **values})
    except ValidationError as error:
        raise _contradiction(error, settings.initialization.checkpoint) from error
    return settings.model_copy(update={"network": network})


def _refuse_unknown(recognized: Recognized, settings: TrainSettings, path: Path) -> None:
    """Raise a UserError where a setting of the head that is kept is in no file, and not given."""
    missing = [key for key in recognized.open if key not in settings.network.model_fields_set]
    if missing and settings.initialization.keeps_head:
        examples = {"atrous_rates": ",".join(f"R{n + 1}" for n in range(recognized.branches))}
        raise UserError(
            f"{path} does not tell {' and '.join(missing)}, which the training had",
            " ".join(f"--set {key}={examples.get(key, 'JSON')}" for key in missing)
            + ", or draw the head anew: --set initialize_last_layer=false",
        )


def _contradiction(error: ValidationError, path: str | None) -> UserError:
    reason = error.errors()[0]["msg"].removeprefix("Value error, ")
    return UserError(
        f"the network is that of {path} but for what was set, and these contradict each other: "
        f"{reason}",
        "leave out what was set of the network, or set all of it: --set take_network=false",
    )


def _note(network: NetworkSettings, recognized: Recognized, path: Path) -> str:
    theirs, part = recognized.settings, "network" if recognized.has_head else "backbone"
    own = [
        name
        for name, value in dict(network).items()
        if value != getattr(theirs, name)
        and name != "num_classes"
        and (recognized.has_head or name in BACKBONE)
    ]
    but = f" but for {', '.join(own)}" if own else ""
    words = backbone_in_words(network)
    if recognized.has_head:
        words += f", {head_in_words(network)}"
        words += ", computing as the original (faithful)" if network.faithful else ""
    return f"the {part} is that of {path}{but}: {words}; other settings: --set KEY=VALUE"
