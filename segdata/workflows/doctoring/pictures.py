"""Folders of predicted PNGs."""

from __future__ import annotations

from pathlib import Path

from segdata.diagnosis import Evidence
from segdata.evidence.predictions import PredictionFacts, gather_predictions
from segdata.workflows.doctoring.case import Case


def look_at_predictions(folder: Path, case: Case) -> None:
    """A folder of predictions, beside the labels that are known by now."""
    ignore = case.facts.labels.ignore if case.facts.labels else None
    facts = gather_predictions(folder, case.labels, ignore, everything=case.request.full)
    add_predictions(facts, case)


def add_predictions(facts: PredictionFacts, case: Case) -> None:
    """Predictions, wherever they come from."""
    case.predictions.append(facts)
    case.add(Evidence.PREDICTIONS, f"{facts.read} of {facts.files} files: {facts.where}")
