"""How the labels of a data set fit their photos, and whether others would fit better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segdata.facts.alignment import COLOR_BINS, REACH, TURNS, Alignment
from segdata.facts.matching import Matches, MatchTable

if TYPE_CHECKING:
    from segdata.facts.pair import PairFacts

# A label with fewer pixels of edges decides nothing; CamVid's have 1196 at least.
EDGES = 150
# A fit times the root of its number of edges: CamVid, rendered streets and portraits have 14 and
# more in place, at most 14 mirrored, turned or under another photo, 2 to 4 as a rule.
_SURE, _FITS = 16.0, 8.0
# What fits so much worse than the best is not where the label belongs.
_WORSE = 0.4
# Moved by a step or two, CamVid's labels keep half of their fit: no verdict on one label alone.
_NEAR = 2
# All labels together: moved by two steps they keep 0.6 of it.
_WORSE_TOGETHER = 0.8
# Moved the other way, labels fit worse than this: 0.65 for CamVid that is 2 steps off.
_OPPOSITE = 0.75
# Half of the edges fit that well where all fit best.
_HALF = 0.8
_NAMED = 5
_SIDE = 2 * REACH + 1
# What undoes each EXIF orientation, for a label that was drawn on the photo set upright.
UPRIGHT = {
    2: "mirrored left to right",
    3: "turned by 180°",
    4: "mirrored top to bottom",
    5: "transposed",
    6: "turned counterclockwise",
    7: "transposed and turned by 180°",
    8: "turned clockwise",
}

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
class Sideways:
    """Photos with an EXIF orientation.

    Args:
        photos: how many.
        turned: labels that fit the photo as viewers show it.
        stored: labels that fit the photo as it is stored.
        by_size: how many of ``turned`` have the size of the photo set upright, not as stored.
        open: photos of which it cannot be told.
        first_turned: the first labels that fit turned photos.
        first_open: the first photos of which it cannot be told.
    """

    photos: int = 0
    turned: int = 0
    stored: int = 0
    by_size: int = 0
    open: int = 0
    first_turned: tuple[str, ...] = ()
    first_open: tuple[str, ...] = ()


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
        self._sideways = _Sideways()
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
        if found.edges < EDGES:
            return
        self._matches.add(pair.key, pair.photo.path, pair.label.path, found)
        self._pairs += 1
        self._edges += found.edges
        self._scale += found.scale
        self._fits += found.fits
        fits = found.fits[0]
        own = in_place(fits)
        self._best.flat[fits.argmax()] += 1
        self._in_place += own * found.edges**0.5 >= _FITS
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
        if steps < _NEAR or own > _WORSE_TOGETHER * best or best * self._edges**0.5 < _SURE:
            return None
        row, column = down + REACH, right + REACH
        near = self._best[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        move = round(right * scale), round(down * scale)
        return Shift(steps, move, best, own, float(near.sum() / self._pairs))


def in_place(fits: npt.NDArray[np.floating]) -> float:
    """The fit where the label lies; a step more or less is the grid's."""
    return float(fits[REACH - 1 : REACH + 2, REACH - 1 : REACH + 2].max())


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
    if best * root >= _SURE and own <= _WORSE * best:
        return Misfit(path, how, own, best)
    place = one_sided(fits)
    if place is None:
        return None
    right, down, best = place
    far = max(abs(right), abs(down)) > _NEAR
    if far and best * root >= _SURE and own <= _WORSE * best:
        move = round(right * found.scale), round(down * found.scale)
        return Misfit(path, "moved", own, best, move)
    return None


def fits_turned(pair: PairFacts) -> bool | None:
    """Whether a label fits its photo as viewers turn it (True) or as it is stored (False).

    Sizes tell, or else edges do; None where nothing tells, or the photo is upright.
    """
    photo, label = pair.photo.header, pair.label.header if pair.label else None
    if photo is None or label is None or photo.orientation == 1:
        return None
    stored, size = (photo.width, photo.height), (label.width, label.height)
    if photo.orientation > 4 and stored != stored[::-1]:
        return {stored: False, stored[::-1]: True}.get(size)
    found = pair.alignment
    if found is None or found.edges < EDGES:
        return None
    own, upright = in_place(found.fits[0]), found.turned.get(UPRIGHT[photo.orientation], 0.0)
    least = _FITS / found.edges**0.5
    if upright >= least and own <= _WORSE * upright:
        return True
    return False if own >= least and upright <= _WORSE * own else None


class _Sideways:
    def __init__(self) -> None:
        self.photos = self.turned = self.stored = self.by_size = 0
        self.first_turned: list[str] = []
        self.open = 0
        self.first_open: list[str] = []

    def add(self, pair: PairFacts) -> None:
        assert pair.label is not None
        self.photos += 1
        turned = fits_turned(pair)
        if turned:
            self.turned += 1
            self.by_size += pair.sizes_differ
            self.first_turned += [pair.label.path] if len(self.first_turned) < _NAMED else []
        elif turned is False:
            self.stored += 1
        elif not pair.sizes_differ:
            self.open += 1
            self.first_open += [pair.photo.path] if len(self.first_open) < _NAMED else []

    def facts(self) -> Sideways:
        return Sideways(
            self.photos, self.turned, self.stored, self.by_size, self.open,
            tuple(self.first_turned), tuple(self.first_open),
        )  # fmt: skip


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
