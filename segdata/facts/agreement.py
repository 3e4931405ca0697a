"""How the labels of a data set fit their photos, and whether others would fit better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segdata.facts.alignment import COLOR_BINS, FITS, REACH, TURNS, WORSE, Alignment, in_place
from segdata.facts.looks import EVIDENT_SIDE
from segdata.facts.matching import Matches, MatchTable
from segdata.facts.orientation import EDGES, Sideways, SidewaysCollector

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts

# A fit that cannot be chance, see FITS.
_SURE = 16.0
# Moved by a step or two, CamVid's labels keep half of their fit: no verdict on one label alone.
_NEAR = 2
# All labels together: moved by two steps they keep 0.6 of it.
_TOGETHER = 0.8
# Moved the other way, labels fit worse than this: 0.65 for CamVid that is 2 steps off.
_OPPOSITE = 0.75
# Half of the edges fit that well where all fit best.
_HALF = 0.8
_NAMED = 5
_SIDE = 2 * REACH + 1
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A label that fits its photo far better in another way.

    Args:
        path: the label.
        how: one of ``TURNS``, or ``moved``.
        fit: as it is.
        best: in that way.
        move: pixels of the label to the right and down, for ``moved``.
    """

    path: str
    how: str
    fit: float
    best: float
    move: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Shift:
    """Where all labels together fit best, if that is not where they lie.

    Args:
        steps: the larger of the steps to the side and down.
        move: pixels of a label to the right and down.
        best: the mean fit there.
        fit: the mean fit as they are.
        agreeing: share of the labels that fit best there, each by itself.
    """

    steps: int
    move: tuple[int, int]
    best: float
    fit: float
    agreeing: float


@dataclass(frozen=True, slots=True)
class ObjectColors:
    """Whether photos whose label is empty have the colors of objects.

    Args:
        labelled: photos with a label that shows a class other than 0.
        empty: photos whose label is 0 throughout.
        telling: how well a pixel's color tells objects from the rest in labelled photos: the area
            under the ROC curve, 0.5 where it tells nothing.
        presence: colors of objects in photos with empty labels: 1 as often as in labelled photos, 0
            as often as beside objects.
    """

    labelled: int = 0
    empty: int = 0
    telling: float = 0.5
    presence: float = 0.0


@dataclass(frozen=True)
class AlignmentFacts:
    """How well the labels that were looked at fit their photos.

    Args:
        pairs: with enough edges, and an upright photo.
        in_place: labels that fit well as they are.
        shift: where all labels together fit better.
        turned: labels that fit far better under a turn, by its name.
        moved: labels that fit far better elsewhere.
        misfits: the first of both.
        sideways: photos with an EXIF orientation.
        matches: which labels fit other photos.
        colors: under objects, beside them, and where nothing is labelled.
    """

    pairs: int = 0
    in_place: int = 0
    shift: Shift | None = None
    turned: Mapping[str, int] = field(default_factory=dict)
    moved: int = 0
    misfits: tuple[Misfit, ...] = ()
    sideways: Sideways = field(default_factory=Sideways)
    matches: Matches = field(default_factory=Matches)
    colors: ObjectColors = field(default_factory=ObjectColors)


