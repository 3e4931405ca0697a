"""What was counted in a data set, in the terms that people decide by before they train."""

from segdata.statistics.outlook import Constant, Unmeasured
from segdata.statistics.summary import (
    ClassStatistics,
    SplitStatistics,
    Statistics,
    statistics_of,
)
from segdata.statistics.weights import FORMULAS, ClassCounts, Formula, class_weights

__all__ = [
    "FORMULAS",
    "ClassCounts",
    "ClassStatistics",
    "Constant",
    "Formula",
    "SplitStatistics",
    "Statistics",
    "Unmeasured",
    "class_weights",
    "statistics_of",
]
