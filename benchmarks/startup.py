"""How long the command line takes to answer, as a ratio to an empty Python.

    python benchmarks/startup.py

Interleaved rounds, medians; the goal is at most 6 times ``python -c pass`` for ``segdata --help``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "segdata --help": [sys.executable, "-c", "from segdata.cli import run; run(['--help'])"],
    "segdata train --help": [
        sys.executable, "-c", "from segdata.cli import run; run(['train', '--help'])"
    ],
}  # fmt: skip


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    rounds = [{name: seconds(c) for name, c in COMMANDS.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(r[name] for r in rounds) for name in COMMANDS}
    floor = medians["python -c pass"]
    for name, median in medians.items():
        print(f"{name:24} {median * 1000:6.1f} ms  {median / floor:5.2f} x")


if __name__ == "__main__":
    main()
