"""segdata: from labelled images to trained, measured and understood segmentation models.

The verbs of the command line as functions, loaded when they are first used::

    import segdata

    request = segdata.ConversionRequest(source=Path("photos"), out=Path("data"))
    segdata.convert(request)
    segdata.validate(segdata.load_dataset(Path("data")))
    segdata.shard(segdata.load_dataset(Path("data")), Path("shards"))
    segdata.train("shards", Path("run"), ["steps=300"])
    label = segdata.load_predictor("run").predict(image)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from model.prediction.predictor import load_predictor
    from segdata.classes import ClassMap
    from segdata.conversion import ConversionRequest, convert
    from segdata.dataset import load_dataset
    from segdata.errors import BadData, UserError
    from segdata.mending import FixRequest
    from segdata.predictor import PredictionOptions
    from segdata.registry import find, register
    from segdata.sharding import ShardRequest, shard
    from segdata.splitting import SplitRequest, split
    from segdata.tf_data import tf_dataset
    from segdata.validation import validate
    from segdata.workflows import (
        CheckpointRequest,
        ComparisonRequest,
        DoctorRequest,
        EvaluationRequest,
        ExportRequest,
        PackageRequest,
        PictureRequest,
        PortraitRequest,
        PredictionRequest,
        WorklistRequest,
        compare,
        diagnose,
        evaluate,
        export,
        fix,
        import_checkpoint,
        list_label_errors,
        package,
        portray,
        predict,
        train,
        visualize,
    )

_HOMES = {
    "BadData": "segdata.errors",
    "CheckpointRequest": "segdata.workflows",
    "ClassMap": "segdata.classes",
    "ComparisonRequest": "segdata.workflows",
    "ConversionRequest": "segdata.conversion",
    "DoctorRequest": "segdata.workflows",
    "EvaluationRequest": "segdata.workflows",
    "ExportRequest": "segdata.workflows",
    "FixRequest": "segdata.mending",
    "PackageRequest": "segdata.workflows",
    "PictureRequest": "segdata.workflows",
    "PortraitRequest": "segdata.workflows",
    "PredictionOptions": "segdata.predictor",
    "PredictionRequest": "segdata.workflows",
    "ShardRequest": "segdata.sharding",
    "SplitRequest": "segdata.splitting",
    "UserError": "segdata.errors",
    "WorklistRequest": "segdata.workflows",
    "compare": "segdata.workflows",
    "convert": "segdata.conversion",
    "diagnose": "segdata.workflows",
    "evaluate": "segdata.workflows",
    "export": "segdata.workflows",
    "find": "segdata.registry",
    "fix": "segdata.workflows",
    "import_checkpoint": "segdata.workflows",
    "list_label_errors": "segdata.workflows",
    "load_dataset": "segdata.dataset",
    "load_predictor": "model.prediction.predictor",
    "package": "segdata.workflows",
    "portray": "segdata.workflows",
    "predict": "segdata.workflows",
    "register": "segdata.registry",
    "shard": "segdata.sharding",
    "split": "segdata.splitting",
    "tf_dataset": "segdata.tf_data",
    "train": "segdata.workflows",
    "validate": "segdata.validation",
    "visualize": "segdata.workflows",
}

__all__ = [
    "BadData",
    "CheckpointRequest",
    "ClassMap",
    "ComparisonRequest",
    "ConversionRequest",
    "DoctorRequest",
    "EvaluationRequest",
    "ExportRequest",
    "FixRequest",
    "PackageRequest",
    "PictureRequest",
    "PortraitRequest",
    "PredictionOptions",
    "PredictionRequest",
    "ShardRequest",
    "SplitRequest",
    "UserError",
    "WorklistRequest",
    "__version__",
    "compare",
    "convert",
    "diagnose",
    "evaluate",
    "export",
    "find",
    "fix",
    "import_checkpoint",
    "list_label_errors",
    "load_dataset",
    "load_predictor",
    "package",
    "portray",
    "predict",
    "register",
    "shard",
    "split",
    "tf_dataset",
    "train",
    "validate",
    "visualize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'segdata' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as missing:
        from segdata.errors import MissingExtra

        if missing.name in ("torch", "safetensors"):
            raise MissingExtra(missing.name, "train") from missing
        raise


def __dir__() -> list[str]:
    return sorted(__all__)
