"""What a training run leaves: ``config.json``, ``metrics.jsonl`` and ``checkpoints/``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model.config import TrainSettings
from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.files import write_file

CONFIG, METRICS, CHECKPOINTS = "config.json", "metrics.jsonl", "checkpoints"
# In every checkpoint, beside its weights.
DESCRIPTION = "checkpoint.json"
# The folder of a checkpoint, and its step.
STEP = re.compile(r"step-(\d{8,})")
# Shards that were made for the run lie in its folder before it begins.
_MAY_BE_THERE = {"shards"}


@dataclass(frozen=True)
class RunConfig:
    """What ``config.json`` says: settings as resolved, the data, and why choices were made.

    ``taken`` names the settings of the network that the checkpoint decided from which the run
    began.
    """

    settings: TrainSettings
    shards: str
    data_digest: str
    class_map: ClassMap
    choices: tuple[str, ...]
    taken: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "settings": self.settings.model_dump(mode="json"),
            "shards": self.shards,
            "data_digest": self.data_digest,
            "classes": self.class_map.to_json(),
            "choices": list(self.choices),
            "taken_from_checkpoint": list(self.taken),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunConfig:
        """The inverse of :meth:`to_json`."""
        return cls(
            TrainSettings.model_validate_json(json.dumps(data["settings"])),
            data["shards"],
            data["data_digest"],
            ClassMap.from_json(data["classes"]),
            tuple(data["choices"]),
            tuple(data.get("taken_from_checkpoint", ())),
        )


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        return self.path / CHECKPOINTS

    def config(self) -> RunConfig | None:
        """What the folder's run was started with; None if it is empty or not there.

        Raises:
            UserError: it holds something else than a run, or its configuration is damaged.
        """
        path = self.path / CONFIG
        if path.is_file():
            try:
                return RunConfig.from_json(json.loads(path.read_bytes()))
            except (ValueError, KeyError, TypeError, ValidationError) as error:
                raise UserError(
                    f"{path} is damaged: {str(error).splitlines()[0]}",
                    "train into another folder: --out NEW",
                ) from error
        if self.path.is_file():
            raise UserError(f"{self.path} is a file, and a run is a folder", "choose another --out")
        entries = self.path.iterdir() if self.path.is_dir() else ()
        names = {e.name for e in entries if not e.name.startswith(".")} - _MAY_BE_THERE
        if left := sorted(names & {METRICS, CHECKPOINTS}):
            raise UserError(
                f"{self.path} holds {' and '.join(left)} of a training, and no {CONFIG}, which "
                "says what was trained",
                f"put its {CONFIG} back, or choose another --out",
            )
        if names:
            raise UserError(
                f"{self.path} is not empty and holds no training run", "choose another --out"
            )
        return None

    def start(self, config: RunConfig) -> None:
        """Write the configuration; before anything else of the run."""
        write_file(self.path / CONFIG, json.dumps(config.to_json(), indent=1).encode())

    def log(self, **values: float | int | str | None) -> None:
        """Append one line to the metrics."""
        with (self.path / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """The metrics' lines; a line that a kill cut off is left out."""
        path = self.path / METRICS
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        parsed = []
        for line in lines:
            try:
                parsed.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return parsed

    def is_validated(self, step: int) -> bool:
        """Whether the metrics hold a score of the val split after a step."""
        return any(line["step"] == step and "val_miou" in line for line in self.metrics())

    def forget_after(self, step: int) -> None:
        """Drop the metrics of steps that a resumed run takes again."""
        kept = [json.dumps(line) for line in self.metrics() if line["step"] <= step]
        write_file(self.path / METRICS, "".join(line + "\n" for line in kept).encode())
