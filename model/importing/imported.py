"""What an import did, for people and for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.config import TrainSettings
from model.importing.matching import Match
from model.importing.naming import Reason


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did.

    Args:
        source: the file, as it was given.
        kind: what the file is, in words.
        checkpoint: the folder with the weights.
        step: the training step at which the file was written.
        settings: of the network, and how it is run.
        match: what was used, missed, of another shape or left over.
        aside: variables that are no weights of a segmentation network, by the reason.
        notes: what was found or assumed, in sentences.
    """

    source: Path
    kind: str
    checkpoint: Path
    step: int
    settings: TrainSettings
    match: Match
    aside: Mapping[Reason, tuple[str, ...]]
    notes: tuple[str, ...]

    @property
    def first_weights_only(self) -> bool:
        """It has no logits: a training can begin from it, and nothing can be predicted."""
        return self.settings.network.num_classes is None

    def to_json(self) -> dict[str, Any]:
        found = self.match
        return {
            "source": str(self.source),
            "kind": self.kind,
            "step": self.step,
            "checkpoint": str(self.checkpoint),
            "network": self.settings.network.model_dump(mode="json"),
            "first_weights_only": self.first_weights_only,
            "used": list(found.used),
            "ignored": {reason: list(names) for reason, names in self.aside.items()},
            "unknown": list(found.foreign),
            "missing": list(found.missing),
            "misshapen": {name: [*map(list, both)] for name, both in found.misshapen.items()},
            "not_in_the_network": list(found.left_over),
            "notes": list(self.notes),
        }
