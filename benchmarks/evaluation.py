"""The matrix step of an evaluation beside what others do, in one run on one thread.

    python benchmarks/evaluation.py

Peers that are not installed are left out. Labels are street-like regions: 480×360 and 2048×1024,
12 and 21 classes, 5 % ignored, two thirds of the pixels right.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

from segdata.confusion import ConfusionMatrix

IGNORE = 255
REPEATS = 21
# Rows of noise that areas are made of: about as many borders as street scenes have.
_HILLS = 45
Array = npt.NDArray[np.uint8]
Count = Callable[[Array, Array, int], object]


def bincount(truth: Array, prediction: Array, classes: int) -> object:
    """The idiom of most training scripts: ``n * truth + prediction``, counted."""
    valid = truth != IGNORE
    joint = classes * truth[valid].astype(int) + prediction[valid]
    return np.bincount(joint, minlength=classes**2).reshape(classes, classes)


def bincount_uint8(truth: Array, prediction: Array, classes: int) -> object:
    """The same where the joint id fits 16 bits, so that no 64-bit copies are made."""
    valid = truth != IGNORE
    joint = np.uint16(classes) * truth[valid] + prediction[valid]
    return np.bincount(joint, minlength=classes**2).reshape(classes, classes)


def ours(truth: Array, prediction: Array, classes: int) -> object:
    return ConfusionMatrix.of(truth, prediction, classes, IGNORE).counts[:, :-1]


def others() -> Iterator[tuple[str, Count]]:
    """Peers that are installed."""
    if found := _module("sklearn.metrics"):
        metrics = found

        def sklearn(truth: Array, prediction: Array, classes: int) -> object:
            valid = truth != IGNORE
            labels = np.arange(classes)
            return metrics.confusion_matrix(truth[valid], prediction[valid], labels=labels)

        yield "scikit-learn", sklearn
    if found := _module("torchmetrics.functional.classification"):
        functional, torch = found, importlib.import_module("torch")
        torch.set_num_threads(1)

        def torchmetrics(truth: Array, prediction: Array, classes: int) -> object:
            return functional.multiclass_confusion_matrix(
                torch.from_numpy(prediction.astype(np.int64)),
                torch.from_numpy(truth.astype(np.int64)),
                num_classes=classes,
                ignore_index=IGNORE,
            )

        yield "torchmetrics, validated", torchmetrics


def street(height: int, width: int, classes: int, seed: int = 0) -> tuple[Array, Array]:
    """A truth of smooth regions and a prediction that is right in two thirds of them."""
    rng = np.random.default_rng(seed)
    fields = [_smooth(rng, height, width) for _ in range(classes)]
    truth = np.argmax(fields, axis=0).astype(np.uint8)
    moved = [f + 0.5 * _smooth(rng, height, width) for f in fields]
    prediction = np.argmax(moved, axis=0).astype(np.uint8)
    void = _smooth(rng, height, width)
    truth[void > np.quantile(void, 0.95)] = IGNORE
    return truth, prediction


def main() -> int:
    cv2.setNumThreads(1)
    for height, width in ((360, 480), (1024, 2048)):
        for classes in (12, 21):
            _compare(*street(height, width, classes), classes)
    return 0


def _compare(truth: Array, prediction: Array, classes: int) -> None:
    peers = [("np.bincount, 64 bit", bincount), ("np.bincount, 16 bit", bincount_uint8), *others()]
    expected = np.asarray(ours(truth, prediction, classes))
    right = float((truth == prediction).mean())
    runs = sum(map(_runs, (truth, prediction)))
    print(
        f"\n{truth.shape[1]}×{truth.shape[0]}, {classes} classes, {right:.0%} right, "
        f"{runs:,} runs of equal pixels"
    )
    base = _milliseconds(ours, truth, prediction, classes)
    print(f"  {'segdata':26} {base:8.2f} ms")
    for name, count in peers:
        assert np.array_equal(np.asarray(count(truth, prediction, classes)), expected), name
        taken = _milliseconds(count, truth, prediction, classes)
        print(f"  {name:26} {taken:8.2f} ms   {taken / base:6.1f}×")


def _runs(label: Array) -> int:
    return int(np.count_nonzero(label.ravel()[1:] != label.ravel()[:-1]))


def _milliseconds(count: Count, truth: Array, prediction: Array, classes: int) -> float:
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        count(truth, prediction, classes)
        taken.append(time.process_time() - start)
    return statistics.median(taken) * 1000


def _smooth(rng: np.random.Generator, height: int, width: int) -> npt.NDArray[np.float32]:
    """Hills whose size is in proportion to the picture."""
    noise = rng.standard_normal((_HILLS, _HILLS * width // height)).astype(np.float32)
    return np.asarray(cv2.resize(cv2.GaussianBlur(noise, (0, 0), 3), (width, height)))


def _module(name: str) -> object | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


if __name__ == "__main__":
    sys.exit(main())
