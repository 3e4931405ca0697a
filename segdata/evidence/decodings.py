"""Which way of making ids of scores gives what predicted files hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from segdata.evidence.logit_tally import two_channels

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
WHOLE = "probabilities cut to whole numbers"
THRESHOLDS = (RAW_HALF, HIGH, SOFT_ONE, TWICE)
# Many channels are classes of their own: thresholds make two.
_BINARY = 2


class DecodingTally:
    """Compares predicted files with the scores of the same images; sizes have to agree."""

    def __init__(self) -> None:
        self._shares: dict[str, float] = {}
        self._beyond = self.images = 0

    def add(self, scores: Floats, predicted: Map) -> None:
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
        for name, made in decodings(scores):
            self._shares[name] = self._shares.get(name, 0.0) + float(np.mean(made == ids))

    @property
    def shares(self) -> dict[str, float]:
        """The mean share of the pixels that agree, by the way."""
        return {name: share / self.images for name, share in self._shares.items()}

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
