"""The commands with which somebody trained, as their program reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from segdata.evidence.picture_reads import PictureRead
from segdata.evidence.settings import SettingsFacts

Act = Literal["train", "eval", "vis", "export", "predict", "other"]


@dataclass(frozen=True)
class Trap:
    """Something in a command or script that does not do what it looks like.

    Args:
        kind: what it is: ``spaces``, ``boolean apart``, ``long dash``, ``unknown flag``,
            ``repeated flag``, ``several values``, ``wrong value``, ``no value``, ``cut off`` in
            commands; in Python those of the modules in script_files/: ``masks scaled``,
            ``probabilities cut``, ``no step``, and so on.
        text: as it stands there.
        effect: what really happens.
        corrected: how it should be.
        line: where, counted from 1; 0 where the whole file is meant.
    """

    kind: str
    text: str
    effect: str
    corrected: str
    line: int = 0


@dataclass(frozen=True)
class Registration:
    """A data set that the original's code is told of.

    Args:
        name: as ``--dataset`` names it.
        num_classes, ignore: None where they are not written as numbers.
        sizes: of the splits.
        deprecated: it stands in segmentation_dataset.py, which newer code does not read.
    """

    name: str
    num_classes: int | None
    ignore: int | None
    sizes: Mapping[str, int] = field(default_factory=dict)
    deprecated: bool = False


@dataclass(frozen=True, kw_only=True)
class ScriptFacts:
    """One command, or one file of code.

    Args:
        where: the file and line.
        act: what it does.
        settings: what the program ends up with.
        traps: what does not do what it looks like.
        command: the command as it should be typed; empty for code.
        registers: data sets that the code tells the original of.
        pictures: files of photos and masks that code reads.
        takes: how the names of photos end that a builder of shards looks for, as ``.png``.
    """

    where: str
    act: Act
    settings: SettingsFacts
    traps: tuple[Trap, ...] = ()
    command: str = ""
    registers: tuple[Registration, ...] = ()
    pictures: tuple[PictureRead, ...] = ()
    takes: str | None = None
