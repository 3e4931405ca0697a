"""What is looked at in a pair beyond its headers and values; each look has its price."""

from __future__ import annotations

import enum


class Look(enum.Flag):
    """Looks that can be asked for together.

    ``LIKENESS``: a hash of what the photo shows, to find duplicates; cheap, made of every pair.
    ``STRUCTURE``: shapes in the label (edges, specks, holes).
    ``ALIGNMENT``: edges of the label against edges of the photo.
    ``CENSUS``: objects per class and classes per picture.
    """

    NONE = 0
    LIKENESS = enum.auto()
    STRUCTURE = enum.auto()
    ALIGNMENT = enum.auto()
    CENSUS = enum.auto()


# Edges say something about how a label was drawn, and where, from this many pixels of its shorter
# side on: in sound labels of 8×8 nearly every run is a ribbon, and any label fits any photo.
EVIDENT_SIDE = 32
