"""What a run's settings come to: everything left open is chosen; a resumed run is compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from model.config import TrainSettings
from model.crops import choose_crop_size, crop_advice
from model.hardware import Hardware
from model.run_folder import RunConfig
from segdata.errors import UserError
from segdata.manifest import ShardManifest, SplitInfo

# Settings that decide how a run is carried out, not what comes out: a resumed run may change them.
_FREE = {"run": ("threads", "save_every", "device"), "data": ("workers",)}


def resolved(
    settings: TrainSettings, manifest: ShardManifest, shards: Path, hardware: Hardware
) -> RunConfig:
    """The settings with everything that was left open chosen, and the reasons.

    Raises:
        UserError: the split is not there or empty, or a setting contradicts the classes.
    """
    split = _split(manifest, settings.data.split)
    num_classes = _num_classes(settings, manifest.num_classes)
    choices = [hardware.reason]
    crop_size = settings.data.crop_size
    if crop_size is None:
        largest = [(split.max_height, split.max_width)]
        crop = choose_crop_size(largest, settings.network.output_stride)
        crop_size = crop.size
        choices.insert(0, crop.reason)
    settings = settings.replaced(
        {
            "network": {"num_classes": num_classes},
            "data": {"crop_size": crop_size},
            "run": {"precision": hardware.precision},
        }
    )
    place, digest = str(shards.resolve()), manifest.digest
    return RunConfig(settings, place, digest, manifest.class_map, tuple(choices))


def refuse_differences(
    earlier: RunConfig, now: RunConfig, asked: TrainSettings, path: Path
) -> None:
    """Raise a UserError if ``now`` would train otherwise than the run in ``path`` did.

    Args:
        asked: the settings before they were resolved; a precision of "auto" agrees with whatever
            the run chose, perhaps on another machine.
    """
    if earlier.data_digest != now.data_digest:
        raise UserError(
            f"{path} was trained on other shards "
            f"(digest {earlier.data_digest}, now {now.data_digest})",
            "choose another --out, or give it the shards of the run",
        )
    ours, theirs = _flat(now.settings), _flat(earlier.settings)
    free = {f"{group}.{name}" for group, names in _FREE.items() for name in names}
    if asked.run.precision == "auto":
        free.add("run.precision")
    differing = [
        f"{key} = {theirs[key]} there, {ours[key]} now"
        for key in ours
        if ours[key] != theirs[key] and key not in free
    ]
    if differing:
        raise UserError(
            f"{path} holds a run with other settings: {'; '.join(differing)}",
            "choose another --out for these settings, or repeat the run's own to resume it",
        )


def continued(earlier: RunConfig, now: RunConfig) -> RunConfig:
    """The earlier run's configuration, with what a resumed run may change taken from ``now``."""
    new = now.settings.model_dump()
    changes = {group: {name: new[group][name] for name in names} for group, names in _FREE.items()}
    settings = earlier.settings.replaced(changes)
    return replace(earlier, settings=settings, shards=now.shards)


def crop_notes(settings: TrainSettings, manifest: ShardManifest) -> tuple[str, ...]:
    """What there is to say of a crop that was asked for."""
    if settings.data.crop_size is None:
        return ()
    info = manifest.splits[settings.data.split]
    largest = (info.max_height, info.max_width)
    advice = crop_advice(settings.data.crop_size, largest, settings.network.output_stride)
    return (advice,) if advice else ()


def _split(manifest: ShardManifest, name: str) -> SplitInfo:
    if not manifest.of_split(name) or not manifest.splits[name].samples:
        raise UserError(f"the split {name!r} is empty", "choose another: --set split=NAME")
    return manifest.splits[name]


def _num_classes(settings: TrainSettings, of_data: int) -> int:
    num_classes = settings.network.num_classes or of_data
    if num_classes < of_data:
        raise UserError(
            f"num_classes = {num_classes}, but the labels have ids up to {of_data - 1}",
            "leave num_classes out: it is taken from the data",
        )
    weights = settings.loss.class_weights
    if isinstance(weights, tuple) and len(weights) != num_classes:
        raise UserError(
            f"class_weights has {len(weights)} values for {num_classes} classes",
            "give one weight per class id, or class_weights=balanced",
        )
    return num_classes


def _flat(settings: TrainSettings) -> dict[str, Any]:
    groups = settings.model_dump(mode="json")
    return {f"{g}.{name}": value for g, fields in groups.items() for name, value in fields.items()}
