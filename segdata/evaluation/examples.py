"""The few images of a stream that are worth a look."""

from __future__ import annotations

import heapq
from pathlib import Path

import numpy as np

from segdata.evaluation.items import EvalItem, Photo
from segdata.evaluation.measuring import item_of
from segdata.images import Unreadable, read_photo
from segdata.pairing import FilePair
from segdata.resizing import fitting, resize_label, resize_photo
from segdata.scores import Example, ImageScore

# Longer side of the pictures in a report: sharp in four columns of a wide screen.
_THUMBNAIL = 480

Source = EvalItem | FilePair


class Extremes:
    """The few images with the lowest (sign 1) or highest (sign -1) score of a stream.

    Of equals the first ones are low and the last ones are high, so that none is both.
    """

    def __init__(self, size: int, sign: int) -> None:
        self.size, self.sign = size, sign
        self.heap: list[tuple[float, int, ImageScore, Source]] = []
        self.seen = 0

    def offer(self, score: ImageScore, source: Source) -> None:
        """Keep the image if it is among the extremes: arrays as thumbnails, files as names."""
        if np.isnan(score.miou) or not self.size:
            return
        self.seen += 1
        rank = (-self.sign * score.miou, -self.sign * self.seen)
        if len(self.heap) == self.size and rank < self.heap[0][:2]:
            return
        entry = (*rank, score, kept(source))
        if len(self.heap) == self.size:
            heapq.heapreplace(self.heap, entry)
        else:
            heapq.heappush(self.heap, entry)

    def examples(self, most: int) -> tuple[Example, ...]:
        """The first of them, in order."""
        ordered = sorted(self.heap, reverse=True)[:most]
        return tuple(example(source, score) for _, _, score, source in ordered)


class Drawn:
    """Images that chance draws from a stream, each equally likely (Vitter 1985, algorithm R)."""

    def __init__(self, size: int, seed: int = 0) -> None:
        self.size = size
        self.kept: list[tuple[int, ImageScore, Source]] = []
        self._seen = 0
        self._rng = np.random.default_rng(seed)

    def offer(self, score: ImageScore, source: Source) -> None:
        """Keep the image if it is drawn."""
        if np.isnan(score.miou) or not self.size:
            return
        self._seen += 1
        place = int(self._rng.integers(self._seen)) if len(self.kept) == self.size else self.size
        if len(self.kept) < self.size:
            self.kept.append((self._seen, score, kept(source)))
        elif place < self.size:
            self.kept[place] = (self._seen, score, kept(source))

    def examples(self, most: int, shown: set[str]) -> tuple[Example, ...]:
        """Some that are not shown elsewhere, in the order of the stream."""
        # The reservoir has the first images in its first places: chance chooses among them again.
        order = self._rng.permutation(len(self.kept))
        fresh = [self.kept[i] for i in order if self.kept[i][1].key not in shown][:most]
        return tuple(example(source, score) for _, score, source in sorted(fresh, key=_place))


def _place(entry: tuple[int, ImageScore, Source]) -> int:
    return entry[0]


def kept(source: Source) -> Source:
    """What is kept of an image until the stream ends: files as names, arrays as thumbnails."""
    return _small(source) if isinstance(source, EvalItem) else source


def example(source: Source, score: ImageScore) -> Example:
    """The image at the size of a thumbnail; without a photo that cannot be read.

    All scores are there by now, and are not lost for a picture.
    """
    if isinstance(source, FilePair):
        source = _small(item_of(source))
    photo = _read(source.image) if isinstance(source.image, Path) else source.image
    if photo is not None:
        photo = resize_photo(photo, (source.truth.shape[0], source.truth.shape[1]))
    return Example(score, photo, source.truth, source.prediction)


def _read(path: Path) -> Photo | None:
    try:
        return read_photo(path)
    except (Unreadable, OSError):
        return None


def _small(item: EvalItem) -> EvalItem:
    """The item at the size of a thumbnail; a photo that is a file stays one."""
    size = fitting(item.truth.shape[0], item.truth.shape[1], _THUMBNAIL)
    image = item.image
    if image is not None and not isinstance(image, Path):
        image = resize_photo(image, size)
    truth, prediction = resize_label(item.truth, size), resize_label(item.prediction, size)
    return EvalItem(item.key, truth, prediction, image)
