"""How the same network fares if images are fed to it in other ways."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """One way to feed images.

    Args:
        name: such as ``as trained``, ``0 to 1``, ``red and blue swapped``, ``batch statistics``.
        miou: on the labelled images, rule of Cityscapes.
        largest_share: of the pixels that the most frequent predicted class takes.
    """

    name: str
    miou: float
    largest_share: float


@dataclass(frozen=True, kw_only=True)
class SweepFacts:
    """A sweep over a few labelled images.

    Args:
        where: the run.
        images: how many.
        looks: the first is the one that the predictions were made with.
    """

    where: str
    images: int
    looks: tuple[Look, ...]
