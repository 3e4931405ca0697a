"""Weights of classes for a loss, by the formulas of the field.

Every formula gives ``float64 K``; NaN stands where a class has no pixel, because no weight makes a
network learn what it is never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]

# Paszke et al. 2016, section 4.2: c in 1 / ln(c + p) keeps weights between 1 and 50.
_ENET_C = 1.02
# Cui et al. 2019, section 4: of 0.9 to 0.9999 the one for sets of thousands of samples.
_BETA = 0.999


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """What the formulas look at; each ``int64 K``.

    Args:
        pixels: of each class.
        areas: pixels of all classes in the pictures that hold the class.
        images: pictures that hold the class.
    """

    pixels: Counts
    areas: Counts
    images: Counts


@dataclass(frozen=True)
class Formula:
    """A named formula: what it is in one line, where it is from, and the function."""

    name: str
    meaning: str
    source: str
    weigh: Callable[[ClassCounts], Weights]


def inverse_frequency(counts: ClassCounts) -> Weights:
    """1 / (K p) for the K classes that occur: the weights' mean over all pixels is 1."""
    share = _share(counts.pixels)
    return np.asarray(1.0 / (np.isfinite(share).sum() * share))


def median_frequency(counts: ClassCounts) -> Weights:
    """median(f) / f, where f is a class's share of the pictures that hold it."""
    frequency = _ratio(counts.pixels, counts.areas)
    if not np.isfinite(frequency).any():
        return frequency
    return np.asarray(np.nanmedian(frequency) / frequency)


def balanced(counts: ClassCounts) -> Weights:
    """The root of median(n) / n for n pixels: what ``class_weights = "balanced"`` trains with.

    The mean over all pixels is 1.
    """
    pixels = np.where(counts.pixels > 0, counts.pixels.astype(np.float64), np.nan)
    if not np.isfinite(pixels).any():
        return pixels
    raw = np.sqrt(np.nanmedian(pixels) / pixels)
    return np.asarray(raw * np.nansum(pixels) / np.nansum(raw * pixels))


def enet(counts: ClassCounts) -> Weights:
    """1 / ln(1.02 + p): bounded, at most 50."""
    return np.asarray(1.0 / np.log(_ENET_C + _share(counts.pixels)))


def effective_number(counts: ClassCounts) -> Weights:
    """(1 - b) / (1 - b^n) with b = 0.999 and n pictures that hold the class; the mean is 1."""
    images = np.where(counts.images > 0, counts.images.astype(np.float64), np.nan)
    raw = (1.0 - _BETA) / (1.0 - _BETA**images)
    total = np.nansum(raw)
    return np.asarray(raw * np.isfinite(raw).sum() / total) if total else raw


FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {
        formula.name: formula
        for formula in (
            Formula(
                "inverse",
                "1 / (K p), p the share of all pixels",
                "inverse frequency (scikit-learn's “balanced”)",
                inverse_frequency,
            ),
            Formula(
                "median",
                "median(f) / f, f the share of the pictures that hold the class",
                "median frequency balancing, Eigen & Fergus 2015",
                median_frequency,
            ),
            Formula(
                "balanced",
                "the root of median(n) / n, n the pixels; mean over all pixels 1",
                "segdata train --set class_weights=balanced",
                balanced,
            ),
            Formula("enet", "1 / ln(1.02 + p)", "ENet, Paszke et al. 2016", enet),
            Formula(
                "effective",
                "(1 - b) / (1 - b^n), b = 0.999, n pictures that hold the class; mean 1",
                "effective number of samples, Cui et al. 2019",
                effective_number,
            ),
        )
    }
)


def class_weights(counts: ClassCounts) -> dict[str, Weights]:
    """The weights by every formula."""
    return {name: formula.weigh(counts) for name, formula in FORMULAS.items()}


def _share(pixels: Counts) -> Weights:
    return _ratio(pixels, np.full_like(pixels, pixels.sum()))


def _ratio(part: Counts, whole: Counts) -> Weights:
    """NaN where the part is nothing."""
    out = np.full(part.shape, np.nan)
    np.divide(part, whole, out=out, where=(part > 0) & (whole > 0))
    return out
