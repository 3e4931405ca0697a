"""Facts about a color in masks that no class has."""

from __future__ import annotations

from dataclasses import dataclass

from segdata.classes import Color


@dataclass(frozen=True, slots=True)
class UnknownColorFacts:
    """One color that no class has, over all masks of a conversion.

    Args:
        pixels: how many pixels have it.
        share: of all pixels.
        files: how many masks hold it.
        first: the first masks with it.
        x: column of the first such pixel in the first mask.
        y: row of it.
        nearest: the class with the nearest color.
        distance: to that color, Euclidean in RGB (0 to 442).
        ignored: the pixels become the ignore label, as was asked for.
        ignorable: there is an ignore label that they could become.
    """

    color: Color
    pixels: int
    share: float
    files: int
    first: tuple[str, ...]
    x: int
    y: int
    nearest: str
    distance: float
    ignored: bool
    ignorable: bool
