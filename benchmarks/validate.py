"""Validating, beside decoding alone, in one run.

    python benchmarks/validate.py [--rounds N] [--pairs N]

Two questions. What do the rules about headers and ids cost, beside decoding the labels with Pillow
and doing nothing with them (goal: at most 1.3 times)? What does ``segdata validate`` cost with all
of its default rules, beside decoding labels and photos with Pillow (goal: at most 3 times)? The
pairs are CamVid's, where ``SEGDATA_SHARED`` names a folder that has it, or the project's rendered
streets. Times are CPU milliseconds per pair in one process: medians of interleaved rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from segdata import rules
from segdata.conversion import ConversionRequest, convert
from segdata.dataset import Dataset, Pair, load_dataset
from segdata.executors import Serial
from segdata.facts import FactsCollector
from segdata.facts.label import gather_label
from segdata.facts.pair import PairFacts
from segdata.facts.photo import PhotoFacts
from segdata.validation import Looks, validate
from segdata.validation.folders import gather

SAMPLES = Path(__file__).parent.parent / "sample_data" / "streets"
ROUNDS = 5
PAIRS = 400


def data(folder: Path) -> Dataset:
    """A data set of real pairs."""
    shared = Path(os.environ.get("SEGDATA_SHARED", "")) / "data" / "camvid"
    source = shared if shared.is_dir() else SAMPLES
    convert(ConversionRequest(source=source, out=folder))
    return load_dataset(folder)


def decode_labels(pairs: list[Pair]) -> None:
    for pair in pairs:
        np.asarray(Image.open(pair.label))  # type: ignore[arg-type]


def decode_all(pairs: list[Pair]) -> None:
    decode_labels(pairs)
    for pair in pairs:
        np.asarray(Image.open(pair.image).convert("RGB"))


def judge_labels(dataset: Dataset, pairs: list[Pair]) -> None:
    """The rules about how labels are stored and what values they hold; no photo is opened."""
    collector = FactsCollector(dataset.descriptor, str(dataset.root))
    for pair in pairs:
        assert pair.label is not None
        label, _ = gather_label(pair.label, None, dataset.descriptor)
        photo = PhotoFacts(str(pair.image), None, None)
        collector.add(PairFacts(pair.key, pair.split, photo, label))
    facts = collector.facts()
    for scope in ("labels.storage", "labels.ids", "dataset.descriptor"):
        list(rules.run(scope, facts))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as scratch:
        dataset = data(Path(scratch) / "data")
        pairs = [pair for split in dataset.splits.values() for pair in split.pairs]
        pairs = list({pair.key: pair for pair in pairs}.values())[: arguments.pairs]
        splits = list(dataset.splits.values())
        closely = Looks(sample=None)
        work: dict[str, tuple[Callable[[], object], int]] = {
            "Pillow decodes labels": (lambda: decode_labels(pairs), len(pairs)),
            "rules about headers and ids": (lambda: judge_labels(dataset, pairs), len(pairs)),
            "Pillow decodes labels and photos": (lambda: decode_all(pairs), len(pairs)),
            "segdata validate": (lambda: validate(load_dataset(dataset.root)), 0),
            "segdata validate --full": (
                lambda: gather(dataset, splits, Serial(), lambda i, w, t: iter(i), closely), 0,
            ),
        }  # fmt: skip
        everything = validate(dataset).checked["pairs"]
        _show(work, everything, arguments.rounds)
    return 0


def _show(work: dict[str, tuple[Callable[[], object], int]], everything: int, rounds: int) -> None:
    times: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, (run, pairs) in work.items():
            start = time.process_time()
            run()
            if number:
                times[name].append((time.process_time() - start) / (pairs or everything) * 1000)
    print(f"{everything} pairs, {rounds} rounds{'':20} ms   × decoding")
    base = "Pillow decodes labels"
    for name, taken in times.items():
        if name.startswith("Pillow"):
            base = name
        ratio = statistics.median(a / b for a, b in zip(taken, times[base], strict=True))
        print(f"  {name:40} {statistics.median(taken):8.3f} {ratio:10.2f}")


if __name__ == "__main__":
    raise SystemExit(main())
