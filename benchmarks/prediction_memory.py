"""What a prediction takes against what was expected of it, and how long it lasts.

usage: python benchmarks/prediction_memory.py [--device cpu|cuda] [--variant NAME …] [SIDE …]

For each network and square image: the expected bytes (model/prediction/memory.py measures two small
predictions), the real peak (of the process on CPUs, of torch's allocator on GPUs), and the plan
that was chosen. Random weights, 21 classes. Each case is a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from model.config import RunSettings
from model.hardware import choose_hardware
from model.network.deeplab import DeepLab
from model.network_settings import NetworkSettings
from model.prediction.predictor import TrainedPredictor
from segdata.classes import ClassMap, SegClass
from segdata.predictor import PredictionOptions

CLASSES = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(21)), 255)


def one_case(variant: str, side: int, device: str, precision: str) -> None:
    """Predict once and print a line."""
    run = RunSettings.model_validate({"device": device, "precision": precision})
    hardware = choose_hardware(run)
    settings = NetworkSettings.model_validate({"variant": variant, "num_classes": 21})
    network = DeepLab(settings)
    network.fold()
    hardware.place(network)
    predictor = TrainedPredictor(network, CLASSES, hardware, None, PredictionOptions())
    plan = predictor.plan(side, side)
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    before = start_of_peak(hardware.device)
    began = time.perf_counter()
    predictor.predict(image)
    seconds = time.perf_counter() - began
    taken = (peak(hardware.device) - before) / 1e9
    print(
        f"{variant:<22} {precision} {side:>5}²  took {taken:6.2f} GB, {seconds:7.2f} s  "
        f"{plan.reason}",
        flush=True,
    )


def start_of_peak(device: torch.device) -> int:
    """Bytes in use; the peak is counted from here."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    # Linux, proc(5): 5 resets the peak of the resident set.
    Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def peak(device: torch.device) -> int:
    return torch.cuda.max_memory_allocated() if device.type == "cuda" else resident("VmHWM")


def resident(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sides", nargs="*", type=int, default=[1025, 2049])
    parser.add_argument("--variant", nargs="+", default=["mobilenet_v2", "xception_65"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16"])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    for variant in asked.variant:
        for precision in asked.precision:
            for side in asked.sides:
                if asked.here:
                    one_case(variant, side, asked.device, precision)
                else:
                    case = [str(side), "--variant", variant, "--precision", precision]
                    line = [sys.executable, __file__, *case, "--device", asked.device, "--here"]
                    subprocess.run(line, check=True)


if __name__ == "__main__":
    main()
