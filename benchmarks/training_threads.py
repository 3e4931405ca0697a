"""What waiting threads cost a training step, on an idle machine and on a busy one.

    python benchmarks/training_threads.py

OpenMP's threads spin while they wait (``OMP_WAIT_POLICY=active``) or sleep (``passive``, which
segdata sets). The busy machine has one other process per core. Each figure is from a process of its
own, since the policy is read when torch is loaded.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 10.0
POLICIES = ("active", "passive")
STEP = """
import sys, time, torch
from model.config import demo_settings
from model.deeplab import DeepLab
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


def spin() -> None:
    while True:
        pass


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Other programs that want every core."""
    others = [multiprocessing.Process(target=spin, daemon=True) for _ in range(processes)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.kill()


def steps_per_second(policy: str) -> float:
    environment = {**os.environ, "OMP_WAIT_POLICY": policy}
    line = [sys.executable, "-c", STEP, str(SECONDS)]
    out = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    return float(out.stdout)


def main() -> None:
    for name, others in (("idle", 0), ("busy", os.cpu_count() or 1)):
        with busy(others):
            time.sleep(1)
            speeds = {policy: steps_per_second(policy) for policy in POLICIES}
        ratio = speeds["passive"] / speeds["active"]
        text = ", ".join(f"{policy} {speed:.2f} steps/s" for policy, speed in speeds.items())
        print(f"{name} machine: {text}; passive is {ratio:.2f} x")


if __name__ == "__main__":
    main()
