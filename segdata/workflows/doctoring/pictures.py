"""Folders of predicted PNGs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from segdata.diagnosis import Evidence
from segdata.evidence.predicted_folders import KnownBeside, gather_predictions
from segdata.evidence.predictions import PredictionFacts
from segdata.listing import index_folder
from segdata.workflows.doctoring.case import Case

# Damaged files that are named.
_NAMED = 3
# Overlays and photos have thousands of colors, drawn classes a few dozen.
_COLORS = 512


def look_at_predictions(folder: Path, case: Case) -> None:
    """A folder of predictions, beside the labels and photos that are known by now."""
    known = _known(folder, case)
    facts = gather_predictions(
        folder, known, everything=case.request.full, executor=case.request.executor
    )
    if not facts.read:
        case.undecided.append(f"no file in {folder} is a whole image: save the predictions again")
        return
    if facts.unreadable:
        names = ", ".join(facts.unreadable[:_NAMED])
        case.undecided.append(f"damaged files of {folder}, {len(facts.unreadable)}: {names}")
    if facts.colored == facts.read and len(facts.pixels) > _COLORS:
        case.undecided.append(f"ids instead of pictures for people, which {folder} holds")
    add_predictions(facts, case)


def add_predictions(facts: PredictionFacts, case: Case) -> None:
    """Predictions, wherever they come from."""
    case.predictions.append(facts)
    case.add(Evidence.PREDICTIONS, f"{facts.read} of {facts.files} files: {facts.where}")


def _known(folder: Path, case: Case) -> KnownBeside:
    labels, request, class_map = case.facts.labels, case.request, case.class_map
    photos = index_folder(request.photos) if request.photos else {}
    if not photos and case.dataset is not None:
        photos = dict(case.dataset.image_files)
    return KnownBeside(
        labels={} if _holds(folder, case.labels) else case.labels,
        photos=photos,
        class_map=class_map,
        num_classes=labels.num_classes if labels else request.num_classes,
        ignore=labels.ignore if labels else request.ignore,
    )


def _holds(folder: Path, labels: Mapping[str, Path]) -> bool:
    """Whether the predictions are the labels themselves."""
    first = next(iter(labels.values()), None)
    return first is not None and first.parent.resolve() == folder.resolve()
