"""What a file says of itself: its classes and what goes in and comes out."""

from __future__ import annotations

from typing import Any

from model.checkpoint import Checkpoint
from model.deeplab import MEAN_SUBTRACTED
from model.exporting.deployed import Interface
from model.network_settings import IMAGENET_MEAN, NetworkSettings
from segdata import __version__
from segdata.classes import ClassMap


def describe(checkpoint: Checkpoint, interface: Interface) -> dict[str, Any]:
    """The description, as JSON has it."""
    network = checkpoint.settings.network
    return {
        "producer": f"segdata {__version__}",
        "model_variant": network.variant,
        "step": checkpoint.step,
        "num_classes": network.num_classes,
        "classes": _classes(checkpoint.class_map, network.num_classes or 0),
        "ignore_label": checkpoint.class_map.ignore,
        "input": _input(network, interface),
        "output": _output(network, interface),
        "output_stride": network.output_stride,
        "logits_stride": network.logits_stride,
    }


def _classes(class_map: ClassMap, count: int) -> list[dict[str, Any]]:
    """One for each channel of the network."""
    return [
        {"id": i, "name": class_map.name(i), "color": list(class_map.color(i))}
        for i in range(count)
    ]


def _input(network: NetworkSettings, interface: Interface) -> dict[str, Any]:
    size = "H×W" if interface.size is None else "{}×{}".format(*interface.size)
    subtracted = network.variant in MEAN_SUBTRACTED
    stride, looks = network.output_stride, interface.options
    said: dict[str, Any] = {
        "name": "images",
        "type": f"uint8 N×{size}×3" if interface.preprocess else f"float32 N×3×{size}",
        "values": "RGB, 0 to 255",
        "scaling": {
            "where": "inside the network",
            "mean": list(IMAGENET_MEAN) if subtracted else [127.5] * 3,
            "divisor": 1.0 if subtracted else 127.5,
        },
        "mean_pixel": list(network.mean_pixel),
    }
    if interface.preprocess:
        crop = looks.crop_size
        at_least = "" if crop is None else f"{crop[0]}×{crop[1]}, larger ones to "
        said["padding"] = f"{at_least}k·{stride}+1"
        said["scales"], said["flip"] = list(looks.scales), looks.flip
    return said


def _output(network: NetworkSettings, interface: Interface) -> dict[str, Any]:
    stride, classes = network.logits_stride, network.num_classes
    at_stride = f"N×{classes}×((H-1)//{stride}+1)×((W-1)//{stride}+1)"
    scores = f"N×{classes}×H×W" if interface.preprocess else at_stride
    kinds = {
        "ids": f"{'uint8' if (classes or 0) <= 256 else 'int32'} N×H×W, class ids",
        "logits": f"float32 {scores}",
        "probabilities": f"float32 {scores}, of a pixel they sum to 1",
    }
    return {"name": interface.output, "type": kinds[interface.output]}
