"""A command line of the original's scripts as one of ours, with what there is to say about it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segdata.original_flags.build_folders import shard_arguments, shard_notes
from segdata.original_flags.checkpoints import checkpoint_in, is_ours, is_run
from segdata.original_flags.flag import Script
from segdata.original_flags.network import UNSAID as UNSAID_NETWORK
from segdata.original_flags.network_settings import (
    DEFAULT_VARIANT,
    network_fields,
    without_effect,
)
from segdata.original_flags.reading import Reading, read
from segdata.original_flags.refusals import RESIZING, refuse_extra, refuse_missing, refuse_resizing
from segdata.original_flags.table import FLAGS, flags_of
from segdata.original_flags.train_settings import train_notes, train_settings

_SCRIPTS: dict[Script, str] = {
    "train": "train.py", "eval": "eval.py", "vis": "vis.py", "export": "export_model.py",
    "shard": "a script that makes shards",
}  # fmt: skip
# Options of segdata train that say the same as --set.
_SHORT = {"run.steps": "--steps", "network.variant": "--model", "data.batch_size": "--batch-size"}
# What segdata export writes.
_FORMATS = (".onnx", ".pt2", ".tflite")
# Shards and data sets that say their classes themselves.
_OURS = ("manifest.json", "dataset.toml")


@dataclass(frozen=True)
class Translation:
    """What a command line of the original's means.

    Args:
        arguments: those of our command.
        notes: what is to be said, a sentence each.
        values: what the flags said, by their names.
    """

    arguments: tuple[str, ...]
    notes: tuple[str, ...]
    values: Mapping[str, Any]


def speaks(arguments: Sequence[str]) -> bool:
    """Whether there is a flag of the original's among ``arguments``, perhaps a misspelt one.

    Our own options have no underscore.
    """
    names = {flag.name for flag in FLAGS} - {"dataset"}
    said = [word.lstrip("-–—").partition("=")[0].lower() for word in arguments if word[:1] in "-–—"]
    return any("_" in name or name in names for name in said)


def translate(
    script: Script, arguments: Sequence[str], own: Mapping[str, bool] | None = None
) -> Translation:
    """A command line in the original's flags as our command's arguments.

    Args:
        own: the options of our command, with dashes, and whether each takes a value; what is said
            with them stays as it is.

    Raises:
        UserError: a flag is misspelt, a trap or of another kind, or one is missing; with the
            corrected command line.
    """
    reading = read(script, arguments, own)
    refuse_extra(script, reading)
    refuse_missing(script, reading)
    made = (*_MAKERS[script](reading), *reading.rest)
    spelled = f"the same in segdata's words:  {shlex.join(['segdata', script, *made])}"
    return Translation(made, (*_words(script, reading), spelled), reading.values)


def _train(reading: Reading) -> Iterator[str]:
    values = reading.values
    yield from (_as_folder(values["dataset_dir"]),) if "dataset_dir" in values else ()
    yield from _option("--out", values.get("train_logdir"))
    yield from _option("--dataset", values.get("dataset", _default_of_shards(values)))
    for setting, value in train_settings(values).items():
        yield from _set(setting, value)


def _as_folder(path: str) -> str:
    """The original's flag names a folder; where none is, it is no data set's name either."""
    return path if Path(path).exists() or len(Path(path).parts) > 1 else f"./{path}"


def _default_of_shards(values: Mapping[str, Any]) -> str | None:
    """The original's; but shards and data sets of ours know their classes."""
    folder = Path(values.get("dataset_dir", ""))
    ours = any((folder / name).is_file() for name in _OURS)
    return None if ours else "pascal_voc_seg"


def _eval(reading: Reading) -> Iterator[str]:
    values = reading.values
    yield from _predicting(values, values.get("eval_crop_size", (513, 513)))
    yield from _option("--split", values.get("eval_split"))
    if "eval_logdir" in values:
        folder = values["eval_logdir"].rstrip("/\\")
        yield from ("--report", f"{folder}/report.json", "--report", f"{folder}/report.html")


def _vis(reading: Reading) -> Iterator[str]:
    values = reading.values
    yield from _predicting(values, values.get("vis_crop_size", (513, 513)))
    yield from _option("--split", values.get("vis_split"))
    yield from _option("--out", values.get("vis_logdir"))
    yield from _option("--colors", values.get("colormap_type"))
    if values.get("also_save_raw_predictions"):
        for kind in ("overlay", "side_by_side", "color", "raw"):
            yield from ("--kind", kind)
    yield "--overwrite"


