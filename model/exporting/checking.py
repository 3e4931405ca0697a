"""Does a file say what the network says? Compared on shapes and on a real image."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model.exporting.deployed import Deployed, Output
from model.exporting.formats import Array, Runner
from segdata.confusion import ConfusionMatrix

Photo = npt.NDArray[np.uint8]

# float32 sums in another order differ by less than a thousandth of the largest logit in the deepest
# networks with random weights, and by a hundredth of that in trained ones.
TOLERANCE = 1e-3
# The best two classes are equally good at some pixels, and then either may win.
DISAGREEING = 1e-3
_TIES = 4
_RUNS = 3


@dataclass(frozen=True)
class Comparison:
    """The outputs of network and file for one input.

    Args:
        shape: of the input.
        is_image: whether it was the real image, and not a part of it of that shape.
        difference: the largest of two scores; None where the output are ids.
        largest: the largest score.
        allowed: the difference that rounding may make.
        disagreement: share of the pixels with another class.
        iou: mean IoU of the file's classes, with the network's as the truth.
        pixels: how many were compared.
    """

    shape: tuple[int, ...]
    is_image: bool
    difference: float | None
    largest: float
    allowed: float
    disagreement: float
    iou: float
    pixels: int

    @property
    def is_equal(self) -> bool:
        """Whether both say the same, up to rounding."""
        close = self.difference is None or self.difference <= self.allowed
        return close and self.disagreement <= max(DISAGREEING, _TIES / self.pixels)


@dataclass(frozen=True)
class Speed:
    """Milliseconds for the real image, the best of a few runs after a first."""

    torch: float
    exported: float


def parts(deployed: Deployed, image: Photo, *, batches: bool) -> Iterator[Tensor]:
    """Parts of ``image: uint8 H×W×3`` as inputs of several shapes.

    Args:
        batches: whether there may be several images in one.
    """
    for batch, size in _shapes(deployed):
        if batch == 1 or batches:
            yield deployed.interface.image(_part(image, size, batch), batch)


def whole(deployed: Deployed, image: Photo) -> Tensor:
    """``image: uint8 H×W×3`` as input; where the size is fixed, cut to it or repeated up to it."""
    size = deployed.interface.size
    return deployed.interface.image(image if size is None else _part(image, size, 0))


def compare(
    deployed: Deployed, run: Runner, images: Tensor, *, is_image: bool = False
) -> Comparison:
    """Both outputs for one input."""
    ours, theirs = _reader(deployed)(images), run(images.numpy())
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return Comparison(tuple(images.shape), is_image, None, 0.0, 0.0, 1.0, 0.0, ours.size)
    are_ids = deployed.interface.output == "ids"
    truth, found = (a if are_ids else a.argmax(axis=1) for a in (ours, theirs))
    classes = deployed.network.settings.num_classes or 0
    narrow = np.uint8 if classes <= 256 else np.uint16
    matrix = ConfusionMatrix.of(
        truth.reshape(-1, truth.shape[-1]).astype(narrow),
        found.reshape(-1, found.shape[-1]).astype(narrow), classes,
    )  # fmt: skip
    return Comparison(
        shape=tuple(images.shape),
        is_image=is_image,
        difference=None if are_ids else float(np.abs(ours - theirs).max()),
        largest=0.0 if are_ids else float(np.abs(ours).max()),
        allowed=0.0 if are_ids else _allowed(ours, deployed.interface.output),
        disagreement=float((truth != found).mean()),
        iou=matrix.mean_iou(),
        pixels=truth.size,
    )


def _allowed(scores: Array, output: Output) -> float:
    """Of logits a share of the largest; a softmax moves by half of what its logits do at most.

    How far those are apart, the logarithms of the probabilities tell.
    """
    if output == "probabilities":
        smallest = max(float(scores.min()), float(np.finfo(np.float32).tiny))
        return TOLERANCE / 2 * max(1.0, -math.log(smallest))
    return TOLERANCE * max(1.0, float(np.abs(scores).max()))


def measure(deployed: Deployed, run: Runner, images: Tensor) -> Speed:
    """How long both take for one image."""
    reader, array = _reader(deployed), images.numpy()
    return Speed(_milliseconds(lambda: reader(images)), _milliseconds(lambda: run(array)))


def _reader(deployed: Deployed) -> Callable[[Tensor], Array]:
    def read(images: Tensor) -> Array:
        with torch.inference_mode():
            return np.asarray(deployed(images).numpy())

    return read


def _milliseconds(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(_RUNS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1000 * min(times)


def _shapes(deployed: Deployed) -> Iterator[tuple[int, tuple[int, int]]]:
    """Batches with heights and widths: odd and even ones, and k·stride+1; none is the traced."""
    interface, settings = deployed.interface, deployed.network.settings
    if interface.size is not None:
        yield from ((batch, interface.size) for batch in (1, 2))
        return
    stride = settings.output_stride
    yield 1, (4 * stride + 1, 6 * stride + 1)
    yield 2, (5 * stride, 3 * stride)
    yield 3, (3 * stride + 2, 4 * stride + 7)
    if settings.faithful and settings.image_pooling_crop_size is not None:
        # Larger than one window of image pooling.
        height, width = settings.image_pooling_crop_size
        yield 1, (height + stride, width + 3 * stride + 1)


def _part(image: Photo, size: tuple[int, int], start: int) -> Photo:
    """``size`` pixels of an image that goes on after its end from its beginning."""
    rows, columns = (
        (np.arange(length) + start * 7) % there
        for length, there in zip(size, image.shape[:2], strict=True)
    )
    part: Photo = image[rows[:, None], columns]
    return part
