"""What waiting threads cost a training step, on an idle machine and on a busy one.

    python benchmarks/training_threads.py

GNU OpenMP's threads spin for GOMP_SPINCOUNT rounds while they wait: 300,000 by default, 100,000 as
segdata sets it, 0 to sleep at once. The busy machine runs a second training
with the same setting.
Each figure is from a process of its own, since the count is read when torch is loaded.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 10.0
SPINS = (300_000, 100_000, 0)
STEP = """
import sys, time, torch
from model.config import demo_settings
from model.network.deeplab import DeepLab
settings = demo_settings().replaced({"network": {"num_classes": 9}}).network
network = DeepLab(settings).to(memory_format=torch.channels_last).train()
batch = torch.randint(0, 255, (8, 3, 145, 193), dtype=torch.uint8)
begun, steps = None, 0
while begun is None or time.monotonic() - begun < float(sys.argv[1]):
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(batch)
    logits.float().square().mean().backward()
    network.zero_grad()
    steps += 1
    if steps == 2:
        begun, first = time.monotonic(), steps
print((steps - first) / (time.monotonic() - begun))
"""


def line(seconds: float) -> list[str]:
    return [sys.executable, "-c", STEP, str(seconds)]


def environment(spins: int) -> dict[str, str]:
    return {**os.environ, "GOMP_SPINCOUNT": str(spins)}


@contextmanager
def busy(processes: int, spins: int) -> Iterator[None]:
    """Other trainings that want every core."""
    others = [subprocess.Popen(line(1e6), env=environment(spins)) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def steps_per_second(spins: int) -> float:
    out = subprocess.run(
        line(SECONDS), env=environment(spins), capture_output=True, text=True, check=True
    )
    return float(out.stdout)


def main() -> None:
    for name, others in (("idle", 0), ("busy", 1)):
        speeds = {}
        for spins in SPINS:
            with busy(others, spins):
                speeds[spins] = steps_per_second(spins)
        default = speeds[SPINS[0]]
        for spins, speed in speeds.items():
            print(f"{name}: {spins:7} rounds {speed:5.2f} steps/s, {speed / default:.2f} x default")


if __name__ == "__main__":
    main()
