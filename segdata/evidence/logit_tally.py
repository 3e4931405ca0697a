"""Adds logits up, image by image; what is kept does not grow with their number."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from segdata.evidence.label_fit import LabelFit
from segdata.evidence.logits import ClassLogits, EmptyLabels, LogitFacts

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

# Scores of an image that are looked at: every n-th row and column, so that it takes 0.2 s.
_SCORES = 4_000_000
_LEAST_PIXELS = 1 << 14
# Margins are counted in bins of equal width under the inverse hyperbolic sine, which tells 0.0001
# apart near 0 and half a percent in the thousands: scores of sick networks reach 10 million.
_BINS, _SCALE, _REACH = 8192, 100.0, 22.0
# Probabilities in half precision sum to 1 within this.
_SUM = 0.01
_TINY = 1e-12
# Images with empty labels whose margins are kept, and how many of each.
_EMPTY, _QUANTILES = 512, 65
# An area in an empty image is an object's if it is a tenth as large as objects are elsewhere.
_AREA = 0.1


class LogitTally:
    """Adds up the scores of a network.

    Args:
        where: the folder, or the run.
        ignore: the ignore label.
    """

    def __init__(self, where: str, ignore: int | None = None) -> None:
        self._where, self._ignore = where, ignore
        self._images = self._labelled = self._channels = 0
        self._low, self._high = np.inf, -np.inf
        self._finite = self._scores = 0
        self._unit = self._sums = True
        self._best: list[float] = []
        self._constant: Counter[int] = Counter()
        self._parts = _ByClass(0)
        self._objects = _Objects()

    @property
    def channels(self) -> int:
        """Of the images so far; 0 before the first."""
        return self._channels

    def add(self, scores: Floats, label: npt.NDArray[np.integer] | None = None) -> None:
        """Add an image.

        Args:
            scores: ``float32 K×H×W``, as many channels as the ones before.
            label: ``H×W, class ids``; of another size it is taken at the nearest pixel.
        """
        if not self._images:
            self._channels = scores.shape[0]
            self._parts = _ByClass(max(2, self._channels))
        self._add_range(scores)
        step = _step(scores.shape)
        small = scores[:, ::step, ::step]
        pair = two_channels(small)
        won = pair.argmax(axis=0)
        truth = None if label is None else self._truth(nearest(label, scores.shape[1:]), step)
        self._images += 1
        counts = np.bincount(won.ravel(), minlength=len(pair))
        if np.count_nonzero(counts) == 1:
            self._constant[int(counts.argmax())] += 1
        # What is no number ranks nothing; what is infinite ranks first or last.
        known = np.nan_to_num(pair, nan=0.0, posinf=1e9, neginf=-1e9)
        self._best.append(float(known.max(axis=0).mean()))
        self._parts.add(_logarithms(known), won, truth)
        if truth is not None:
            self._labelled += 1
            self._objects.add(_logarithms(known), truth)

    def facts(self) -> LogitFacts:
        """All that was added."""
        return LogitFacts(
            where=self._where,
            images=self._images,
            labelled=self._labelled,
            channels=self._channels,
            classes=self._parts.classes(self._labelled > 0),
            low=float(self._low) if np.isfinite(self._low) else 0.0,
            high=float(self._high) if np.isfinite(self._high) else 0.0,
            best=float(np.mean(self._best)) if self._best else 0.0,
            finite=self._finite / max(1, self._scores),
            probabilities=self._images > 0 and self._unit and self._sums and self._channels > 1,
            sigmoid=self._images > 0 and self._unit and not (self._sums and self._channels > 1),
            constant={i: n / self._images for i, n in sorted(self._constant.items())},
            empty=self._objects.facts(),
            files=self._images,
            fit=self._parts.fit(self._labelled) if self._labelled else None,
        )

    def _add_range(self, scores: Floats) -> None:
        finite = np.isfinite(scores)
        self._scores += scores.size
        self._finite += int(np.count_nonzero(finite))
        numbers = scores if finite.all() else scores[finite]
        if not numbers.size:
            self._unit = False
            return
        low, high = float(numbers.min()), float(numbers.max())
        self._low, self._high = min(self._low, low), max(self._high, high)
        self._unit &= low >= 0 and high <= 1
        self._sums &= bool(np.abs(scores.sum(axis=0) - 1).max() <= _SUM) if self._unit else False

    def _truth(self, label: Ids, step: int) -> Ids:
        """Class ids on the grid that is looked at; -1 where there is none."""
        ids = label[::step, ::step].astype(np.int64)
        void = ids == self._ignore if self._ignore is not None else np.zeros(ids.shape, bool)
        if self._channels == 1:
            ids = (ids != 0).astype(np.int64)
        return np.where(void | (ids >= max(2, self._channels)), -1, ids)


class _ByClass:
    """Shares, ranks and hits of each class."""

    def __init__(self, classes: int) -> None:
        self._ranks = np.zeros((classes, 2, _BINS), np.int64)
        self._hits = np.zeros((classes, classes), np.int64)
        self._won = np.zeros(classes, np.int64)
        self._peak = np.zeros(classes)
        self._images = 0

    def add(self, scores: Floats, won: Ids, truth: Ids | None) -> None:
        classes = len(scores)
        self._images += 1
        self._won += np.bincount(won.ravel(), minlength=classes)
        self._peak += _softmax_peaks(scores)
        if truth is None:
            return
        kept = truth >= 0
        ids, chosen = truth[kept], won[kept]
        joint = np.bincount(ids * classes + chosen, minlength=classes * classes)
        self._hits += joint.reshape(classes, classes)
        flat = scores[:, kept]
        first, second = _two_largest(flat)
        for i in range(classes):
            margin = flat[i] - np.where(flat[i] == first, second, first)
            bins = _bins(margin)
            every = np.bincount(bins, minlength=_BINS)
            own = np.bincount(bins[ids == i], minlength=_BINS)
            self._ranks[i] += np.stack([every - own, own])

    def classes(self, labelled: bool) -> tuple[ClassLogits, ...]:
        total, pixels = max(1, int(self._won.sum())), max(1, int(self._hits.sum()))
        truth, chosen = self._hits.sum(axis=1), self._hits.sum(axis=0)
        return tuple(
            ClassLogits(
                id=i,
                won=float(self._won[i] / total),
                truth=float(truth[i] / pixels) if labelled else None,
                auc=_auc(*self._ranks[i]),
                peak=float(self._peak[i] / max(1, self._images)),
                iou=_iou(int(self._hits[i, i]), int(truth[i] + chosen[i])),
            )
            for i in range(len(self._won))
        )

    def fit(self, pictures: int) -> LabelFit:
        """What wins against the labels, of the pixels that are looked at."""
        truth = self._hits.sum(axis=1)
        return LabelFit(
            pictures,
            {(int(t), int(v)): int(self._hits[t, v]) for t, v in np.argwhere(self._hits)},
            {int(i): int(truth[i]) for i in np.flatnonzero(truth)},
        )


class _Objects:
    """How the score of objects less that of 0 lies where labels are empty and where they are not.

    Two networks that see nothing in empty images, and one that sees what nobody labelled there,
    differ in these.
    """

    def __init__(self) -> None:
        self._margins = np.zeros((2, _BINS), np.int64)
        self._area: list[float] = []
        self._empty: list[Floats] = []
        self._empty_images = 0

    def add(self, scores: Floats, truth: Ids) -> None:
        margin = scores[1:].max(axis=0) - scores[0]
        kept = truth >= 0
        if not kept.any():
            return
        objects = truth > 0
        if objects.any():
            for row, where in enumerate((kept & ~objects, objects)):
                self._margins[row] += np.bincount(_bins(margin[where]), minlength=_BINS)
            self._area.append(float(objects.sum() / kept.sum()))
            return
        self._empty_images += 1
        if len(self._empty) < _EMPTY:
            quantiles = np.linspace(0, 1, _QUANTILES) ** 0.25
            self._empty.append(np.quantile(margin[kept], quantiles).astype(np.float32))

    def facts(self) -> EmptyLabels:
        rest, objects = self._margins
        if not (rest.any() and objects.any() and self._empty):
            return EmptyLabels(self._empty_images, len(self._area))
        # As high as half of the objects' pixels and as at most one in a hundred others.
        level = _quantile_bin(objects, 0.5)
        told = float(rest[level:].sum() / rest.sum()) < 0.01
        area = _AREA * float(np.median(self._area))
        places = np.linspace(0, 1, _QUANTILES) ** 0.25
        seen = sum(
            _bins(quantiles[np.searchsorted(places, 1 - area, "right") - 1]) >= level
            for quantiles in self._empty
        )
        every = round(int(seen) * self._empty_images / len(self._empty))
        return EmptyLabels(self._empty_images, len(self._area), told, every)


def two_channels(scores: Floats) -> Floats:
    """``K×H×W``; a single channel is the score of 1, beside that of 0."""
    if len(scores) > 1:
        return scores
    numbers = scores[np.isfinite(scores)]
    unit = numbers.size > 0 and float(numbers.min()) >= 0 and float(numbers.max()) <= 1
    other = 1 - scores if unit else np.zeros_like(scores)
    return np.concatenate([other, scores])


def nearest(label: npt.NDArray[np.integer], size: tuple[int, ...]) -> Ids:
    """``H×W`` at another size: the nearest pixel's id."""
    if label.shape == tuple(size):
        return label.astype(np.int64)
    rows = ((np.arange(size[0]) + 0.5) * label.shape[0] / size[0]).astype(np.intp)
    columns = ((np.arange(size[1]) + 0.5) * label.shape[1] / size[1]).astype(np.intp)
    return np.asarray(label[rows[:, None], columns], np.int64)


