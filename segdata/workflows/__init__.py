"""Operations joined with the model: what the commands call. torch is loaded only where it runs."""

from segdata.workflows.demo import run_demo
from segdata.workflows.doctoring import diagnose
from segdata.workflows.pictures import PictureRequest, visualize
from segdata.workflows.scoring import EvaluationRequest, evaluate
from segdata.workflows.training import train

__all__ = [
    "EvaluationRequest",
    "PictureRequest",
    "diagnose",
    "evaluate",
    "run_demo",
    "train",
    "visualize",
]
