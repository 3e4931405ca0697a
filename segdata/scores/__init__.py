"""What evaluations find: scores, how sure they are, and where they come from."""

from __future__ import annotations

from segdata.scores.boundary import BoundaryScores
from segdata.scores.calibration import Calibration
from segdata.scores.comparison import (
    Change,
    ChangedImage,
    ClassDifference,
    Compared,
    Comparison,
    Influence,
)
from segdata.scores.confusions import Confusion
from segdata.scores.images import Example, ImageScore, cells_of, contours_of, counts_of
from segdata.scores.intervals import Bootstrap, Intervals
from segdata.scores.objects import ObjectScores
from segdata.scores.paired import Difference
from segdata.scores.percentiles import Interval
from segdata.scores.reading import ScoredImages, read_report
from segdata.scores.report import Baseline, ClassScore, EvalReport, GroupScore, Pairing

__all__ = [
    "Baseline",
    "Bootstrap",
    "BoundaryScores",
    "Calibration",
    "Change",
    "ChangedImage",
    "ClassDifference",
    "Compared",
    "Comparison",
    "ClassScore",
    "Confusion",
    "Difference",
    "EvalReport",
    "Example",
    "GroupScore",
    "ImageScore",
    "Influence",
    "Interval",
    "Intervals",
    "ObjectScores",
    "Pairing",
    "ScoredImages",
    "cells_of",
    "contours_of",
    "counts_of",
    "read_report",
]
