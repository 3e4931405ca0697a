"""The flags that several scripts have, and those of absl, which every script has."""

from __future__ import annotations

from segdata.original_flags.flag import NETWORK_SCRIPTS, Flag, Script, idle

_ALL: tuple[Script, ...] = (*NETWORK_SCRIPTS, "shard")
_NOT_TRAIN: tuple[Script, ...] = ("eval", "vis", "export")
_TO_STDERR = "progress and notes go to stderr in any case"
_OWN_SIZE = (
    "it counts for checkpoints of TensorFlow's; a run resizes pictures as in its training. "
    "Predictions are brought back to the pictures' own size"
)
_UNRESIZED = "refused: a file that segdata exports resizes no photos"


def _resizing(name: str) -> Flag:
    return Flag(
        name=name, kind="integer", scripts=("eval", "vis"), setting=f"data.{name}", word=_OWN_SIZE
    )


FLAGS = (
    _resizing("min_resize_value"),
    idle(("export",), "min_resize_value", "integer", None, _UNRESIZED),
    _resizing("max_resize_value"),
    idle(("export",), "max_resize_value", "integer", None, _UNRESIZED),
    _resizing("resize_factor"),
    idle(("export",), "resize_factor", "integer", None, _UNRESIZED),
    idle(_NOT_TRAIN, "label_weights", "floats", None, "only training has a loss to weigh"),
    idle(
        NETWORK_SCRIPTS, "quantize_delay_step", "integer", -1,
        "training for 8-bit integers is not offered: TensorFlow's own ended with version 1.15",
    ),
    idle(
        ("train", "eval", "vis"), "master", "string", "",
        "the command runs on this machine, in one process",
    ),
    idle(_ALL, "logtostderr", "boolean", False, _TO_STDERR),
    idle(_ALL, "alsologtostderr", "boolean", False, _TO_STDERR),
    idle(_ALL, "stderrthreshold", "string", "fatal", _TO_STDERR),
    idle(_ALL, "verbosity", "integer", -1, _TO_STDERR),
    idle(_ALL, "v", "integer", -1, _TO_STDERR),
    idle(_ALL, "log_dir", "string", "", _TO_STDERR),
)  # fmt: skip
