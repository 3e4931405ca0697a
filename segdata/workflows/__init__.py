"""Operations joined with the model: what the commands call. torch is loaded only where it runs."""

from segdata.workflows.checking import CheckRequest, check
from segdata.workflows.demo import run_demo
from segdata.workflows.describing import CardRequest, describe
from segdata.workflows.doctoring import diagnose
from segdata.workflows.measuring import StatisticsRequest, measure
from segdata.workflows.mending import fix
from segdata.workflows.pictures import PictureRequest, visualize
from segdata.workflows.scoring import EvaluationRequest, evaluate
from segdata.workflows.training import train

__all__ = [
    "CardRequest",
    "CheckRequest",
    "EvaluationRequest",
    "PictureRequest",
    "StatisticsRequest",
    "check",
    "describe",
    "diagnose",
    "evaluate",
    "measure",
    "fix",
    "run_demo",
    "train",
    "visualize",
]
