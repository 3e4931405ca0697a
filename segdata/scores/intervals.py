"""How far scores would move with other images: the bootstrap over images or groups of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.class_counts import ClassCounts, Floats, Places
from segdata.miou_rules import MiouRule
from segdata.scores.percentiles import Interval, expanded, known

# Weights of so many bytes are drawn at once.
_BLOCK_BYTES = 1 << 25
# With fewer there is nothing to draw from.
_FEWEST = 2
# Scores before those of the classes.
_MEANS = 4


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made: percentiles of resampled data (``percentiles.expanded``).

    Args:
        replicates: how often the images are drawn anew, with replacement; 0 makes no intervals.
        level: the share of the replicates inside an interval.
        seed: of the draws.
    """

    replicates: int = 1000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Intervals:
    """Intervals of an evaluation's scores.

    Args:
        unit: what was drawn: ``images``, or ``groups`` of them that belong together.
        units: how many there are.
        level: the share of the replicates inside an interval.
        iou: by class id.
    """

    unit: str
    units: int
    level: float
    miou: Interval
    pixel_accuracy: Interval
    mean_accuracy: Interval
    frequency_weighted_iou: Interval
    iou: tuple[Interval, ...]


def intervals(
    images: ClassCounts, rule: MiouRule, options: Bootstrap | None = None,
    group: Places | None = None,
) -> Intervals | None:  # fmt: skip
    """Intervals of the scores of ``N×K`` counts; None where there is too little to draw from.

    Args:
        group: ``intp N``: the number of each image's group, from 0 on; images of a group are drawn
            together. None draws images.
    """
    options = options or Bootstrap()
    units = images if group is None else images.grouped(group, int(group.max(initial=-1)) + 1)
    count = units.hits.shape[0]
    if count < _FEWEST or not options.replicates:
        return None

    def scores(weights: Floats) -> Floats:
        total = units.weighted(weights)
        means = [total.pixel_accuracy, total.mean_accuracy, total.frequency_weighted_iou]
        return np.column_stack([rule.mean(images, weights, group), *means, total.iou])

    drawn, (actual,) = replicates(count, options, scores), scores(np.ones((1, count)))
    rest_on = [count] * _MEANS + (units.union > 0).sum(axis=0).tolist()
    miou, pixel, mean, frequency, *iou = (
        interval_around(score, column, on, options.level)
        for score, column, on in zip(actual, drawn.T, rest_on, strict=True)
    )
    unit = "images" if group is None else "groups"
    return Intervals(unit, count, options.level, miou, pixel, mean, frequency, tuple(iou))


def replicates(units: int, options: Bootstrap, score: Callable[[Floats], Floats]) -> Floats:
    """``float64 B×S``: what ``score`` makes of the weights ``float64 b×N`` of every draw."""
    return np.concatenate([score(weights) for weights in _draws(units, options)])


def interval_around(score: float, resampled: Floats, units: int, level: float) -> Interval:
    """The interval of one score in 0 to 1; NaN where it is undefined or rests on a single unit.

    Draws lose the classes that few images hold, which moves the mean of all draws away from the
    score. So they are moved back by that (bootstrap estimate of bias: Efron and Tibshirani 1993,
    ch. 10).

    Args:
        resampled: ``float64 B``; draws without a score are left out.
        units: images or groups that the score rests on.
    """
    ordered = known(resampled)
    if math.isnan(score) or units < _FEWEST or not len(ordered):
        return Interval(math.nan, math.nan)
    moved = np.clip(ordered + (score - ordered.mean()), 0.0, 1.0)
    return expanded(moved, units, level)


def _draws(units: int, options: Bootstrap) -> Iterator[npt.NDArray[np.float64]]:
    rng = np.random.default_rng(options.seed)
    block = max(1, _BLOCK_BYTES // (8 * units))
    for start in range(0, options.replicates, block):
        size = min(block, options.replicates - start)
        drawn = rng.integers(0, units, (size, units)) + units * np.arange(size)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=size * units)
        yield weights.reshape(size, units).astype(np.float64)
