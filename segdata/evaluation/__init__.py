"""Scores predictions against the truth: from files, from arrays, or from a network."""

from __future__ import annotations

from segdata.evaluation.items import EvalItem, EvalOptions
from segdata.evaluation.operation import evaluate, evaluate_folders, predict_items

__all__ = ["EvalItem", "EvalOptions", "evaluate", "evaluate_folders", "predict_items"]
