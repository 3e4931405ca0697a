"""What a diagnosis can rest on: labels, predictions, a log, commands, weights, logits, a batch.

Each kind has a module: a frozen dataclass of facts and what gathers it from files. No framework is
loaded here. ``CaseFacts`` holds what there is; the doctor's rules judge it.
"""

from segdata.evidence.batches import BatchFacts
from segdata.evidence.case import CaseFacts
from segdata.evidence.labels import LabelEvidence
from segdata.evidence.logits import ClassLogits, EmptyLabels, LogitFacts, OtherLogits
from segdata.evidence.logs import LogFacts, Series
from segdata.evidence.scripts import ScriptFacts, Trap
from segdata.evidence.settings import SettingsFacts
from segdata.evidence.sweeps import Look, SweepFacts
from segdata.evidence.weights import Tensor, WeightFacts

__all__ = [
    "BatchFacts",
    "CaseFacts",
    "ClassLogits",
    "EmptyLabels",
    "LabelEvidence",
    "LogFacts",
    "LogitFacts",
    "Look",
    "OtherLogits",
    "ScriptFacts",
    "Series",
    "SettingsFacts",
    "SweepFacts",
    "Tensor",
    "Trap",
    "WeightFacts",
]
