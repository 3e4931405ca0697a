"""What a file says of itself: its classes and what goes in and comes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model.checkpoint import Checkpoint
from model.exporting.deployed import Interface
from model.network.deeplab import MEAN_SUBTRACTED
from model.network_settings import IMAGENET_MEAN, NetworkSettings
from segdata import __version__
from segdata.classes import ClassMap


def describe(checkpoint: Checkpoint, interface: Interface, batch: int | None) -> dict[str, Any]:
    """The description, as JSON has it.

    Args:
        batch: how many images an input has; None for any number.
    """
    network = checkpoint.settings.network
    return {
        "producer": f"segdata {__version__}",
        "model_variant": network.variant,
        "step": checkpoint.step,
        "num_classes": network.num_classes,
        "classes": _classes(checkpoint.class_map, network.num_classes or 0),
        "ignore_label": checkpoint.class_map.ignore,
        "input": _input(network, interface, batch),
        "output": _output(network, interface, batch),
        "output_stride": network.output_stride,
        "logits_stride": network.logits_stride,
    }


def _classes(class_map: ClassMap, count: int) -> list[dict[str, Any]]:
    """One for each channel of the network."""
    return [
        {"id": i, "name": class_map.name(i), "color": list(class_map.color(i))}
        for i in range(count)
    ]


def _input(network: NetworkSettings, interface: Interface, batch: int | None) -> dict[str, Any]:
    height, width = interface.size or ("H", "W")
    is_subtracted = network.variant in MEAN_SUBTRACTED
    photo, planes = (batch or "N", height, width, 3), (batch or "N", 3, height, width)
    said: dict[str, Any] = {
        "name": "images",
        "type": f"uint8 {_times(photo)}" if interface.preprocess else f"float32 {_times(planes)}",
        "values": "RGB, 0 to 255",
        "scaling": {
            "where": "inside the network",
            "mean": list(IMAGENET_MEAN) if is_subtracted else [127.5] * 3,
            "divisor": 1.0 if is_subtracted else 127.5,
        },
        "mean_pixel": list(network.mean_pixel),
    }
    return {**said, **_preprocessing(network, interface)} if interface.preprocess else said


def _preprocessing(network: NetworkSettings, interface: Interface) -> dict[str, Any]:
    looks = interface.options
    at_least = "" if looks.crop_size is None else f"{_times(looks.crop_size)}, larger ones to "
    return {
        "padding": f"{at_least}k·{network.output_stride}+1, with the mean pixel",
        "scales": list(looks.scales),
        "flip": looks.flip,
    }


def _output(network: NetworkSettings, interface: Interface, batch: int | None) -> dict[str, Any]:
    height, width = interface.size or ("H", "W")
    if not interface.preprocess:
        height, width = (_at_stride(n, network.logits_stride) for n in (height, width))
    scores = f"float32 {_times((batch or 'N', network.num_classes, height, width))}"
    ids = "uint8" if (network.num_classes or 0) <= 256 else "int32"
    kinds = {
        "ids": f"{ids} {_times((batch or 'N', height, width))}, class ids",
        "logits": scores,
        "probabilities": f"{scores}, of a pixel they sum to 1",
    }
    return {"name": interface.output, "type": kinds[interface.output]}


def _at_stride(length: int | str, stride: int) -> int | str:
    return f"(({length}-1)//{stride}+1)" if isinstance(length, str) else (length - 1) // stride + 1


def _times(lengths: Iterable[object]) -> str:
    return "×".join(map(str, lengths))
