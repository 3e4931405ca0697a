"""Which label of many fits a photo best: its own, its neighbor's, or any other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.facts.alignment import CANVAS, Alignment

# Pairs that are compared with each other; 8 KB are kept of each.
_MOST = 512
# Neighbors in the order of names are kept or dropped together, so that a shift by one shows.
_BLOCK = 8
# With fewer pairs nothing can be told by comparison.
_LEAST = 5
# Correlation of a label's edges with a photo's that are one pair's: CamVid 0.09 at least and 0.18
# in the middle, rendered scenes 0.2 and 0.4; 99 % of those of two pairs stay below 0.09.
_CLEAR = 0.12
# A pair's own label fits at least half as well as the best in 98 % of CamVid's pairs.
_WORSE = 0.5
_NAMED = 5

Edges = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """A photo that another pair's label fits far better than its own; they suit nothing else.

    Args:
        photo: the photo's path.
        own: the label it is joined with.
        label: the label that fits.
        steps: places in the order of names from ``own`` to ``label``, among the pairs compared.
        fit: correlation of the edges of the photo and of ``label``.
        own_fit: of the photo and of ``own``.
    """

    photo: str
    own: str
    label: str
    steps: int
    fit: float
    own_fit: float


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs compared with each other.

    Args:
        pairs: compared.
        own: photos that their own label fits well.
        others: photos that another pair's label fits far better.
        following: such photos whose label is the one after their own, in the order of names.
        preceding: likewise the one before.
        first: some of them.
    """

    pairs: int = 0
    own: int = 0
    others: int = 0
    following: int = 0
    preceding: int = 0
    first: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    photo: str
    label: str
    photo_edges: bytes
    label_edges: bytes


class MatchTable:
    """Keeps the edges of up to 512 pairs, in blocks that lie evenly among all."""

    def __init__(self) -> None:
        self._seen = 0
        self._stride = 1
        self._kept: list[tuple[int, _Entry]] = []

    def add(self, key: str, photo: str, label: str, found: Alignment) -> None:
        block = self._seen // _BLOCK
        self._seen += 1
        if block % self._stride:
            return
        entry = _Entry(key, photo, label, found.photo_edges, found.label_edges)
        self._kept.append((block, entry))
        if len(self._kept) > _MOST:
            self._stride *= 2
            self._kept = [kept for kept in self._kept if kept[0] % self._stride == 0]

    def facts(self) -> Matches:
        entries = sorted((entry for _, entry in self._kept), key=lambda entry: entry.key)
        if len(entries) < _LEAST:
            return Matches(len(entries))
        photos = _standardized([entry.photo_edges for entry in entries])
        labels = _standardized([entry.label_edges for entry in entries])
        fits = photos @ labels.T / CANVAS**2
        found = list(_elsewhere(fits, entries))
        return Matches(
            pairs=len(entries),
            own=int(np.count_nonzero(np.diag(fits) >= _CLEAR)),
            others=len(found),
            following=sum(match.steps == 1 for match in found),
            preceding=sum(match.steps == -1 for match in found),
            first=tuple(found[:_NAMED]),
        )


def _standardized(maps: list[bytes]) -> Edges:
    """``float32 N×C²``: what all pictures have in common taken off, each of unit variance."""
    edges = np.stack([np.frombuffer(data, np.uint8) for data in maps]).astype(np.float32)
    edges -= edges.mean(axis=1, keepdims=True)
    edges /= np.maximum(edges.std(axis=1, keepdims=True), 1e-6)
    return np.asarray(edges - edges.mean(axis=0), np.float32)


def _elsewhere(fits: npt.NDArray[np.floating], entries: list[_Entry]) -> list[Match]:
    """Photos and labels of different pairs that are each other's best, by far."""
    best_label, best_photo = fits.argmax(axis=1), fits.argmax(axis=0)
    found = []
    for i, j in enumerate(best_label.tolist()):
        fit, own = float(fits[i, j]), float(fits[i, i])
        mutual = j != i and best_photo[j] == i
        clear = fit >= _CLEAR and own <= _WORSE * fit and float(fits[j, j]) <= _WORSE * fit
        if mutual and clear:
            found.append(
                Match(entries[i].photo, entries[i].label, entries[j].label, j - i, fit, own)
            )
    return found