def _export(reading: Reading) -> Iterator[str]:
    """The original's graph takes a photo, pads it to the crop and gives ids of its size."""
    values = reading.values
    refuse_resizing(reading)
    crop = values.get("crop_size", (513, 513))
    yield from _checkpoint(values, "checkpoint_path")
    path = values.get("export_path", "")
    if "--to" not in reading.rest and not path.endswith(_FORMATS):
        yield from ("--to", "onnx")
    yield from _option("--out", _as_file(path) if path else None)
    yield from _passes(values.get("inference_scales", ()), values.get("add_flipped_images"))
    yield from ("--preprocess", "--crop-size", ",".join(map(str, crop)))
    if "num_classes" in values:
        yield from ("--set", f"network.num_classes={values['num_classes']}")
    yield from _network({"image_pooling_crop_size": crop, **values})
    yield "--overwrite"


def _as_file(path: str) -> str:
    """A file of that name, without the suffix of a frozen graph; in a folder, under its name."""
    if path.endswith(_FORMATS):
        return path
    if path.endswith(("/", "\\")) or Path(path).is_dir():
        path = path.rstrip("/\\") + "/frozen_inference_graph.pb"
    return re.sub(r"(\.pb)?$", ".onnx", path, count=1)


def _predicting(values: Mapping[str, Any], crop: tuple[int, int]) -> Iterator[str]:
    """What eval and vis have in common.

    Unless it is told otherwise, the original pools features over the crop.
    """
    yield from _checkpoint(values, "checkpoint_dir")
    yield from _option("--shards", values.get("dataset_dir"))
    yield from _option("--dataset", values.get("dataset", _default_dataset(values)))
    yield from ("--crop-size", ",".join(map(str, crop)))
    yield from _passes(values.get("eval_scales", ()), values.get("add_flipped_images"))
    if not values.get("prediction_with_upsampled_logits", True):
        yield "--no-upsampled-logits"
    yield from _network({"image_pooling_crop_size": crop, **values})
    if "checkpoint_dir" in values and not is_ours(checkpoint_in(values["checkpoint_dir"])):
        for name in RESIZING:
            yield from ("--set", f"data.{name}={values[name]}") if name in values else ()


def _checkpoint(values: Mapping[str, Any], flag: str) -> Iterator[str]:
    if flag in values:
        yield checkpoint_in(values[flag])


def _default_dataset(values: Mapping[str, Any]) -> str | None:
    """The original's; but a run of ours knows its classes."""
    if not {"checkpoint_dir", "dataset_dir"} <= values.keys():
        return None
    known = is_run(checkpoint_in(values["checkpoint_dir"]))
    return None if known else _default_of_shards(values)


def _passes(scales: Sequence[float], flip: bool | None) -> Iterator[str]:
    if scales:
        yield from ("--scales", ",".join(map(str, scales)))
    if flip:
        yield "--flip"


def _network(values: Mapping[str, Any]) -> Iterator[str]:
    """What was said of the network; a checkpoint knows the rest."""
    for field, value in network_fields(values, "").items():
        if field not in UNSAID_NETWORK or field in values:
            yield from ("--set", f"network.{field}={_spelled(value)}")


_MAKERS: dict[Script, Callable[[Reading], Iterator[str]]] = {
    "train": _train,
    "eval": _eval,
    "vis": _vis,
    "export": _export,
    "shard": lambda reading: shard_arguments(reading.values),
}


def _option(option: str, value: str | None) -> Iterator[str]:
    if value is not None:
        yield from (option, value)


def _set(setting: str, value: Any) -> Iterator[str]:
    if setting in _SHORT:
        yield from (_SHORT[setting], str(value))
    else:
        yield from ("--set", f"{setting}={_spelled(value)}")


def _spelled(value: Any) -> str:
    """As ``--set`` reads it."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple) and len(value) > 1 and not isinstance(value[0], dict):
        return ",".join(map(str, value))
    return json.dumps(value, separators=(",", ":"))


def _words(script: Script, reading: Reading) -> Iterator[str]:
    """Why flags change nothing, and what differs; flags with one reason together."""
    table, reasons = flags_of(script), dict[str, list[str]]()
    for name in reading.values:
        if table[name].word:
            reasons.setdefault(table[name].word, []).append(f"--{name}")
    for name, scripts in reading.elsewhere.items():
        where = " and ".join(_SCRIPTS[other] for other in scripts)
        reasons.setdefault(f"read by {where} only", []).append(f"--{name}")
    for reason, flags in reasons.items():
        yield f"{', '.join(flags)}: {reason}"
    variant = DEFAULT_VARIANT if script == "train" else ""
    idle = without_effect(reading.values, variant)
    if idle:
        yield (
            f"{', '.join(f'--{name}' for name in idle)}: without effect, as in the original, where "
            f"--model_variant is {reading.values.get('model_variant', variant)}"
        )
    if script == "train":
        yield from train_notes(reading.values)
    if script == "shard":
        yield from shard_notes(reading.values)
