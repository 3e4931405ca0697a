"""The reliability diagram: is the network right as often as it is sure?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from segdata.reports.curves import Mark
from segdata.reports.wording import percent
from segdata.scores import Calibration, EvalReport

# Pixels of a drawing that a phone shows unscaled: its width, the square, and the histogram below.
_WIDTH, _LEFT, _TOP, _SIDE = 360.0, 46.0, 12.0, 300.0
_GAP, _HISTOGRAM, _AXIS = 14.0, 54.0, 38.0
# A gap that deserves a word, in shares of the pixels.
_SOUND = 0.02
# A class is named as the worst from this share of the pixels on.
_TOLD = 0.001


@dataclass(frozen=True)
class ReliabilityBin:
    """One bin of confidence: its bar, the mean confidence as a mark, and its pixels."""

    told: str
    x: float
    width: float
    y: float
    height: float
    mark_y: float
    pixels_y: float
    pixels_height: float


@dataclass(frozen=True)
class Reliability:
    """The square from 0 to 1, and the histogram of pixels below it."""

    width: float
    height: float
    left: float
    top: float
    right: float
    base: float
    floor: float
    bins: tuple[ReliabilityBin, ...]
    across: tuple[Mark, ...]
    up: tuple[Mark, ...]


@dataclass(frozen=True)
class CalibratedClass:
    """How sure the predictions of one class are, how often right, and their calibration error."""

    id: int
    name: str
    confidence: float
    right: float
    error: float


def reliability(found: Calibration) -> Reliability:
    """The diagram of all pixels."""
    confidence, accuracy, pixels = found.reliability
    bins, most = len(pixels), max(1, int(pixels.max()))
    step, base = _SIDE / bins, _TOP + _SIDE
    floor = base + _GAP + _HISTOGRAM
    shares = pixels / max(1, int(pixels.sum()))
    drawn = tuple(
        ReliabilityBin(
            f"confidence {i / bins:.2f} to {(i + 1) / bins:.2f}: {confidence[i]:.3f} on average, "
            f"{accuracy[i]:.3f} right, {percent(float(shares[i]))} of the pixels",
            _LEFT + i * step + 1,
            step - 2,
            base - _SIDE * accuracy[i],
            _SIDE * accuracy[i],
            base - _SIDE * confidence[i],
            floor - _HISTOGRAM * pixels[i] / most,
            _HISTOGRAM * pixels[i] / most,
        )
        for i in range(bins)
        if pixels[i]
    )
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    return Reliability(
        _WIDTH, floor + _AXIS, _LEFT, _TOP, _LEFT + _SIDE, base, floor, drawn,
        tuple(Mark(f"{t:g}", _LEFT + _SIDE * t) for t in ticks),
        tuple(Mark(f"{t:g}", base - _SIDE * t) for t in ticks),
    )  # fmt: skip


def calibration_text(report: EvalReport, found: Calibration) -> str:
    """Whether the network is too sure, by how much, and where it is worst."""
    gap = found.mean_confidence - found.accuracy
    if math.isnan(gap):
        return "No pixel was predicted with a probability."
    said = (
        f"On average it is {percent(found.mean_confidence)} sure and right in "
        f"{percent(found.accuracy)} of the pixels"
    )
    if abs(gap) < _SOUND:
        said += ": about as sure as it is right."
    else:
        said += f": {'over' if gap > 0 else 'under'}confident by {_points(abs(gap))}."
    pixels = found.pixels.sum(axis=1)
    frequent = [
        c for c in report.per_class if pixels[c.id] and pixels[c.id] >= _TOLD * pixels.sum()
    ]
    worst = max(frequent, key=lambda c: found.class_errors[c.id], default=None)
    if worst is None or len(frequent) < 2:
        return said
    error = float(found.class_errors[worst.id])
    gap = float((found.confidence[worst.id].sum() - found.right[worst.id].sum()) / pixels[worst.id])
    way = "too sure" if gap > 0 else "not sure enough"
    return f"{said} Where it says “{worst.name}” the gap is largest: {_points(error)}, {way}."


def class_rows(report: EvalReport, found: Calibration) -> list[CalibratedClass]:
    """Every class that was predicted, the largest error first."""
    pixels, errors = found.pixels.sum(axis=1), found.class_errors
    rows = [
        CalibratedClass(
            c.id,
            c.name,
            float(found.confidence[c.id].sum() / pixels[c.id]),
            float(found.right[c.id].sum() / pixels[c.id]),
            float(errors[c.id]),
        )
        for c in report.per_class
        if pixels[c.id]
    ]
    return sorted(rows, key=lambda row: -row.error)


def _points(share: float) -> str:
    return f"{share * 100:.1f} percentage points"
