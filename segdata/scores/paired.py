"""Two predictors on the same images: how their scores differ, and whether that is chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdata.class_counts import ClassCounts, Floats, Places, ratio
from segdata.miou_rules import MiouRule
from segdata.scores.intervals import Bootstrap, replicates
from segdata.scores.percentiles import Interval
from segdata.scores.tested import excludes_zero, fewest, interval_of, many_intervals

Outcome = Literal["better", "worse", "unclear", "too few", "same", "undefined"]
# The columns before those of the classes; see ``Paired.scores``.
MEANS = (
    "miou",
    "pixel_accuracy",
    "mean_accuracy",
    "frequency_weighted_iou",
    "boundary_miou",
)
# Units left out at once: the weights of 5,000 images are then 20 MB.
_LEFT_OUT = 512


@dataclass(frozen=True)
class Difference:
    """How much more B scores than A.

    Args:
        a: NaN where it is undefined.
        b: the same.
        interval: of ``b - a`` with other images; None where nothing can be told.
        level: the share of the resampled data inside the interval.
        units: in how many images, or groups of them, there is something to score.
        outcome: what is told of B. ``same``: every image has equal counts; ``undefined``: one of
            them has no such score; ``too few``: a difference could not be told from chance.
    """

    a: float
    b: float
    interval: Interval | None
    level: float
    units: int
    outcome: Outcome

    @property
    def value(self) -> float:
        return self.b - self.a


@dataclass(frozen=True, eq=False)
class Paired:
    """Counts of the same images.

    Args:
        a: ``int64 N×K``.
        b: the same, of the same truth.
        rule: of the mean IoU.
        near: both near the contours of classes; None where that was not measured.
        group: ``intp N``: the number of each image's group, from 0 on; images of a group are drawn
            together. None draws images.
    """

    a: ClassCounts
    b: ClassCounts
    rule: MiouRule
    near: tuple[ClassCounts, ClassCounts] | None = None
    group: Places | None = None

    @cached_property
    def units(self) -> int:
        """How many images, or groups of them, there are to draw."""
        images = int(self.a.hits.shape[0])
        return images if self.group is None else int(self.group.max(initial=-1)) + 1

    def scores(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """Of A and of B ``float64 B×(5+K)``: ``MEANS``, then the IoU by class id.

        Args:
            weights: ``float64 B×U``, how often each unit counts; None counts each once.
        """
        weights = np.ones((1, self.units)) if weights is None else weights
        a, b = self._united
        near_a, near_b = self._united_near or (None, None)
        mean_a, mean_b = self._means(weights)
        return _columns(mean_a, a, near_a, weights), _columns(mean_b, b, near_b, weights)

    def differences(self, options: Bootstrap) -> tuple[Difference, ...]:
        """Of every column of :meth:`scores`; both are scored on the same draws.

        Each mean is told at the level of ``options``, the classes together
        (``tested.many_intervals``).
        """
        (a,), (b,) = self.scores()
        drawn, units, head = self._drawn(options, len(a)), self._units(), len(MEANS)
        means = [interval_of(drawn[:, i], self.units, options.level) for i in range(head)]
        classes, level = many_intervals(drawn[:, head:], units[head:], options.level)
        levels = [options.level] * head + [level] * len(classes)
        found = [
            interval and _with(value, interval)
            for value, interval in zip((b - a).tolist(), [*means, *classes], strict=True)
        ]
        return tuple(
            Difference(
                float(one), float(other), interval, at, int(n), _outcome(other - one, interval, s)
            )
            for one, other, interval, at, n, s in zip(
                a, b, found, levels, units, self._same(), strict=True
            )
        )

    def without_each(self) -> Floats:
        """``float64 U``: the difference of the mean IoU without each of the units."""
        out = []
        for start in range(0, self.units, _LEFT_OUT):
            rows = np.arange(start, min(start + _LEFT_OUT, self.units))
            weights = np.ones((len(rows), self.units))
            weights[np.arange(len(rows)), rows] = 0
            a, b = self._means(weights)
            out.append(b - a)
        return np.concatenate(out) if out else np.empty(0)

    def _drawn(self, options: Bootstrap, columns: int) -> Floats:
        """``float64 B×(5+K)``; nothing is drawn where that could tell nothing."""

        def difference(weights: Floats) -> Floats:
            a, b = self.scores(weights)
            return b - a

        if self.units < fewest(options.level):
            return np.empty((0, columns))
        return replicates(self.units, options, difference)

    def _means(self, weights: Floats) -> tuple[Floats, Floats]:
        """The mean IoU of A and of B, ``float64 B`` each."""
        of = self.rule.mean
        return of(self.a, weights, self.group), of(self.b, weights, self.group)

    @cached_property
    def _united(self) -> tuple[ClassCounts, ClassCounts]:
        return self._by_unit(self.a), self._by_unit(self.b)

    @cached_property
    def _united_near(self) -> tuple[ClassCounts, ClassCounts] | None:
        return self.near and (self._by_unit(self.near[0]), self._by_unit(self.near[1]))

    def _by_unit(self, images: ClassCounts) -> ClassCounts:
        return images if self.group is None else images.grouped(self.group, self.units)

    def _units(self) -> npt.NDArray[np.int64]:
        """Units that a score rests on: all for a mean, those that hold the class for its IoU."""
        a, b = self._united
        held = ((a.union + b.union) > 0).sum(axis=0)
        return np.concatenate([np.full(len(MEANS), self.units), held])

    def _same(self) -> npt.NDArray[np.bool_]:
        """Whether every image has equal counts, by column of :meth:`scores`."""
        classes = _equal(self.a, self.b)
        near = self.near is not None and bool(_equal(*self.near).all())
        return np.concatenate([np.full(len(MEANS) - 1, classes.all()), [near], classes])


def _columns(
    mean: Floats, counts: ClassCounts, near: ClassCounts | None, weights: Floats
) -> Floats:
    """One side of :meth:`Paired.scores`; counts are by unit."""
    total = counts.weighted(weights)
    return np.column_stack(
        [
            mean,
            total.pixel_accuracy,
            total.mean_accuracy,
            total.frequency_weighted_iou,
            np.full(len(weights), np.nan) if near is None else _mean(near.weighted(weights)),
            total.iou,
        ]
    )


def _outcome(value: float, interval: Interval | None, same: bool) -> Outcome:
    if math.isnan(value):
        return "undefined"
    if same:
        return "same"
    if interval is None:
        return "too few"
    if not excludes_zero(interval):
        return "unclear"
    return "better" if interval.low > 0 else "worse"


def _with(value: float, interval: Interval) -> Interval:
    """The difference itself lies inside, even where draws lose the classes that made it."""
    if math.isnan(value):
        return interval
    return Interval(min(value, interval.low), max(value, interval.high))


def _equal(a: ClassCounts, b: ClassCounts) -> npt.NDArray[np.bool_]:
    """``bool K``: the classes in which all images have equal counts."""
    return np.asarray(((a.hits == b.hits) & (a.predicted == b.predicted)).all(axis=0))


def _mean(counts: ClassCounts) -> Floats:
    """The mean of the classes' IoU; classes without any are left out."""
    iou = counts.iou
    return ratio(np.nan_to_num(iou).sum(axis=-1), (~np.isnan(iou)).sum(axis=-1))
