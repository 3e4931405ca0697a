"""What is done to a label's pixels: pure functions of what was decoded, one step after the other.

A step says ``None`` where a label does not concern it, and raises :class:`CannotMend` where it
does and the pixels leave the answer open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from skimage.segmentation import expand_labels

from segdata.classes import VOID_COLOR, ClassMap, Color, Label
from segdata.facts import LabelFacts, LabelForm
from segdata.images import NoIds, Stored, ids_of

# 65535 = 255 · 257: 8-bit numbers stretched to 16 bits are multiples of it.
SCALE = 257
# Colors that no class has may be this share of a mask (an anti-aliased edge); more is a class that
# nobody listed.
_EDGE_SHARE = 0.05
# A mask has a color for each class; more distinct ones are a photo or a blended preview
# (fault catalogue, L04 and L22).
_MASK_COLORS = 300
# What JPEG leaves of a flat area lies this close to its level (segdata.rules.labels.causes).
NEAR = 16
# JPEG blurs a few pixels along every edge. Where more than this share of a label is far from every
# level, it is no drawing of levels.
_BLURRED_SHARE = 0.1
_BYTE = 256


class CannotMend(Exception):
    """The pixels of this label leave open what they should be; says why."""


@dataclass(frozen=True, eq=False)
class LabelState:
    """A label on its way through the steps.

    Args:
        stored: the file, decoded once.
        facts: what was gathered of it.
        label: ``uint8 or uint16 H×W, class ids`` so far; None while its pixels are no ids.
        splits: the lists that name it.
        reread: a step has read the ids out of another form than grey levels.
    """

    stored: Stored
    facts: LabelFacts
    label: Label | None
    splits: tuple[str, ...]
    reread: bool = False


class LabelStep(Protocol):
    """One thing that is done to labels."""

    @property
    def rereads(self) -> bool:
        """It reads ids out of a form; what it reads is judged again before ids are changed."""
        ...

    def __call__(self, state: LabelState) -> Label | None:
        """The label as it should be, or None where this one is no concern of the step.

        Raises:
            CannotMend: it is, and the pixels leave the answer open.
        """
        ...


class Read(Protocol):
    """Reads ids out of a decoded file."""

    def __call__(self, stored: Stored) -> npt.NDArray[Any]: ...


@dataclass(frozen=True)
class FormStep:
    """Reads ids out of labels that are stored in some forms.

    Args:
        forms: those it concerns.
        read: decoded file -> ids.
    """

    forms: frozenset[LabelForm]
    read: Read
    rereads: bool = True

    def __call__(self, state: LabelState) -> Label | None:
        return narrow(self.read(state.stored)) if state.facts.form in self.forms else None


@dataclass(frozen=True)
class TableStep:
    """Replaces values.

    Args:
        table: value -> value; values that are not in it stay.
        splits: only labels of these lists; None means all.
    """

    table: Mapping[int, int]
    splits: frozenset[str] | None = None
    rereads: bool = False

    def __call__(self, state: LabelState) -> Label | None:
        if state.label is None or state.reread:
            return None
        if self.splits is not None and not self.splits.intersection(state.splits):
            return None
        if state.facts.ids is not None and not self.table.keys() & state.facts.ids.keys():
            return None
        return narrow(remapped(state.label, self.table))


@dataclass(frozen=True)
class ByPalette:
    """Numbers the colors of a palette anew.

    Args:
        forms: the labels that it concerns.
        ids: color -> id.
    """

    forms: frozenset[LabelForm]
    ids: Mapping[Color, int]
    rereads: bool = True

    def __call__(self, state: LabelState) -> Label | None:
        palette = state.facts.palette
        if state.label is None or palette is None or state.facts.form not in self.forms:
            return None
        unknown = [color for _, color in palette if color not in self.ids]
        if unknown:
            raise CannotMend(f"its palette has {unknown[0]}, which no class has")
        return narrow(remapped(state.label, {index: self.ids[color] for index, color in palette}))


@dataclass(frozen=True)
class LevelStep:
    """Pulls values that scatter around a few levels back to them."""

    levels: tuple[int, ...]
    rereads: bool = False

    def __call__(self, state: LabelState) -> Label | None:
        if state.label is None or state.reread:
            return None
        return to_levels(state.label, self.levels)


def narrow(label: npt.NDArray[Any]) -> Label:
    """The label in the narrowest type that holds its ids."""
    fits = label.max(initial=0) <= np.iinfo(np.uint8).max
    return label.astype(np.uint8 if fits else np.uint16, copy=False)


def remapped(label: Label, table: Mapping[int, int]) -> Label:
    """Values replaced by a table; those that are not in it stay."""
    size = max(int(label.max(initial=0)), *table) + 1
    lookup = np.arange(size, dtype=np.uint16)
    for old, new in table.items():
        lookup[old] = new
    return lookup[label]


def nearest_sure(label: Label, sure: npt.NDArray[np.bool_]) -> Label:
    """Every pixel that is not sure takes the id of the nearest one that is.

    Args:
        label: ``uint8 or uint16 H×W, class ids``.
        sure: ``bool H×W``.

    Raises:
        CannotMend: no pixel is sure.
    """
    if not sure.any():
        raise CannotMend("no pixel of it is clear")
    if sure.all():
        return label
    seeds = np.where(sure, label.astype(np.int32) + 1, 0)
    grown = expand_labels(seeds, distance=sum(label.shape))
    return narrow(np.asarray(grown) - 1)


def to_levels(values: npt.NDArray[Any], levels: tuple[int, ...]) -> Label:
    """Values near a level become it; pixels far from all take the nearest clear pixel's.

    Raises:
        CannotMend: too many are far from all.
    """
    grid = np.asarray(levels)
    lookup = np.array([grid[np.argmin(np.abs(grid - value))] for value in range(_BYTE)], np.uint8)
    if values.max(initial=0) >= _BYTE:
        raise CannotMend("it has values beyond 255")
    near = np.abs(lookup.astype(np.int16) - np.arange(_BYTE)) <= NEAR
    sure = near[values]
    if 1.0 - sure.mean() > _BLURRED_SHARE:
        raise CannotMend(f"{1.0 - sure.mean():.0%} of its pixels are near none of {levels}")
    return nearest_sure(lookup[values], sure)


def indices(stored: Stored) -> npt.NDArray[Any]:
    """The numbers in the file: grey levels of any depth, palette indices; alpha is dropped.

    Raises:
        CannotMend: they can be no ids.
    """
    try:
        return ids_of(stored)
    except NoIds as error:
        raise CannotMend(error.message) from error


def alpha_plane(stored: Stored) -> npt.NDArray[Any]:
    """The alpha channel, where nothing else varies.

    Raises:
        CannotMend: the other channels vary too.
    """
    others = stored.pixels[..., :-1]
    if (others != others[:1, :1]).any():
        raise CannotMend("both its colors and its alpha channel vary: either may be the mask")
    return np.ascontiguousarray(stored.pixels[..., -1])


@dataclass(frozen=True)
class Divided:
    """Numbers that were stretched to 16 bits."""

    by: int = SCALE

    def __call__(self, stored: Stored) -> npt.NDArray[Any]:
        values = indices(stored)
        if (values % self.by).any():
            raise CannotMend(f"its 16-bit numbers are no multiples of {self.by}")
        return values // self.by


@dataclass(frozen=True)
class EightBits:
    """Numbers of 16 bits that fit 8."""

    ignore: int | None

    def __call__(self, stored: Stored) -> npt.NDArray[Any]:
        values = indices(stored)
        if self.ignore is not None and self.ignore >= _BYTE:
            raise CannotMend(f"the ignore label {self.ignore} does not fit 8 bits")
        if values.max(initial=0) >= _BYTE:
            raise CannotMend(f"ids up to {values.max()} do not fit 8 bits")
        return values


@dataclass(frozen=True)
class FromColors:
    """Ids by the colors of the classes; what no class has becomes the ignore label."""

    class_map: ClassMap

    def __call__(self, stored: Stored) -> npt.NDArray[Any]:
        reading = self.class_map.to_ids(np.ascontiguousarray(stored.pixels[..., :3]))
        unknown = [found for found in reading.unknown if found.color != VOID_COLOR]
        if reading.unknown and self.class_map.ignore is None:
            colors = ", ".join(str(found.color) for found in reading.unknown[:3])
            raise CannotMend(f"no class has {colors}, and there is no ignore label")
        if len(unknown) > _MASK_COLORS:
            raise CannotMend(f"it has {len(unknown)} colors that no class has: it is a preview")
        share = sum(found.count for found in unknown) / max(1, reading.label.size)
        if share > _EDGE_SHARE:
            raise CannotMend(f"{share:.0%} of its pixels have colors such as {unknown[0].color} "
                             "that no class has")  # fmt: skip
        return reading.label


@dataclass(frozen=True)
class LossyLevels:
    """A grey JPEG whose levels are far apart."""

    levels: tuple[int, ...]

    def __call__(self, stored: Stored) -> npt.NDArray[Any]:
        values = stored.pixels
        if values.ndim == 3:
            spread = np.ptp(values[..., :3].astype(np.int16), axis=2)
            if spread.max(initial=0) > NEAR:
                raise CannotMend("it is a JPEG in colors: what it changed cannot be told")
            values = values[..., 1]
        return to_levels(values, self.levels)
