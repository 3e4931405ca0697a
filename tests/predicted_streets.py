"""Predictions and labels of small streets, and what the rules say about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segdata import rules
from segdata.diagnosis import Diagnosis, Evidence, diagnose
from segdata.evidence import CaseFacts
from segdata.evidence.predicted_folders import KnownBeside, gather_predictions
from segdata.findings import Finding
from segdata.images import encode_label
from segdata.listing import index_folder

Array = np.ndarray


def streets(number: int = 8, classes: int = 4, size: tuple[int, int] = (72, 96)) -> list[Array]:
    """Labels with a few boxes of each class; no two are alike."""
    rng, (height, width) = np.random.default_rng(3), size
    out = []
    for _ in range(number):
        label = np.zeros(size, np.uint8)
        for _ in range(2):
            for class_id in range(1, classes):
                y, x = rng.integers(4, height - 30), rng.integers(4, width - 30)
                label[y : y + rng.integers(10, 26), x : x + rng.integers(10, 26)] = class_id
        out.append(label)
    return out


def write(folder: Path, labels: list[Array], palette: Array | None = None) -> Path:
    folder.mkdir(parents=True)
    for number, label in enumerate(labels):
        pixels = np.asarray(label, np.uint8)
        (folder / f"s{number:03}.png").write_bytes(encode_label(pixels, palette))
    return folder


def case_of(folder: Path, labels: Path | None = None, classes: int | None = None) -> CaseFacts:
    known = KnownBeside(
        labels=index_folder(labels) if labels else {}, num_classes=classes, ignore=255
    )
    return CaseFacts(predictions=gather_predictions(folder, known))


def found(case: CaseFacts) -> dict[str, Finding]:
    return {finding.rule: finding for finding in rules.judge_case(case)}


def weighed(case: CaseFacts) -> Diagnosis:
    return diagnose(rules.judge_case(case), [Evidence.PREDICTIONS, Evidence.LABELS, Evidence.RUN])