def _step(shape: tuple[int, ...]) -> int:
    most = max(_LEAST_PIXELS, _SCORES // shape[0])
    return max(1, int(np.ceil((shape[1] * shape[2] / most) ** 0.5)))


def _logarithms(scores: Floats) -> Floats:
    """Probabilities near 0 and 1 differ in their logarithms only."""
    if float(scores.min()) < 0 or float(scores.max()) > 1:
        return scores
    return np.log(np.maximum(scores, _TINY)).astype(np.float32)


def _two_largest(scores: Floats) -> tuple[Floats, Floats]:
    if len(scores) == 2:
        return scores.max(axis=0), scores.min(axis=0)
    two = np.partition(scores, len(scores) - 2, axis=0)[-2:]
    return two[1], two[0]


def _bins(margin: Floats) -> npt.NDArray[np.intp]:
    place = np.arcsinh(margin.astype(np.float64) * _SCALE) / _REACH
    return np.clip((place + 1) * (_BINS / 2), 0, _BINS - 1).astype(np.intp)


def _quantile_bin(counts: npt.NDArray[np.int64], share: float) -> int:
    return int(np.searchsorted(np.cumsum(counts), share * counts.sum()))


def _softmax_peaks(scores: Floats) -> npt.NDArray[np.float64]:
    """``float64 K``: the largest probability of each class anywhere."""
    shifted = np.exp(scores - scores.max(axis=0))
    peaks: npt.NDArray[np.float64] = (shifted / shifted.sum(axis=0)).max(axis=(1, 2))
    return peaks.astype(np.float64)


def _auc(others: npt.NDArray[np.int64], own: npt.NDArray[np.int64]) -> float | None:
    """Chance that a pixel of the class ranks before one of the others; equals count half."""
    if not (own.any() and others.any()):
        return None
    below = np.cumsum(others) - others / 2
    return float((own * below).sum() / (float(own.sum()) * float(others.sum())))


def _iou(hits: int, sizes: int) -> float | None:
    return hits / (sizes - hits) if sizes else None
