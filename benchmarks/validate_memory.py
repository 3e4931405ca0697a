"""Memory and time of ``segdata validate`` over very many tiny pairs.

    python benchmarks/validate_memory.py [PAIRS] [--folder DIR] [--executor serial|processes]

Makes PAIRS pairs of 16×16 pixels (100,000 without a number; about 1 GB on most disks) in a
temporary folder, validates them as the command line does, and prints what the main process held at
its peak. ``--folder`` keeps the pairs for another run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from segdata.dataset import DatasetDescriptor, save_descriptor
from segdata.images import encode_label, encode_photo

# Megabytes that the main process may hold.
LIMIT = 500
SIDE = 16
# Pictures in a sub-folder; most file systems slow down with many more.
_SCENE = 1000
_VAL = 5
_CHILD = """
import json, resource, sys, time
from segdata.cli import run
before = time.perf_counter()
code = run(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stderr.write(json.dumps({"code": code, "seconds": time.perf_counter() - before, "peak": peak}))
"""


def make(root: Path, pairs: int) -> None:
    """Photos of noise, labels of two classes, three lists."""
    random = np.random.default_rng(1)
    lists: dict[str, list[str]] = {"train": [], "val": [], "trainval": []}
    for number in range(pairs):
        key = f"scene_{number // _SCENE:04d}/picture_{number:07d}"
        photo = root / "JPEGImages" / f"{key}.jpg"
        label = root / "SegmentationClass" / f"{key}.png"
        if number % _SCENE == 0:
            photo.parent.mkdir(parents=True, exist_ok=True)
            label.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        ids = np.zeros((SIDE, SIDE), dtype=np.uint8)
        ids[: number % SIDE, 2 : 2 + number % 7] = 1
        photo.write_bytes(encode_photo(pixels, "jpeg"))
        label.write_bytes(encode_label(ids))
        lists["val" if number % _VAL == 0 else "train"].append(key)
        lists["trainval"].append(key)
    folder = root / "ImageSets" / "Segmentation"
    folder.mkdir(parents=True)
    for name, keys in lists.items():
        (folder / f"{name}.txt").write_text("".join(f"{key}\n" for key in keys))
    save_descriptor(root, DatasetDescriptor(name="many", num_classes=2, ignore_label=255))


def measure(root: Path, executor: str) -> dict[str, float]:
    """Validate in a process of its own; its peak in megabytes, its time in seconds."""
    command = [sys.executable, "-c", _CHILD, "validate", str(root), "--executor", executor]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(done.stderr[done.stderr.rindex("{") :])
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "exit_code": said["code"],
        "peak_mb": round(said["peak"] / unit),
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(children.ru_utime + children.ru_stime, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("pairs", nargs="?", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--executor", default="processes", choices=["serial", "processes"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = given.folder or Path(temporary) / "many"
        if not (root / "dataset.toml").is_file():
            make(root, given.pairs)
        measured = measure(root, given.executor)
    sys.stdout.write(json.dumps({"pairs": given.pairs, **measured}) + "\n")
    return int(measured["peak_mb"] >= LIMIT or measured["exit_code"] != 0)


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the description."""


if __name__ == "__main__":
    sys.exit(main())
