"""Checkpoints: a folder of safetensors and JSON that exists only when it is whole.

``step-00000300/`` holds ``weights.safetensors`` (the network's state), ``optimizer.safetensors``
(its state by parameter name) and ``checkpoint.json``: step, settings, class map, the digest
of the training data and the sha256 of both files. Nothing in it can execute code. There is no
random state to keep: every random number of a run is a function of its seed and step.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from model.config import TrainSettings
from model.run_folder import DESCRIPTION as DESCRIPTION
from model.run_folder import STEP
from segdata.classes import ClassMap
from segdata.errors import UserError

WEIGHTS, OPTIMIZER = "weights.safetensors", "optimizer.safetensors"
# 2: the logits are a unit like all others, logits.semantic.
FORMAT = 2
# The newest may be damaged by a failing disk; the one before is then the way back.
KEPT = 2


class DamagedCheckpoint(UserError):
    """A checkpoint that is cut off or changed."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """All that prediction and a resumed run need; prediction needs no ``optimizer``."""

    step: int
    settings: TrainSettings
    class_map: ClassMap
    data_digest: str
    weights: Mapping[str, Tensor]
    optimizer: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The newest whole checkpoint of a run, and what was wrong with newer ones."""

    checkpoint: Checkpoint
    path: Path
    damaged: tuple[str, ...]


def save(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint below ``folder`` and drop all but the newest two; returns its folder.

    Raises:
        UserError: the folder cannot be written to.
    """
    final = folder / f"step-{checkpoint.step:08d}"
    partial = folder / f".{final.name}.partial"
    try:
        for leftover in folder.glob(".step-*.partial"):
            shutil.rmtree(leftover)
        partial.mkdir(parents=True)
        _write_tensors(partial / WEIGHTS, checkpoint.weights)
        _write_tensors(partial / OPTIMIZER, checkpoint.optimizer)
        description = json.dumps(_described(checkpoint, partial), indent=1)
        (partial / DESCRIPTION).write_text(description, encoding="utf-8")
        for path in partial.iterdir():
            _sync_file(path)
        if final.exists():
            shutil.rmtree(final)
        partial.rename(final)
        _sync_folder(folder)
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"cannot write {final}: {_reason(error)}", "free some space, or choose another --out"
        ) from error
    finally:
        # What was interrupted, or found the disk full.
        shutil.rmtree(partial, ignore_errors=True)
    for old in list(_newest_first(folder))[KEPT:]:
        # One that stays takes space; the new one is whole all the same.
        shutil.rmtree(old, ignore_errors=True)
    return final


def load(path: Path, *, optimizer: bool = True) -> Checkpoint:
    """Read one checkpoint folder.

    Args:
        optimizer: read the optimizer's state, too, which only a training that goes on needs.

    Raises:
        DamagedCheckpoint: a file is missing or cut off, or its tensors are not those written.
        UserError: another version of segdata wrote it.
    """
    try:
        description = json.loads((path / DESCRIPTION).read_bytes())
        _refuse_others(path, description["format"])
        return Checkpoint(
            step=description["step"],
            settings=TrainSettings.model_validate_json(json.dumps(description["settings"])),
            class_map=ClassMap.from_json(description["classes"]),
            data_digest=description["data_digest"],
            weights=_checked(path / WEIGHTS, description),
            optimizer=_checked(path / OPTIMIZER, description) if optimizer else {},
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, ValidationError) as error:
        raise DamagedCheckpoint(
            f"the checkpoint {path} is damaged: {_reason(error)}",
            "use an earlier one, or train again",
        ) from error


def latest(folder: Path, *, optimizer: bool = True) -> Found | None:
    """The newest checkpoint below ``folder`` that is whole; None if there never was one.

    Args:
        optimizer: as of :func:`load`; what is not read may be damaged.

    Raises:
        DamagedCheckpoint: there are checkpoints, and all are damaged.
    """
    damaged: list[str] = []
    for path in _newest_first(folder):
        try:
            return Found(load(path, optimizer=optimizer), path, tuple(damaged))
        except DamagedCheckpoint as error:
            damaged.append(error.message)
    if damaged:
        raise DamagedCheckpoint("; ".join(damaged), "train again into another folder")
    return None


def _newest_first(folder: Path) -> Iterator[Path]:
    found = [(int(m[1]), path) for path in folder.glob("*") if (m := STEP.fullmatch(path.name))]
    return (path for _, path in sorted(found, reverse=True))


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous copies in memory: safetensors stores no strides."""
    return {name: t.detach().cpu().contiguous() for name, t in tensors.items()}


def _described(checkpoint: Checkpoint, folder: Path) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "step": checkpoint.step,
        "num_classes": checkpoint.settings.network.num_classes,
        "ignore_label": checkpoint.class_map.ignore,
        "classes": checkpoint.class_map.to_json(),
        "class_digest": checkpoint.class_map.digest,
        "data_digest": checkpoint.data_digest,
        "input": "uint8 H×W×3, RGB; the network itself scales 0..255 to -1..1",
        "settings": checkpoint.settings.model_dump(mode="json"),
        "sha256": {name: _digest(folder / name) for name in (WEIGHTS, OPTIMIZER)},
    }


def _refuse_others(path: Path, version: int) -> None:
    if version != FORMAT:
        when = "an older" if version < FORMAT else "a newer"
        raise UserError(
            f"{path} was written by {when} segdata (format {version}, this one reads {FORMAT})",
            "use that segdata for it, or train again into another folder",
        )


def _checked(path: Path, description: Mapping[str, Any]) -> dict[str, Tensor]:
    if _digest(path) != description["sha256"][path.name]:
        raise ValueError(f"{path.name} is not what was written ({path.stat().st_size} bytes)")
    tensors: dict[str, Tensor] = load_file(path)
    return tensors


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    # safetensors makes files that their owner alone may read; others may as much as of any file.
    path.touch()
    mode = path.stat().st_mode
    save_file(_plain(tensors), path)
    path.chmod(mode)


def _reason(error: Exception) -> str:
    """What the system said; safetensors wraps it in words of its own."""
    told = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return str(told).rpartition("I/O error: ")[2]


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where folders can be synced (not on Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
