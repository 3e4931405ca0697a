"""What people do without a doctor: three answers to the same evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from segdata.dataset import DESCRIPTOR_FILE, DatasetDescriptor
from segdata.workflows.doctoring import DoctorRequest

BASELINES = ("always class imbalance", "value range", "five lines of np.unique")


def answer(name: str, request: DoctorRequest) -> str | None:
    """The rule that a baseline would name; None for "nothing is wrong"."""
    if name == "always class imbalance":
        return "T01"
    return _value_range(request) if name == "value range" else _unique(request)


def _value_range(request: DoctorRequest) -> str | None:
    """Is any value neither a class nor the ignore label?"""
    classes, ignore = _descriptor(request)
    values = set().union(*map(_values, _labels(request)), set())
    return "D01" if any(value >= classes and value != ignore for value in values) else None


def _unique(request: DoctorRequest) -> str | None:
    """Print the values of all labels, and think of what everybody knows about them."""
    classes, _ = _descriptor(request)
    values = set().union(*map(_values, _labels(request)), set())
    if values and values <= {0, 255}:
        return "L08" if values == {0} else "L01"
    return "L02" if any(classes <= value < 255 for value in values) else None


def _descriptor(request: DoctorRequest) -> tuple[int, int | None]:
    root = Path(request.paths[0]) if request.paths else None
    if root and (root / DESCRIPTOR_FILE).is_file():
        descriptor = DatasetDescriptor.from_toml((root / DESCRIPTOR_FILE).read_text(), "")
        return descriptor.num_classes, descriptor.ignore_label
    return request.num_classes or 2, request.ignore


def _labels(request: DoctorRequest) -> list[Path]:
    root = Path(request.paths[0]) / "SegmentationClass" if request.paths else None
    folder = request.labels or root
    return sorted(folder.rglob("*.png")) if folder and folder.is_dir() else []


def _values(path: Path) -> set[int]:
    try:
        return set(np.unique(np.asarray(Image.open(path))).tolist())
    except (OSError, UnidentifiedImageError):
        return set()