class AlignmentCollector:
    """Adds pairs up; what is kept does not grow with their number."""

    def __init__(self) -> None:
        self._pairs = self._in_place = self._edges = self._moved = 0
        self._scale = 0.0
        self._fits = np.zeros((3, _SIDE, _SIDE))
        self._best = np.zeros((_SIDE, _SIDE))
        self._turned: Counter[str] = Counter()
        self._misfits: list[Misfit] = []
        self._sideways = SidewaysCollector()
        self._matches = MatchTable()
        self._colors = np.zeros((3, COLOR_BINS), np.int64)
        self._labelled = self._empty = 0

    def add(self, pair: PairFacts, splits: tuple[str, ...]) -> None:
        if pair.label is None or pair.photo.header is None:
            return
        if pair.photo.header.orientation != 1:
            self._sideways.add(pair)
            return
        found = pair.alignment
        if found is None:
            return
        self._add_colors(found)
        header = pair.photo.header
        if found.edges < EDGES or min(header.width, header.height) < EVIDENT_SIDE:
            return
        self._matches.add(pair.key, pair.photo.path, pair.label.path, found)
        self._pairs += 1
        self._edges += found.edges
        self._scale += found.scale
        self._fits += found.fits
        fits = found.fits[0]
        own = in_place(fits)
        self._best.flat[fits.argmax()] += 1
        self._in_place += own * found.edges**0.5 >= FITS
        misfit = judge(found, pair.label.path)
        if misfit is None:
            return
        if misfit.how in TURNS:
            self._turned[misfit.how] += 1
        else:
            self._moved += 1
        if len(self._misfits) < _NAMED:
            self._misfits.append(misfit)

    def _add_colors(self, found: Alignment) -> None:
        objects = np.frombuffer(found.object_colors, np.uint16)
        rest = np.frombuffer(found.other_colors, np.uint16)
        if objects.any():
            self._labelled += 1
            self._colors[0] += objects
            self._colors[1] += rest
        elif rest.any():
            self._empty += 1
            self._colors[2] += rest

    def facts(self) -> AlignmentFacts:
        return AlignmentFacts(
            pairs=self._pairs,
            in_place=self._in_place,
            shift=self._shift(),
            turned=dict(self._turned),
            moved=self._moved,
            misfits=tuple(self._misfits),
            sideways=self._sideways.facts(),
            matches=self._matches.facts(),
            colors=_object_colors(self._labelled, self._empty, self._colors),
        )

    def _shift(self) -> Shift | None:
        if self._pairs == 0:
            return None
        mean = self._fits / self._pairs
        place, own = one_sided(mean), float(mean[0, REACH, REACH])
        if place is None:
            return None
        right, down, best = place
        steps, scale = max(abs(right), abs(down)), self._scale / self._pairs
        if steps < _NEAR or own > _TOGETHER * best or best * self._edges**0.5 < _SURE:
            return None
        row, column = down + REACH, right + REACH
        near = self._best[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        move = round(right * scale), round(down * scale)
        return Shift(steps, move, best, own, float(near.sum() / self._pairs))


def one_sided(fits: npt.NDArray[np.floating]) -> tuple[int, int, float] | None:
    """Steps right and down to the best place, and its fit; None if that may be no shift.

    Labels that are drawn too large fit better moved any way, their left part one way and their
    right part the other.

    Args:
        fits: ``3×(2R+1)×(2R+1)``, as in :class:`Alignment`.
    """
    whole, left, upper = fits
    row, column = (int(i) for i in np.unravel_index(int(whole.argmax()), whole.shape))
    best, opposite = float(whole[row, column]), float(whole[-1 - row, -1 - column])
    parts = (left, whole - left, upper, whole - upper)
    if opposite > _OPPOSITE * best or not all(_peaks(part, row, column) for part in parts):
        return None
    return column - REACH, row - REACH, best


def _peaks(part: npt.NDArray[np.floating], row: int, column: int) -> bool:
    """Edges in this half of the pictures fit best there, too, or nearly so."""
    near = part[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return float(near.max()) >= _HALF * float(part.max())


def judge(found: Alignment, path: str) -> Misfit | None:
    """Whether a label fits far better turned or moved; None where it does not, or who knows."""
    fits = found.fits
    own = in_place(fits[0])
    root = found.edges**0.5
    how = max(found.turned, key=lambda name: found.turned[name], default="")
    best = found.turned.get(how, 0.0)
    if best * root >= _SURE and own <= WORSE * best:
        return Misfit(path, how, own, best)
    place = one_sided(fits)
    if place is None:
        return None
    right, down, best = place
    far = max(abs(right), abs(down)) > _NEAR
    if far and best * root >= _SURE and own <= WORSE * best:
        move = round(right * found.scale), round(down * found.scale)
        return Misfit(path, "moved", own, best, move)
    return None


def _object_colors(labelled: int, empty: int, colors: npt.NDArray[np.int64]) -> ObjectColors:
    objects, rest, unlabelled = colors.astype(np.float64)
    if not (objects.any() and rest.any() and unlabelled.any()):
        return ObjectColors(labelled, empty)
    share = objects / np.maximum(objects + rest, 1)
    order = np.argsort(share, kind="stable")
    below = np.cumsum(rest[order]) - rest[order] / 2
    telling = float((objects[order] * below).sum() / (objects.sum() * rest.sum()))
    beside = float((share * rest).sum() / rest.sum())
    among = float((share * (objects + rest)).sum() / (objects + rest).sum())
    here = float((share * unlabelled).sum() / unlabelled.sum())
    return ObjectColors(labelled, empty, telling, (here - beside) / max(among - beside, 1e-9))
