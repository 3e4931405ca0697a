"""Every backbone on a GPU: images per second in training and prediction, and what limits them.

usage: python benchmarks/network_on_gpu.py [VARIANT …] [--seconds N] [--json FILE] [--compile …]

513×513 pixels, output stride 16, ASPP 6, 12, 18, decoder at 4, 21 classes, bf16 autocast and
channels_last, with and without torch.compile. The share of a limit is the time that the arithmetic
(or the fewest bytes) would take at the rate measured in this run, over the time taken: arithmetic
is all multiply-adds of the forward pass (torch's FlopCounterMode); the fewest bytes are each
convolution's input, output and weights once in bf16. Training does both three times, for the two
gradients (FlopCounterMode itself counts the gradients of grouped convolutions as if of dense ones).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from model.config import RunSettings
from model.hardware import choose_hardware
from model.network.deeplab import DeepLab
from model.network.layers import ConvUnit, resize
from model.network_settings import NetworkSettings, Variant

SIZE = 513
TRAIN_BATCH, PREDICT_BATCH = 16, 32
# Forward, gradient of the inputs, gradient of the weights.
PASSES = 3
COMPILED = ("mobilenet_v2", "resnet_v1_50_beta", "xception_65")


@dataclass(frozen=True)
class Limits:
    """What this GPU does at most: measured, not from its data sheet."""

    name: str
    flops: float
    bytes_per_second: float


@dataclass(frozen=True)
class Row:
    """One measurement."""

    variant: str
    work: str
    compiled: bool
    images_per_second: float
    share_of_arithmetic: float
    share_of_memory: float
    peak_gigabytes: float
    compile_seconds: float


def measure_limits() -> Limits:
    """A large bf16 product of matrices, and a large copy."""
    side = 8192
    a, b = (torch.randn(side, side, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    seconds = timed(lambda: a @ b, 2.0)
    block = torch.randn(1 << 30, device="cuda", dtype=torch.bfloat16)
    target = torch.empty_like(block)
    copied = timed(lambda: target.copy_(block), 2.0)
    return Limits(torch.cuda.get_device_name(), 2 * side**3 / seconds, 2 * block.nbytes / copied)


def timed(work: Callable[[], object], seconds: float) -> float:
    """Mean seconds of ``work``, by events around as many calls as fit."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    began, calls = time.monotonic(), 0
    start.record()
    while time.monotonic() - began < seconds or calls < 3:
        work()
        calls += 1
        if calls % 4 == 0:
            torch.cuda.synchronize()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / 1000 / calls


def counted(network: DeepLab, images: torch.Tensor) -> tuple[int, int]:
    """Operations of a forward pass, and bytes of every convolution's input, output and weights."""
    total = 0

    def count(module: torch.nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        nonlocal total
        assert isinstance(module, ConvUnit)
        total += 2 * (inputs[0].numel() + output.numel() + module.conv.weight.numel())

    units = [module for module in network.modules() if isinstance(module, ConvUnit)]
    hooks = [unit.register_forward_hook(count) for unit in units]  # type: ignore[arg-type]
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(images)
    for hook in hooks:
        hook.remove()
    return counter.get_total_flops(), total


def measure(variant: str, work: str, compiled: bool, limits: Limits, seconds: float) -> Row:
    """One variant, one kind of work."""
    torch.manual_seed(0)
    batch = TRAIN_BATCH if work == "training" else PREDICT_BATCH
    hardware = choose_hardware(RunSettings(device="cuda", precision="bf16"))
    settings = NetworkSettings.model_validate({"variant": variant, "num_classes": 21})
    network = DeepLab(settings)
    hardware.place(network)
    images = torch.randint(0, 255, (batch, 3, SIZE, SIZE), dtype=torch.uint8)
    images = hardware.placed(images)
    labels = torch.randint(0, 21, (batch, SIZE, SIZE), device="cuda")
    flops, moved = counted(network.eval(), images)
    passes = PASSES if work == "training" else 1
    if work == "prediction":
        network.fold()
    runner = torch.compile(network) if compiled else network
    optimizer = torch.optim.SGD(network.parameters(), lr=0.001, momentum=0.9)

    def train() -> None:
        network.train()
        with hardware.autocast():
            logits = runner(images)
        loss = functional.cross_entropy(resize(logits, (SIZE, SIZE)), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    def predict() -> None:
        with torch.inference_mode(), hardware.autocast():
            resize(runner(images), (SIZE, SIZE)).argmax(1)

    call = train if work == "training" else predict
    began = time.monotonic()
    call()
    torch.cuda.synchronize()
    compile_seconds = time.monotonic() - began if compiled else 0.0
    torch.cuda.reset_peak_memory_stats()
    taken = timed(call, seconds)
    peak = torch.cuda.max_memory_allocated() / 1e9
    return Row(
        variant,
        work,
        compiled,
        batch / taken,
        passes * flops / limits.flops / taken,
        passes * moved / limits.bytes_per_second / taken,
        peak,
        compile_seconds,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="*", default=list(get_args(Variant)))
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--compile", nargs="*", default=list(COMPILED), metavar="VARIANT")
    asked = parser.parse_args()
    limits = measure_limits()
    print(
        f"{limits.name}, torch {torch.__version__}: measured {limits.flops / 1e12:.0f} TFLOP/s "
        f"bf16, {limits.bytes_per_second / 1e12:.2f} TB/s"
    )
    rows: list[Row] = []
    plain = [(variant, False) for variant in asked.variants]
    compiled = [(variant, True) for variant in asked.compile]
    for variant, is_compiled in plain + compiled:
        for work in ("training", "prediction"):
            row = measure(variant, work, is_compiled, limits, asked.seconds)
            rows.append(row)
            torch.cuda.empty_cache()
            print(
                f"{row.variant:<24} {row.work:<10} {'compiled' if is_compiled else '        '} "
                f"{row.images_per_second:8.1f} images/s  arithmetic {row.share_of_arithmetic:5.1%}"
                f"  memory {row.share_of_memory:5.1%}  peak {row.peak_gigabytes:5.1f} GB"
                + (f"  compiled in {row.compile_seconds:.0f} s" if is_compiled else ""),
                flush=True,
            )
            if asked.json:
                results = {"limits": asdict(limits), "rows": [asdict(r) for r in rows]}
                asked.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
