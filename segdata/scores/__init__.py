"""What evaluations find: scores, how sure they are, and where they come from."""

from __future__ import annotations

from segdata.scores.boundary import BoundaryScores
from segdata.scores.calibration import Calibration
from segdata.scores.confusions import Confusion
from segdata.scores.images import Example, ImageScore, cells_of, contours_of, counts_of
from segdata.scores.intervals import Bootstrap, Interval, Intervals
from segdata.scores.objects import ObjectScores
from segdata.scores.report import Baseline, ClassScore, EvalReport, GroupScore, Pairing

__all__ = [
    "Baseline",
    "Bootstrap",
    "BoundaryScores",
    "Calibration",
    "ClassScore",
    "Confusion",
    "EvalReport",
    "Example",
    "GroupScore",
    "ImageScore",
    "Interval",
    "Intervals",
    "ObjectScores",
    "Pairing",
    "cells_of",
    "contours_of",
    "counts_of",
]
