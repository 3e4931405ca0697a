"""Facts about colors in masks that no class has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from segdata.classes import Color

# How a color lies in the masks, the one that says most first. ``area``: it fills areas of its own,
# as a class does that nobody listed. ``shade``: it differs from a class by a few levels, as after
# JPEG compression. ``edge``: it lies where classes meet, as a smoothed outline does. ``scattered``:
# anything else.
Kind = Literal["area", "shade", "edge", "scattered"]
KINDS: tuple[Kind, ...] = ("area", "shade", "edge", "scattered")
# What became of a pixel.
Fate = Literal["refused", "nearest", "ignored"]
FATES: tuple[Fate, ...] = ("refused", "nearest", "ignored")


@dataclass(frozen=True, slots=True)
class UnknownColorFacts:
    """One color that no class has, over all masks of a conversion.

    Args:
        kind: how it lies in the masks.
        pixels: how many pixels have it.
        share: of all pixels.
        files: how many masks hold it.
        mask: the first mask with it.
        photo: the photo of that mask.
        x: column of the first such pixel in that mask.
        y: row of it.
        box: left, top, right and bottom of its pixels in that mask, all inclusive.
        edge_share: share of its pixels with two classes within four pixels of them.
        shades: other unknown colors that are shades of this one, and counted with it.
        nearest: the class with the nearest color.
        distance: to that color, Euclidean in RGB (0 to 442).
        fates: pixels by what became of them.
    """

    color: Color
    kind: Kind
    pixels: int
    share: float
    files: int
    mask: str
    photo: str
    x: int
    y: int
    box: tuple[int, int, int, int]
    edge_share: float
    shades: int
    nearest: str
    distance: float
    fates: Mapping[Fate, int]


@dataclass(frozen=True, slots=True)
class ColorGroupFacts:
    """All unknown colors of one kind.

    Args:
        colors: how many different colors.
        pixels: of all of them.
        share: of all pixels.
        files: masks with colors of this kind.
        farthest: the largest distance to the nearest class.
        fates: pixels by what became of them.
        listed: the most frequent ones; ``colors`` says how many there are.
    """

    kind: Kind
    colors: int
    pixels: int
    share: float
    files: int
    farthest: float
    fates: Mapping[Fate, int]
    listed: tuple[UnknownColorFacts, ...]


@dataclass(frozen=True, slots=True)
class PhantomFacts:
    """A class that masks got from blends of others only: the nearest color was a bystander's.

    Args:
        name: the class.
        files: masks in which no pixel has its color, and it is nowhere three pixels wide.
        pixels: that it got in them.
        first: the first such masks.
    """

    name: str
    files: int
    pixels: int
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClosePairFacts:
    """Two classes whose colors are so alike that a blurred one cannot be told from the other."""

    one: str
    other: str
    distance: float


@dataclass(frozen=True, slots=True)
class MaskColorsFacts:
    """What the colors of all masks of a conversion show.

    Args:
        groups: the kinds of unknown color that occur, in the order of ``KINDS``.
        pixels: of all masks.
        masks: how many masks were read.
        swapped: share of the unknown pixels that have a color of a class once red and blue are
            swapped.
        ignorable: there is an ignore label that unknown pixels could become.
        repaired: nearest colors were asked for.
        cap: the distance up to which the nearest class was taken.
        phantoms: classes that only blended edges made.
        close: pairs of classes too alike for repair; filled where repair was asked for.
    """

    groups: tuple[ColorGroupFacts, ...]
    pixels: int
    masks: int
    swapped: float
    ignorable: bool
    repaired: bool
    cap: float
    phantoms: tuple[PhantomFacts, ...] = ()
    close: tuple[ClosePairFacts, ...] = ()

    def group(self, kind: Kind) -> ColorGroupFacts | None:
        """The colors of one kind; None where there are none."""
        return next((group for group in self.groups if group.kind == kind), None)

    @property
    def refused(self) -> int:
        """Pixels that became no class and are not ignored."""
        return sum(group.fates["refused"] for group in self.groups)
