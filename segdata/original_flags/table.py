"""All flags of the original's scripts; which of them a script takes."""

from __future__ import annotations

from segdata.original_flags import network
from segdata.original_flags.flag import Flag, Script

FLAGS: tuple[Flag, ...] = network.FLAGS


def flags_of(script: Script) -> dict[str, Flag]:
    """The flags that ``script`` takes, by name."""
    return {flag.name: flag for flag in FLAGS if script in flag.scripts}


def known_elsewhere(script: Script) -> dict[str, Flag]:
    """The flags that only other scripts take, by name."""
    own = flags_of(script)
    return {flag.name: flag for flag in FLAGS if flag.name not in own}
