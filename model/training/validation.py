"""The val split, scored now and then while a network learns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.config import TrainSettings
from model.prediction.predictor import TrainedPredictor
from model.training.data import SplitRecords
from model.training.interruption import Interruption
from segdata.confusion import ConfusionMatrix
from segdata.frames import read_ahead
from segdata.manifest import ShardManifest

SPLIT = "val"


@dataclass(frozen=True)
class Validation:
    """The labelled images to score, and every how many steps."""

    records: SplitRecords
    every: int

    @classmethod
    def of(
        cls, settings: TrainSettings, shards: Path, manifest: ShardManifest
    ) -> Validation | None:
        """What the settings ask for; None where they ask for nothing, or there is no val split.

        Raises:
            UserError: the split has images without labels.
        """
        every = settings.run.validate_every
        if not every or not _is_there(manifest):
            return None
        remedy = "label them, or train without validation: --set validate_every=0"
        return cls(SplitRecords(shards, manifest, SPLIT, remedy), every)

    def is_due(self, step: int) -> bool:
        """Whether the network is scored after a step; step 0 has learned nothing."""
        return step > 0 and step % self.every == 0

    def score(
        self, predictor: TrainedPredictor, interruption: Interruption
    ) -> ConfusionMatrix | None:
        """Compare predictions with labels; None if an interruption came before the end."""
        num_classes = predictor.network.settings.num_classes
        assert num_classes is not None
        total = ConfusionMatrix.zeros(num_classes, self.records.ignore)
        for sample in read_ahead(self.records):
            if interruption:
                return None
            predicted = predictor.predict(sample.image)
            total += ConfusionMatrix.of(sample.label, predicted, num_classes, self.records.ignore)
        return total


def validation_notes(settings: TrainSettings, manifest: ShardManifest) -> tuple[str, ...]:
    """A sentence where validation is asked for and cannot be."""
    if not settings.run.validate_every or _is_there(manifest):
        return ()
    return (
        f"validate_every = {settings.run.validate_every} does nothing: the shards have no images "
        f"of a split {SPLIT!r}",
    )


def _is_there(manifest: ShardManifest) -> bool:
    return SPLIT in manifest.splits and manifest.splits[SPLIT].samples > 0
