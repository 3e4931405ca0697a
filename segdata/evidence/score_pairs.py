"""The same images, scored by two forms of a network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segdata.evidence.logit_tally import nearest, two_channels
from segdata.evidence.logits import OtherLogits

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.integer]


class PairTally:
    """Adds images up that both have scored.

    Args:
        where: the other network.
        ignore: the ignore label.
    """

    def __init__(self, where: str, ignore: int) -> None:
        self._where, self._ignore = where, ignore
        self._images = 0
        self._agreed: list[float] = []
        self._related: list[float] = []
        self._hits = np.zeros((2, 0), np.int64)
        self._sizes = np.zeros((2, 0), np.int64)
        self._winners: tuple[set[int], set[int]] = (set(), set())

    def add(self, scores: Floats, other: Floats, truth: Ids | None) -> None:
        """Add an image: ``float32 K×H×W`` of both, and ``H×W, class ids`` at the first's size.

        Another size of the other's scores is taken at the nearest pixel.
        """
        one, two = two_channels(scores).argmax(axis=0), two_channels(other).argmax(axis=0)
        two = nearest(two, one.shape)
        self._images += 1
        self._agreed.append(float(np.mean(one == two)))
        for winners, ids in zip(self._winners, (one, two), strict=True):
            winners.update(np.unique(ids).tolist())
        if scores.shape == other.shape:
            related = _correlation(scores, other)
            self._related += [] if related is None else [related]
        if truth is not None:
            self._count((one, two), truth, max(2, len(scores), len(other)))

    @property
    def images(self) -> int:
        """How many were added."""
        return self._images

    def facts(self) -> OtherLogits:
        """All that was added."""
        mean = [self._miou(i) if self._sizes.size else None for i in range(2)]
        return OtherLogits(
            where=self._where,
            images=self._images,
            agreement=float(np.mean(self._agreed)) if self._agreed else 1.0,
            miou=mean[0],
            other_miou=mean[1],
            correlation=float(np.mean(self._related)) if self._related else None,
            constant=len(self._winners[0]) == 1,
            other_constant=len(self._winners[1]) == 1,
        )

    def _count(self, both: tuple[Ids, Ids], truth: Ids, classes: int) -> None:
        # Another file may have more channels.
        classes = max(classes, self._sizes.shape[1])
        more = (0, 0), (0, classes - self._sizes.shape[1])
        self._hits, self._sizes = np.pad(self._hits, more), np.pad(self._sizes, more)
        kept = (truth != self._ignore) & (truth >= 0) & (truth < classes)
        ids = truth[kept].astype(np.int64)
        for row, won in enumerate(both):
            chosen = won[kept]
            self._hits[row] += np.bincount(ids[ids == chosen], minlength=classes)
            self._sizes[row] += np.bincount(ids, minlength=classes)
            self._sizes[row] += np.bincount(chosen, minlength=classes)

    def _miou(self, row: int) -> float:
        there = self._sizes[row] > 0
        hits, sizes = self._hits[row][there], self._sizes[row][there]
        return float(np.mean(hits / (sizes - hits))) if there.any() else 0.0


def _correlation(one: Floats, other: Floats) -> float | None:
    first, second = one.ravel().astype(np.float64), other.ravel().astype(np.float64)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return None
    if first.std() == 0 or second.std() == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])
