"""Lines that are spelled rightly, and still cannot be what was meant."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from segdata.errors import UserError
from segdata.original_flags.flag import Script
from segdata.original_flags.reading import Reading
from segdata.original_flags.table import flags_of
from segdata.original_flags.values import placeholder

RESIZING = ("min_resize_value", "max_resize_value", "resize_factor")
# Flags without which the original's script ends, too.
_REQUIRED: dict[Script, tuple[str, ...]] = {
    "train": ("dataset_dir", "train_logdir"),
    "eval": ("checkpoint_dir", "eval_logdir"),
    "vis": ("checkpoint_dir", "vis_logdir"),
    "export": ("checkpoint_path", "export_path"),
    "shard": (),
}


def refuse_extra(script: Script, reading: Reading) -> None:
    """Raise a UserError for arguments beside flags that say the same, as of a path with blanks."""
    table = flags_of(script)
    taken = script == "shard" or any(table[name].option.isupper() for name in reading.values)
    extra = reading.arguments if taken else reading.arguments[1:]
    if extra:
        others = reading.arguments[: -len(extra)]
        raise UserError(
            f"{' '.join(extra)}: it belongs to no flag, so the original would leave it aside",
            "put quotes around the flag whose path has a blank; or, without it:\n"
            + _line(script, [*others, *reading.options]),
        )


def refuse_missing(script: Script, reading: Reading) -> None:
    """Raise a UserError without the flags that the original demands.

    An option or argument of ours may stand for one.
    """
    options = flags_of(script)
    missing = [
        name
        for name in _REQUIRED[script]
        if name not in reading.values
        and not any(word.partition("=")[0] == options[name].option for word in reading.rest)
        and not (options[name].option.isupper() and reading.arguments)
    ]
    if missing and not {"-h", "--help"} & set(reading.rest):
        flags = [f"--{name}={placeholder(options[name])}" for name in missing]
        raise UserError(
            f"{' and '.join(f'--{name}' for name in missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing",
            _line(script, [*reading.arguments, *reading.options, *flags]),
        )


def refuse_resizing(reading: Reading) -> None:
    """Raise a UserError where an exported file is to resize photos, as the original's does."""
    said = [f"--{name}" for name in RESIZING if name in reading.values]
    if said:
        others = [word for word in reading.options if word.partition("=")[0] not in said]
        raise UserError(
            f"{', '.join(said)}: a file that segdata exports resizes no photos",
            "resize them before they go into the file, and export without:\n"
            + _line("export", [*reading.arguments, *others]),
        )


def _line(script: Script, words: Iterable[str]) -> str:
    return shlex.join(["segdata", script, *words])
