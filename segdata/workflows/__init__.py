"""Operations joined with the model: what the commands call, each loaded when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segdata.workflows.checking import CheckRequest, check
    from segdata.workflows.comparing import compare
    from segdata.workflows.comparison_request import ComparisonRequest
    from segdata.workflows.demo import run_demo
    from segdata.workflows.describing import CardRequest, describe
    from segdata.workflows.doctoring import DoctorRequest, diagnose, treat
    from segdata.workflows.evaluation_request import Detail, EvaluationRequest, FileOptions
    from segdata.workflows.exporting import ExportRequest, export
    from segdata.workflows.importing import CheckpointRequest, import_checkpoint
    from segdata.workflows.measuring import StatisticsRequest, measure
    from segdata.workflows.mending import fix
    from segdata.workflows.packaging import PackageRequest, package
    from segdata.workflows.pictures import PictureRequest, visualize
    from segdata.workflows.plain_folders import PlainFolders, dataset_of
    from segdata.workflows.portraits import PortraitRequest, portray
    from segdata.workflows.predicting import PredictionRequest, predict
    from segdata.workflows.predicting_one import is_one_file, predict_file, predict_png
    from segdata.workflows.scoring import evaluate
    from segdata.workflows.training import train
    from segdata.workflows.worklisting import WorklistRequest, list_label_errors

_HOMES = {
    "CardRequest": "describing",
    "CheckRequest": "checking",
    "CheckpointRequest": "importing",
    "ComparisonRequest": "comparison_request",
    "Detail": "evaluation_request",
    "DoctorRequest": "doctoring",
    "EvaluationRequest": "evaluation_request",
    "ExportRequest": "exporting",
    "FileOptions": "evaluation_request",
    "PackageRequest": "packaging",
    "PictureRequest": "pictures",
    "PredictionRequest": "predicting",
    "PlainFolders": "plain_folders",
    "PortraitRequest": "portraits",
    "StatisticsRequest": "measuring",
    "WorklistRequest": "worklisting",
    "check": "checking",
    "compare": "comparing",
    "dataset_of": "plain_folders",
    "describe": "describing",
    "diagnose": "doctoring",
    "evaluate": "scoring",
    "export": "exporting",
    "fix": "mending",
    "import_checkpoint": "importing",
    "is_one_file": "predicting_one",
    "list_label_errors": "worklisting",
    "measure": "measuring",
    "package": "packaging",
    "portray": "portraits",
    "predict": "predicting",
    "predict_file": "predicting_one",
    "predict_png": "predicting_one",
    "run_demo": "demo",
    "train": "training",
    "treat": "doctoring",
    "visualize": "pictures",
}

__all__ = [
    "CardRequest",
    "CheckRequest",
    "CheckpointRequest",
    "ComparisonRequest",
    "Detail",
    "DoctorRequest",
    "EvaluationRequest",
    "ExportRequest",
    "FileOptions",
    "PackageRequest",
    "PictureRequest",
    "PredictionRequest",
    "PlainFolders",
    "PortraitRequest",
    "StatisticsRequest",
    "WorklistRequest",
    "check",
    "compare",
    "dataset_of",
    "describe",
    "diagnose",
    "evaluate",
    "export",
    "fix",
    "import_checkpoint",
    "is_one_file",
    "list_label_errors",
    "measure",
    "package",
    "portray",
    "predict",
    "predict_file",
    "predict_png",
    "run_demo",
    "train",
    "treat",
    "visualize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'segdata.workflows' has no attribute {name!r}")
    return getattr(import_module(f"segdata.workflows.{_HOMES[name]}"), name)
