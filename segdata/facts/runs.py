"""Facts about a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segdata.manifest import ShardManifest


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """A run whose weights cannot be read: which run, why, and what the reader advises."""

    run: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """How much a run was shown, and whether its network answers one class everywhere."""

    steps: int
    batch_size: int
    samples: int
    collapsed: bool

    @property
    def epochs(self) -> float:
        """How often the run saw each picture."""
        return self.steps * self.batch_size / max(1, self.samples)

    @classmethod
    def of(
        cls, config: Mapping[str, Any], manifest: ShardManifest, *, collapsed: bool
    ) -> TrainingFacts:
        """The facts of a run's ``config.json`` and its shards."""
        settings = config["settings"]
        split = manifest.splits.get(settings["data"]["split"])
        return cls(
            settings["run"]["steps"],
            settings["data"]["batch_size"],
            split.samples if split else 0,
            collapsed,
        )
