"""Logits of every backbone and head, kept so that no change moves them unnoticed.

    python tests/model/golden_logits.py

writes ``golden_logits.json`` anew. The numbers in it were computed on 2026-11-26, when
benchmarks/parity.py passed on fixtures of the original for all of these variants and heads (48
folders, float64 within 2e-6): a change of them is a departure from the original.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch

from model.network.deeplab import DeepLab
from model.network_settings import NetworkSettings, Variant

FILE = Path(__file__).with_suffix(".json")
CELL = (
    {"op": "conv", "kernel": 3, "rate": (1, 6)},
    {"op": "conv", "kernel": 1, "input": 0},
    {"op": "conv", "kernel": 3, "rate": (6, 3), "input": 1},
)
V3_HEAD = {
    "atrous_rates": (),
    "aspp_filters": 32,
    "aspp_projection": False,
    "aspp_squeeze_excitation": True,
    "quantized_sigmoid": True,
    "decoder_sum_merge": True,
    "decoder_is_logits": True,
    "decoder_output_stride": (8,),
    "output_stride": 32,
}
HEADS: Mapping[str, Mapping[str, Any]] = {
    "no decoder": {"decoder_output_stride": None, "atrous_rates": ()},
    "stride 8": {"output_stride": 8},
    "stride 4": {"output_stride": 4, "decoder_output_stride": None},
    "three stages": {"decoder_output_stride": (16, 8, 4)},
    "plain": {"decoder_separable": False, "aspp_separable": False},
    "plain stages": {"decoder_output_stride": (8, 4), "decoder_separable": False},
    "sum": {"decoder_sum_merge": True},
    "gate": {"aspp_squeeze_excitation": True},
    "windows": {"image_pooling_crop_size": (33, 49), "image_pooling_stride": (1, 2)},
    "no pooling": {"image_pooling": False},
    "no aspp": {"aspp_batch_norm": False, "logits_kernel_size": 3, "decoder_output_stride": None},
    "bounded": {"bounded_activation": True},
    "pyramid": {"image_pyramid": (0.5, 1.0, 1.25), "merge_method": "max"},
    "cell": {"dense_prediction_cell": CELL},
    "narrow": {"depth_multiplier": 0.35, "divisible_by": 8},
}
CASES: Mapping[str, Mapping[str, Any]] = {
    **{variant: {"variant": variant} for variant in get_args(Variant)},
    **{f"mobilenet_v2, {head}": changes for head, changes in HEADS.items()},
    "mobilenet_v3_large_seg, its head": {"variant": "mobilenet_v3_large_seg", **V3_HEAD},
    "mobilenet_v3_small_seg, its head": {"variant": "mobilenet_v3_small_seg", **V3_HEAD},
    "resnet_v1_18, grid": {"variant": "resnet_v1_18", "multi_grid": (2, 4), "output_stride": 8},
    "xception_41, bounded": {"variant": "xception_41", "bounded_activation": True},
}
# Odd and even sides: TensorFlow pads even ones at the bottom and right only.
SIZES = ((65, 49), (50, 66))


def network_of(case: str) -> DeepLab:
    """A faithful network whose weights are a function of their names, in float64."""
    fields = {"num_classes": 5, "aspp_filters": 16, "decoder_filters": 16, **CASES[case]}
    network = DeepLab(NetworkSettings.model_validate({**fields, "faithful": True})).double()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(_value(name, tuple(tensor.shape))))
    return network.eval()


def _value(name: str, shape: tuple[int, ...]) -> np.ndarray:
    noise = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
    if name.endswith("conv.weight"):
        return noise * np.sqrt(2 / np.prod(shape[1:]))
    if name.endswith("running_var"):
        return 1 + 0.1 * np.abs(noise)
    return 0.1 * noise + (1 if name.endswith("batch_norm.weight") else 0)


def measured(case: str) -> list[dict[str, Any]]:
    """Shape, norm and eight values of the logits of each size."""
    network, results = network_of(case), []
    for size in SIZES:
        pixels = np.random.RandomState(7).randint(0, 256, (1, 3, *size)).astype(np.uint8)
        with torch.no_grad():
            logits = network(torch.from_numpy(pixels)).numpy()
        places = np.linspace(0, logits.size - 1, 8).astype(int)
        results.append(
            {
                "shape": list(logits.shape),
                "norm": float(np.linalg.norm(logits)),
                "values": [float(value) for value in logits.flat[places]],
            }
        )
    return results


def main() -> None:
    FILE.write_text(json.dumps({case: measured(case) for case in CASES}, indent=1) + "\n")


if __name__ == "__main__":
    main()
