"""Scores predictions against the truth: from files, from arrays, or from a network."""

from __future__ import annotations

from segdata.evaluation.comparing import BothScored, TwoPredictions, score_both, score_files
from segdata.evaluation.items import EvalItem, EvalOptions
from segdata.evaluation.measuring import Measures
from segdata.evaluation.operation import evaluate, evaluate_folders, predict_items

__all__ = [
    "BothScored",
    "EvalItem",
    "EvalOptions",
    "Measures",
    "TwoPredictions",
    "evaluate",
    "evaluate_folders",
    "predict_items",
    "score_both",
    "score_files",
]
