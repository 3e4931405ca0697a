"""Which way of making ids of scores gives what predicted files hold.

A mask of two classes is compared with every threshold at once: below it lie all pixels of 0, above
it all of 1, whatever number somebody chose.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from segdata.evidence.logit_tally import two_channels
from segdata.evidence.name_fit import NameFit, NameTally, thumbnails

Floats = npt.NDArray[np.float32]
Map = npt.NDArray[np.integer]

# The right way: for one channel its half, for several the largest.
RIGHT = "best class"
RAW_HALF = "0.5 as threshold on raw scores"
HIGH = "a threshold of 0.9 on probabilities"
SOFT_ONE = "softmax over one channel"
TWICE = "sigmoid of what already is one"
ONE_ARGMAX = "best class of one channel"
TURNED = "the classes swapped"
LATER = "best class but for the first"
WHOLE = "probabilities cut to whole numbers"
# Many channels are classes of their own: thresholds make two.
_BINARY = 2
# Pixels of an image that need not obey a threshold.
_STRAY = 0.0005


class DecodingTally:
    """Compares predicted files with the scores of the same images; sizes have to agree."""

    def __init__(self) -> None:
        self._shares: dict[str, float] = {}
        self._beyond = self.images = 0
        self._highest_off, self._lowest_on = -np.inf, np.inf
        self._names = NameTally()

    def add(self, scores: Floats, predicted: Map, name: str = "") -> None:
        """Add an image: ``float32 K×H×W`` and ``H×W``, the ids in the file."""
        channels = len(scores)
        if predicted.shape != scores.shape[1:]:
            return
        self.images += 1
        ids = predicted.astype(np.int64)
        self._beyond += len(np.unique(ids)) > max(_BINARY, channels)
        if channels <= _BINARY:
            # 0 and 255, or 0 and 128, are drawn for 0 and 1.
            ids = (ids != 0).astype(np.int64)
            self._bound(scores, ids == 1)
        for way, made in decodings(scores):
            self._shares[way] = self._shares.get(way, 0.0) + float(np.mean(made == ids))
            if way == RIGHT:
                small = np.minimum(ids, 255).astype(np.uint8), made.astype(np.uint8)
                self._names.add(name, thumbnails(*small))

    @property
    def shares(self) -> dict[str, float]:
        """The mean share of the pixels that agree, by the way."""
        return {name: share / self.images for name, share in self._shares.items()}

    @property
    def threshold(self) -> tuple[float, float] | None:
        """From the first to the second lies the score above which files of two classes hold 1 (of
        two channels: how far the second is ahead); None where no number does, or files hold one
        class."""
        low, high = self._highest_off, self._lowest_on
        return (float(low), float(high)) if np.isfinite([low, high]).all() and low <= high else None

    @property
    def names(self) -> NameFit | None:
        """Whether files are what the scores of other images say."""
        return self._names.facts()

    def _bound(self, scores: Floats, on: npt.NDArray[np.bool_]) -> None:
        margin = scores[-1] - (scores[0] if len(scores) > 1 else 0)
        # Half precision and resizing move a few pixels across.
        if not on.all():
            self._highest_off = max(self._highest_off, float(np.quantile(margin[~on], 1 - _STRAY)))
        if on.any():
            self._lowest_on = min(self._lowest_on, float(np.quantile(margin[on], _STRAY)))

    @property
    def beyond(self) -> int:
        """Files with more ids than there are classes."""
        return self._beyond


def decodings(scores: Floats) -> Iterator[tuple[str, Map]]:
    """Ways to make ids, and what each makes: ``H×W``."""
    pair = two_channels(np.nan_to_num(scores, nan=0.0))
    best = pair.argmax(axis=0)
    yield RIGHT, best
    channels = len(scores)
    if channels == 1:
        yield ONE_ARGMAX, np.zeros_like(best)
        yield SOFT_ONE, np.ones_like(best)
    if channels > _BINARY:
        yield LATER, pair[1:].argmax(axis=0)
        return
    low, high = float(scores.min()), float(scores.max())
    unit = low >= 0 and high <= 1
    last = scores[-1]
    probability = _probability(pair) if not unit else last
    yield HIGH, (probability > 0.9).astype(np.int64)
    yield TURNED, 1 - best
    yield WHOLE, (probability >= 1).astype(np.int64)
    if unit:
        yield TWICE, (last > 0).astype(np.int64)
    else:
        yield RAW_HALF, (last > 0.5).astype(np.int64)


def _probability(pair: Floats) -> Floats:
    """Of class 1, ``float32 H×W``."""
    return np.asarray(1 / (1 + np.exp(np.clip(pair[0] - pair[1], -80, 80))), np.float32)
