"""What is taken for what, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segdata.confusion import ConfusionMatrix
from segdata.scores.images import ImageScore

# A confusion is told in a sentence if it takes at least this share of a class's pixels.
_TOLD_SHARE = 0.02
_IMAGES_PER_CONFUSION = 3


@dataclass(frozen=True)
class Confusion:
    """One class taken for another.

    Args:
        truth: the id that is right.
        predicted: the id that was predicted; the number of classes stands for no class at all.
        pixels: how many pixels.
        share: of the pixels of the true class.
        miou_gain: what the mean IoU would gain, about, if these pixels were right.
        images: keys of the images with most of it.
    """

    truth: int
    predicted: int
    pixels: int
    share: float
    miou_gain: float
    images: tuple[str, ...]


def find_confusions(
    matrix: ConfusionMatrix, images: Sequence[ImageScore], scored: int, limit: int
) -> tuple[Confusion, ...]:
    """What is taken for what, what costs the mean IoU most first.

    Args:
        scored: how many classes the mean IoU is made of.
        limit: how many are told.
    """
    counts, truth = matrix.counts, matrix.truth_pixels
    gain_of = _Gain(matrix)
    rows, columns = np.nonzero(counts)
    wrong = rows != columns
    found = [
        (gain_of(int(t), int(p)) / max(1, scored), int(t), int(p))
        for t, p in zip(rows[wrong], columns[wrong], strict=True)
        if counts[t, p] >= _TOLD_SHARE * truth[t]
    ]
    return tuple(
        Confusion(
            t, p, int(counts[t, p]), float(counts[t, p] / truth[t]), gain, _most_of(images, t, p)
        )
        for gain, t, p in sorted(found, key=lambda c: (-c[0], c[1], c[2]))[:limit]
    )


class _Gain:
    """The gain in the sum of IoU if a cell's pixels were right: only two classes' IoU change."""

    def __init__(self, matrix: ConfusionMatrix) -> None:
        self._matrix = matrix
        # Thousands of cells ask for them.
        self._union, self._hits = matrix.by_class.union, matrix.hits

    def __call__(self, truth: int, predicted: int) -> float:
        matrix, union, hits = self._matrix, self._union, self._hits
        moved = int(matrix.counts[truth, predicted])
        gain = moved / int(union[truth])
        if predicted < matrix.num_classes and predicted != matrix.ignore:
            rest = int(union[predicted]) - moved
            before = float(hits[predicted] / union[predicted])
            # A class that would be in neither map any more leaves the mean.
            gain += float(hits[predicted] / rest) - before if rest else 0.0
        return gain


def _most_of(images: Sequence[ImageScore], truth: int, predicted: int) -> tuple[str, ...]:
    found = []
    for score in images:
        hit = (score.cells[:, 0] == truth) & (score.cells[:, 1] == predicted)
        if hit.any():
            found.append((-int(score.cells[hit, 2].sum()), score.key))
    return tuple(key for _, key in sorted(found)[:_IMAGES_PER_CONFUSION])
