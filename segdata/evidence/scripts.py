"""The commands with which somebody trained, as their program reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segdata.evidence.settings import SettingsFacts


@dataclass(frozen=True)
class Trap:
    """Something in a command that does not do what it looks like.

    Args:
        kind: what it is, such as ``spaces``, ``unknown flag``, ``repeated flag``.
        text: as it stands there.
        effect: what really happens.
        corrected: how the line should be.
    """

    kind: str
    text: str
    effect: str
    corrected: str


@dataclass(frozen=True, kw_only=True)
class ScriptFacts:
    """One command.

    Args:
        where: the file and line.
        act: what it does.
        settings: what the program ends up with.
        traps: what does not do what it looks like.
    """

    where: str
    act: Literal["train", "eval", "vis", "export", "other"]
    settings: SettingsFacts
    traps: tuple[Trap, ...] = ()
