"""All flags of the original's scripts, and which of them a script takes."""

from __future__ import annotations

from segdata.original_flags import building, everywhere, network, prediction, training
from segdata.original_flags.flag import Flag, Script

FLAGS: tuple[Flag, ...] = (
    *training.FLAGS,
    *network.FLAGS,
    *prediction.FLAGS,
    *building.FLAGS,
    *everywhere.FLAGS,
)


def flags_of(script: Script) -> dict[str, Flag]:
    """The flags that ``script`` takes, by name."""
    return {flag.name: flag for flag in FLAGS if script in flag.scripts}


def known_elsewhere(script: Script) -> dict[str, Flag]:
    """The flags that only other scripts take, by name."""
    own = flags_of(script)
    return {flag.name: flag for flag in FLAGS if flag.name not in own}
