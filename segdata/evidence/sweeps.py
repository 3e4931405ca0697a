"""How the same network fares if images are fed to it in other ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["as trained", "scale", "channels", "statistics", "tiles", "placement"]


@dataclass(frozen=True, slots=True)
class Look:
    """One way to feed images.

    Args:
        name: such as ``as trained``, ``0 to 1``, ``red and blue swapped``, ``batch statistics``.
        miou: on the labelled images, rule of Cityscapes.
        largest_share: of the pixels that the most frequent predicted class takes.
        kind: what is changed.
        agreement: mean share of the pixels in which predicted files of the same images hold the
            same ids; None without such files.
    """

    name: str
    miou: float
    largest_share: float
    kind: Kind = "as trained"
    agreement: float | None = None


@dataclass(frozen=True, kw_only=True)
class SweepFacts:
    """A sweep over a few labelled images.

    Args:
        where: the run.
        images: how many.
        looks: the first is the one that the predictions were made with.
        left_out: looks that the budget did not allow.
        files: where the files lie that looks are compared with; empty without any.
    """

    where: str
    images: int
    looks: tuple[Look, ...]
    left_out: tuple[str, ...] = ()
    files: str = ""
