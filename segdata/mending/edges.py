"""Remedies for labels whose edges were blended: by a soft brush, or by interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from skimage.segmentation import expand_labels

from segdata.classes import Label
from segdata.findings import Certainty
from segdata.mending.steps import CannotMend, LabelState, nearest_sure
from segdata.mending.treatment import Case, Refusal, Treatment, remedy

# Ribbons are two pixels wide at most; where more of a label is unclear, these are no edges.
_UNCLEAR = 0.2
# A brush blends a few pixels on each side of a stroke: one of 5 pixels up to 5 between two objects,
# and a fifth of a small label full of them. What lies farther from every region is no edge.
_REACH, _MOSTLY = 6, 0.5
# A class that is drawn has this share of the pixels that are not at an edge (see
# rules.labels.soft_edges).
_PLAIN = 0.01

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SoftEdges:
    """Values that no class is drawn with become the nearest region's.

    Args:
        drawn: the values that classes are drawn with.
    """

    drawn: frozenset[int]
    rereads: bool = False

    def __call__(self, state: LabelState) -> Label | None:
        if state.label is None or state.reread:
            return None
        sure = np.isin(state.label, list(self.drawn))
        areas = state.label[plain(state.label)]
        strange = np.unique(areas[~np.isin(areas, list(self.drawn))])
        for value in strange.tolist():
            if np.count_nonzero(areas == value) >= _PLAIN * max(1, areas.size):
                raise CannotMend(f"{value} has areas of its own, and is drawn in no other label")
        if (expand_labels(sure.astype(np.uint8), distance=_REACH) == 0).any():
            raise CannotMend(f"blended pixels lie more than {_REACH} pixels from every region")
        return snapped(state.label, sure, most=_MOSTLY)


@dataclass(frozen=True)
class Ribbons:
    """Lines of one or two pixels between two regions, numbered between them, become theirs."""

    rereads: bool = False

    def __call__(self, state: LabelState) -> Label | None:
        if state.label is None or state.reread:
            return None
        return snapped(state.label, ~ribbons(state.label))


@remedy("L10")
def without_ribbons(case: Case) -> Treatment | Refusal:
    """Where all labels were interpolated, the ribbons become the regions beside them."""
    if case.findings[0].certainty < Certainty.STRONG:
        return Refusal("only some labels look interpolated: their ribbons may be thin objects")
    return Treatment(
        does="ribbons of ids between two regions became the nearer region's id (labels made again "
        "from the originals are better)",
        labels=Ribbons(),
    )


@remedy("L12")
def hard_edges(case: Case) -> Treatment | Refusal:
    """What lies along edges becomes the nearest region's value."""
    clean = case.facts.structure.clean
    least = _PLAIN * sum(clean.values())
    drawn = {value for value, pixels in clean.items() if pixels >= least}
    ignore = case.descriptor.ignore_label
    levels = ", ".join(map(str, sorted(drawn)))
    return Treatment(
        does=f"values along soft edges became the nearest region's: {levels}",
        labels=SoftEdges(frozenset(drawn | ({ignore} if ignore is not None else set()))),
    )


def snapped(label: Label, sure: Mask, *, most: float = _UNCLEAR) -> Label:
    """Pixels that are not sure take the nearest sure one's id.

    Args:
        label: ``uint8 or uint16 H×W``.
        sure: ``bool H×W``.
        most: the largest share of pixels that may be unsure.

    Raises:
        CannotMend: too many are not.
    """
    unclear = 1.0 - float(sure.mean())
    if unclear > most:
        raise CannotMend(f"{unclear:.0%} of its pixels are blended")
    return nearest_sure(label, sure)


def plain(label: Label) -> Mask:
    """Pixels whose eight neighbors are like them."""
    same = np.zeros(label.shape, np.bool_)
    if min(label.shape) < 3:
        return same
    middle = label[1:-1, 1:-1]
    inner = np.ones(middle.shape, np.bool_)
    height, width = label.shape
    for dy in range(3):
        for dx in range(3):
            inner &= label[dy : height - 2 + dy, dx : width - 2 + dx] == middle
    same[1:-1, 1:-1] = inner
    return same


def ribbons(label: Label) -> Mask:
    """Pixels in runs of one or two, along a row or a column, strictly between their neighbors."""
    values = label.astype(np.int32)
    found = _along_rows(values)
    found |= _along_rows(values.T).T
    return found


def _along_rows(values: npt.NDArray[np.int32]) -> Mask:
    found = np.zeros(values.shape, np.bool_)
    for width in (1, 2):
        if values.shape[1] < width + 2:
            continue
        left, right = values[:, : -width - 1], values[:, width + 1 :]
        low, high = np.minimum(left, right), np.maximum(left, right)
        run = np.ones(left.shape, np.bool_)
        for step in range(1, width + 1):
            inside = values[:, step : values.shape[1] - width - 1 + step]
            run &= (inside > low) & (inside < high)
        for step in range(1, width + 1):
            found[:, step : values.shape[1] - width - 1 + step] |= run
    return found
