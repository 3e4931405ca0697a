"""Checkpoints, as safetensors: a format that is written without a framework."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from fault_zoo.cases import Build, Case, rules, sound
from fault_zoo.patients import patient
from fault_zoo.sources import load
from segdata.workflows.doctoring import DoctorRequest


def weights(root: Path, *, change: Callable[[dict[str, np.ndarray]], object]) -> Path:
    """A small U-Net of nobody's, healthy but for what is changed."""
    draw = np.random.default_rng(7)
    tensors: dict[str, np.ndarray] = {}
    for number in range(6):
        name = f"encoder.layer{number}"
        tensors[f"{name}.conv.weight"] = draw.normal(0, 0.05, (16, 16, 3, 3)).astype(np.float32)
        tensors[f"{name}.bn.weight"] = (1 + draw.normal(0, 0.1, 16)).astype(np.float32)
        tensors[f"{name}.bn.bias"] = draw.normal(0, 0.1, 16).astype(np.float32)
        tensors[f"{name}.bn.running_mean"] = draw.normal(0, 0.6, 16).astype(np.float32)
        tensors[f"{name}.bn.running_var"] = draw.uniform(0.3, 3, 16).astype(np.float32)
        tensors[f"{name}.bn.num_batches_tracked"] = np.array(1200, np.int64)
    tensors["segmentation_head.0.weight"] = draw.normal(0, 0.05, (2, 16, 1, 1)).astype(np.float32)
    tensors["segmentation_head.0.bias"] = np.array([0.1, -0.1], np.float32)
    change(tensors)
    path = root / "model.safetensors"
    header: dict[str, object] = {}
    place = 0
    for name, value in tensors.items():
        header[name] = {
            "dtype": "I64" if value.dtype == np.int64 else "F32",
            "shape": list(value.shape),
            "data_offsets": [place, place + value.nbytes],
        }
        place += value.nbytes
    text = json.dumps(header).encode()
    data = b"".join(value.tobytes() for value in tensors.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def nan_inside(tensors: dict[str, np.ndarray], severe: bool) -> None:
    tensors["encoder.layer0.conv.weight"][0, 0] = np.nan
    if severe:
        for name in [name for name in tensors if not name.endswith("tracked")]:
            tensors[name][:] = np.nan


def untouched_statistics(tensors: dict[str, np.ndarray], severe: bool) -> None:
    for name, value in tensors.items():
        if name.endswith("running_mean"):
            value[:] = 0
        if name.endswith("running_var"):
            value[:] = 1


def absurd(tensors: dict[str, np.ndarray], severe: bool) -> None:
    tensors["segmentation_head.0.bias"][:] = 1e7 if severe else 2e4
    tensors["segmentation_head.0.weight"][:] *= 1e7 if severe else 1e5


def foreign_classes(tensors: dict[str, np.ndarray], severe: bool) -> None:
    many = 150 if severe else 21
    for name in ("segmentation_head.0.weight", "segmentation_head.0.bias"):
        tensors[name] = np.repeat(tensors[name][:1], many, axis=0)


_WEIGHTS: tuple[tuple[str, Callable[[dict[str, np.ndarray], bool], None], str, str], ...] = (
    ("C07", nan_inside, "C07 T12", ""),
    ("C08", untouched_statistics, "C08", ""),
    ("C07", absurd, "C07 L07 L02", ""),
    ("C10", foreign_classes, "C10 D06", ""),
)


def cases() -> Iterable[Case]:
    for kind, break_it, accept, also in _WEIGHTS:
        for severe in (False, True):
            name = f"{kind} {break_it.__name__} portrait {'severe' if severe else 'mild'}"
            yield Case(name, kind, _weighed(break_it, severe), rules(accept), rules(also))
    yield sound("weights portrait", _weighed(lambda tensors, severe: None, False))


def _weighed(break_it: Callable[[dict[str, np.ndarray], bool], None], severe: bool) -> Build:
    def build(root: Path) -> DoctorRequest:
        request = patient(load("portrait")).write(root / "data", "folder")
        path = weights(root, change=lambda tensors: break_it(tensors, severe))
        return replace(request, checkpoint=path)

    return build
