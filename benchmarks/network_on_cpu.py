"""The network on a CPU: our training step and prediction against PyTorch's plain ones, in one run.

usage: python benchmarks/network_on_cpu.py [--threads N] [--rounds N] [VARIANT …]

"plain" is the same network in float32, N×C×H×W in memory, with PyTorch's own depthwise
convolutions: what people get who write it down. Training is a step of batch 2 at 257×257 (forward,
loss, backward), prediction one image of 513×513. Rounds are interleaved; medians of CPU seconds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.nn import functional

from model.config import RunSettings
from model.hardware import choose_hardware
from model.network import layers
from model.network.deeplab import DeepLab
from model.network_settings import NetworkSettings

# Measured apart, under TensorFlow 2.21.
ORIGINAL = "the original's train.py took 2.2 s for this step on one core of an AMX machine"
TRAIN_SIZE, TRAIN_BATCH, PREDICT_SIZE = 257, 2, 513


@dataclass(frozen=True)
class Way:
    """One way to run the network."""

    name: str
    precision: str = "fp32"
    channels_last: bool = False
    own_depthwise: bool = False
    folded: bool = False


TRAINING = (
    Way("plain fp32 NCHW"),
    Way("fp32 channels_last", channels_last=True),
    Way("bf16 channels_last", "bf16", channels_last=True),
    Way("ours: bf16 channels_last, depthwise", "bf16", True, True),
)
PREDICTION = (
    Way("plain fp32 NCHW"),
    Way("fp32 channels_last, depthwise", "fp32", True, True),
    Way("bf16 channels_last, depthwise", "bf16", True, True),
    Way("ours: bf16 channels_last, depthwise, folded", "bf16", True, True, True),
)


@contextmanager
def depthwise(own: bool) -> Iterator[None]:
    """PyTorch's own convolutions in place of model/network/depthwise.py."""
    ours = layers.depthwise_conv2d

    def plain(features, conv, padding):  # type: ignore[no-untyped-def]
        where = (conv.stride, padding, conv.dilation, conv.groups)
        return functional.conv2d(features, conv.weight, conv.bias, *where)

    layers.depthwise_conv2d = ours if own else plain
    try:
        yield
    finally:
        layers.depthwise_conv2d = ours


def step_of(variant: str, way: Way, threads: int) -> Callable[[], None]:
    """A training step: forward, cross entropy at full size, backward."""
    network, hardware = build(variant, way, threads)
    network.train()
    size = (TRAIN_SIZE, TRAIN_SIZE)
    images = hardware.placed(torch.randint(0, 255, (TRAIN_BATCH, 3, *size), dtype=torch.uint8))
    labels = torch.randint(0, 21, (TRAIN_BATCH, *size))

    def step() -> None:
        with depthwise(way.own_depthwise):
            with hardware.autocast():
                logits = network(images)
            loss = functional.cross_entropy(layers.resize(logits, size), labels)
            loss.backward()
            network.zero_grad()

    return step


def prediction_of(variant: str, way: Way, threads: int) -> Callable[[], None]:
    """One image through the network in evaluation mode."""
    network, hardware = build(variant, way, threads)
    network.eval()
    if way.folded:
        network.fold()
    shape = (1, 3, PREDICT_SIZE, PREDICT_SIZE)
    images = hardware.placed(torch.randint(0, 255, shape, dtype=torch.uint8))

    def predict() -> None:
        with torch.inference_mode(), depthwise(way.own_depthwise), hardware.autocast():
            network(images)

    return predict


def build(variant: str, way: Way, threads: int):  # type: ignore[no-untyped-def]
    """The network and what it runs on."""
    settings = NetworkSettings.model_validate({"variant": variant, "num_classes": 21})
    run = RunSettings.model_validate(
        {
            "precision": way.precision,
            "channels_last": way.channels_last,
            "threads": threads,
            "device": "cpu",
        }
    )
    hardware = choose_hardware(run)
    network = DeepLab(settings)
    hardware.place(network)
    return network, hardware


def measure(works: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each, rounds interleaved, the first one left out."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            began = time.process_time()
            work()
            if number:
                seconds[name].append(time.process_time() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def report(title: str, measured: dict[str, float]) -> None:
    print(f"\n{title}")
    plain = next(iter(measured.values()))
    for name, seconds in measured.items():
        print(f"  {name:<40} {seconds:7.3f} s   {plain / seconds:5.2f} x plain", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="*", default=["xception_65"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    fast = [name for name in ("amx_bf16", "avx512_bf16") if capabilities.get(name)]
    print(f"torch {torch.__version__}, {asked.threads} thread(s), {fast or 'no bf16 instructions'}")
    for variant in asked.variants:
        steps = {way.name: step_of(variant, way, asked.threads) for way in TRAINING}
        report(f"{variant}: training step, batch 2, 257×257", measure(steps, asked.rounds))
        if variant == "xception_65":
            print(f"  ({ORIGINAL})")
        works = {way.name: prediction_of(variant, way, asked.threads) for way in PREDICTION}
        report(f"{variant}: prediction, 513×513", measure(works, asked.rounds))


if __name__ == "__main__":
    main()
