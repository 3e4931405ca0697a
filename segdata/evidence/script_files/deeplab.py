"""Commands of the original DeepLab's programs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PureWindowsPath
from typing import Any, cast

from segdata.evidence.picture_reads import PictureRead
from segdata.evidence.script_files.absl_words import AbslWords
from segdata.evidence.script_files.lines import CommandLine
from segdata.evidence.scripts import Act, ScriptFacts, Trap
from segdata.evidence.settings import SettingsFacts
from segdata.original_flags.flag import Script
from segdata.original_flags.table import FLAGS, flags_of

_PROGRAMS: dict[str, Script] = {
    "train": "train", "eval": "eval", "vis": "vis", "export_model": "export",
}  # fmt: skip
_BUILDERS = frozenset({
    "build_voc2012_data.py", "build_cityscapes_data.py", "build_ade20k_data.py",
})  # fmt: skip
# It opens the photo of each name of a list; the others take what lies there.
_WITH_LISTS, _DEFAULT_FORMAT = "build_voc2012_data.py", flags_of("shard")["image_format"].default
_OURS = frozenset(flag.name for flag in FLAGS)
# Flags by the settings that hold them; crop sizes are called otherwise in each program.
_SAME = {
    "variant": "model_variant",
    "dataset": "dataset",
    "num_classes": "num_classes",
    "output_stride": "output_stride",
    "atrous_rates": "atrous_rates",
    "decoder_output_stride": "decoder_output_stride",
    "batch_size": "train_batch_size",
    "steps": "training_number_of_steps",
    "learning_rate": "base_learning_rate",
    "fine_tune_batch_norm": "fine_tune_batch_norm",
    "initial_checkpoint": "tf_initial_checkpoint",
    "initialize_last_layer": "initialize_last_layer",
    "last_layers_contain_logits_only": "last_layers_contain_logits_only",
    "top_k": "top_k_percent_pixels",
}
_CROPS = {"train": "train_crop_size", "eval": "eval_crop_size", "vis": "vis_crop_size",
          "export": "crop_size"}  # fmt: skip


def read_deeplab(command: CommandLine, file: str) -> ScriptFacts | None:
    """What the original's program makes of a command; None where it is no such program."""
    at, script = _program(command.words)
    if script is None:
        return None
    words = command.words[at + 1 :]
    if not _is_meant(command.words[at], words):
        return None
    read = AbslWords.of(script, words)
    where = f"{file}, line {command.line}"
    traps = [replace(trap, line=command.line) for trap in (*read.traps, *_cut_off(command))]
    return ScriptFacts(
        where=where,
        act=cast(Act, script),
        settings=_settings(script, read.values, where),
        traps=tuple(traps),
        command=_typed([*command.words[: at + 1], *read.corrected], command.cut),
    )


def read_builder(command: CommandLine, file: str) -> ScriptFacts | None:
    """The original's scripts that make shards: they copy label files as they are, and its trainer
    decodes them with one channel; None where it is no such script."""
    names = [_file_name(word) for word in command.words]
    at = next((at for at, name in enumerate(names) if name in _BUILDERS), None)
    if at is None:
        return None
    name = names[at]
    where = f"{file}, line {command.line}"
    read = PictureRead(
        what="mask", reader="tensorflow", grey=True, used=True, line=command.line,
        text=f"{name} copies label files, and decode_png(channels=1) reads them in training",
    )  # fmt: skip
    settings = SettingsFacts(where=where, tool="deeplab")
    said = AbslWords.of("shard", command.words[at + 1 :]).values.get("image_format")
    takes = f".{said or _DEFAULT_FORMAT}" if name == _WITH_LISTS else None
    return ScriptFacts(where=where, act="other", settings=settings, pictures=(read,), takes=takes)


def _file_name(word: str) -> str:
    return PureWindowsPath(word).name


def _is_meant(program: str, words: Sequence[str]) -> bool:
    """Whether it is the original's program: it lies in deeplab/, or has flags that no other has.

    Many people's own train.py knows --dataset; few know --train_crop_size.
    """
    flags = {word.lstrip("-–—").partition("=")[0].lower() for word in words}
    if "deeplab" in PureWindowsPath(program).parts or "deeplab." in program:
        return bool(flags & _OURS)
    return any("_" in flag for flag in flags & _OURS)


def _program(words: tuple[str, ...]) -> tuple[int, Script | None]:
    """Where the program's name stands, and whose it is: train.py, -m deeplab.train."""
    for at, word in enumerate(words):
        name = PureWindowsPath(word).name
        module = name.removesuffix(".py").rpartition(".")[2]
        if module in _PROGRAMS and (name.endswith(".py") or "deeplab" in name):
            return at, _PROGRAMS[module]
    return 0, None


def _cut_off(command: CommandLine) -> list[Trap]:
    effect = "the command ended before it: the line above lacks its \\, or has a blank behind it"
    mend = "end the line above with \\ and nothing behind it"
    return [Trap("cut off", " ".join(line.split()), effect, mend) for line in command.cut]


def _typed(words: list[str], cut: tuple[str, ...]) -> str:
    """The command with the lines that it should have had."""
    more = [word.rstrip("\\") for line in cut for word in line.split()]
    return shlex.join([*words, *(word for word in more if word)])


def _settings(script: Script, values: Mapping[str, Any], where: str) -> SettingsFacts:
    """What was said, and the program's defaults for the rest."""
    flags = flags_of(script)
    said = {name: values.get(flag, flags[flag].default) for name, flag in _SAME.items()
            if flag in flags}  # fmt: skip
    for name in ("atrous_rates", "decoder_output_stride"):
        said[name] = tuple(said[name] or ())
    crop = _CROPS[script]
    weights = values.get("label_weights")
    if weights and len(weights) > 1:
        said["class_weights"] = dict(enumerate(weights))
    return SettingsFacts(
        where=where,
        tool="deeplab",
        crop_size=values.get(crop, flags[crop].default),
        said=frozenset(name for name, flag in _SAME.items() if flag in values)
        | ({"crop_size"} if crop in values else set()),
        hard_mining_steps=values.get("hard_example_mining_step", 0),
        **said,
    )
