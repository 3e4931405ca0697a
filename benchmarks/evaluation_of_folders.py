"""Scoring two folders of PNGs beside decoding them, in one run: serial, two processes, borders.

    python benchmarks/evaluation_of_folders.py [PAIRS]

Street-like labels of 19 classes, 2048×1024, 5 % ignored, written by Pillow. Serial figures are
processor seconds of one thread, those of processes wall seconds; then the page of 5,000 images.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from evaluation import street
from PIL import Image

from segdata.classes import ClassMap, SegClass
from segdata.evaluation import EvalItem, EvalOptions, evaluate, evaluate_folders
from segdata.images import read_label
from segdata.pairing import FolderPairs, pair_folders
from segdata.reports import write_report

CLASSES = ClassMap(tuple(SegClass(i, f"class {i}") for i in range(19)), 255)
SIZE = 1024, 2048
# Scoring of all files must take long enough for the start of processes not to count.
PAIRS = 1000
SERIAL_PAIRS = 60
PAGE_IMAGES = 5000
ROUNDS = 3


def main() -> int:
    cv2.setNumThreads(1)
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    with TemporaryDirectory() as folder:
        found = write_folders(Path(folder), pairs)
        compare_with_decoding(FolderPairs(found.pairs[:SERIAL_PAIRS], found.pairing))
        compare_processes(Path(folder), pairs)
        time_the_page(Path(folder) / "report.html")
    return 0


def write_folders(root: Path, pairs: int) -> FolderPairs:
    """Labels and predictions; all are shifts of a few, since making them takes long."""
    for name in ("labels", "predictions"):
        (root / name).mkdir()
    few = [street(*SIZE, 19, seed) for seed in range(4)]
    for number in range(pairs):
        for name, label in zip(("labels", "predictions"), few[number % len(few)], strict=True):
            moved = np.roll(label, 37 * number, axis=1)
            Image.fromarray(moved).save(root / name / f"{number:04}.png")
    return pair_folders(root / "predictions", root / "labels")


def compare_with_decoding(found: FolderPairs) -> None:
    files = [path for pair in found.pairs for path in (pair.truth, pair.prediction)]
    plain = EvalOptions(examples=0)
    pillow = fastest(lambda: [np.asarray(Image.open(path)) for path in files])
    ours = fastest(lambda: [read_label(path) for path in files])
    scored = fastest(lambda: evaluate_folders(found, CLASSES, plain))
    boundary = EvalOptions(examples=0, boundary=True)
    near = fastest(lambda: evaluate_folders(found, CLASSES, boundary))
    each = 1000 / len(found.pairs)
    print(f"{len(found.pairs)} pairs of 2048×1024, 19 classes, one thread")
    print(f"  decoding both files, Pillow   {pillow * each:7.1f} ms a pair")
    print(f"  decoding both files, segdata  {ours * each:7.1f} ms")
    print(f"  eval of the folders           {scored * each:7.1f} ms   "
          f"{scored / pillow:.2f}× Pillow's decoding, {scored / ours:.2f}× ours")  # fmt: skip
    print(f"  with boundary scores          {near * each:7.1f} ms   "
          f"{near / scored:.2f}× decoding and matrix")  # fmt: skip


def compare_processes(root: Path, pairs: int) -> None:
    one, two = wall(root, "--executor=serial"), wall(root, "--workers=2")
    print(f"segdata eval of {pairs} pairs: {one:.1f} s in one process, {two:.1f} s in two: "
          f"{one / two:.2f}×")  # fmt: skip


def time_the_page(path: Path) -> None:
    rng = np.random.default_rng(0)
    truth, prediction = street(360, 480, 19)
    photo = rng.integers(0, 256, (360, 480, 3), np.uint8)
    items = (
        EvalItem(f"image {i}", np.roll(truth, i, 0), np.roll(prediction, i + i % 3, 0), photo)
        for i in range(PAGE_IMAGES)
    )
    report = evaluate(items, CLASSES, EvalOptions(boundary=True, objects=True))
    start = time.perf_counter()
    write_report(report, path)
    taken = time.perf_counter() - start
    size = path.stat().st_size / 1e6
    print(f"the page of {PAGE_IMAGES:,} images after scoring: {taken:.1f} s, {size:.1f} MB")


def wall(root: Path, *options: str) -> float:
    """Seconds of the command, its start included."""
    folders = ["--predictions", str(root / "predictions"), "--labels", str(root / "labels")]
    command = ["segdata", "eval", *folders, "--num-classes=19", "--ignore=255", *options]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def fastest(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


if __name__ == "__main__":
    sys.exit(main())
