"""Everything that was gathered for one diagnosis."""

from __future__ import annotations

from dataclasses import dataclass

from segdata.evidence.batches import BatchFacts
from segdata.evidence.color_masks import ColorMaskFacts
from segdata.evidence.labels import LabelEvidence
from segdata.evidence.logits import LogitFacts
from segdata.evidence.logs import LogFacts
from segdata.evidence.predictions import PredictionFacts
from segdata.evidence.scripts import ScriptFacts
from segdata.evidence.settings import SettingsFacts
from segdata.evidence.sweeps import SweepFacts
from segdata.evidence.weights import WeightFacts


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """What the doctor's rules judge; a part is None, or empty, where nobody gave that evidence.

    Args:
        colors: color masks that the labels were made of.
        training: the settings that the network was trained with.
        inference: those that it predicted with, where they are others.
        graph: a frozen graph, as it was exported.
    """

    labels: LabelEvidence | None = None
    colors: ColorMaskFacts | None = None
    predictions: PredictionFacts | None = None
    log: LogFacts | None = None
    scripts: tuple[ScriptFacts, ...] = ()
    training: SettingsFacts | None = None
    inference: SettingsFacts | None = None
    weights: WeightFacts | None = None
    graph: WeightFacts | None = None
    logits: LogitFacts | None = None
    sweep: SweepFacts | None = None
    batch: BatchFacts | None = None
