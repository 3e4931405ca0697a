"""A dumped batch: its arrays in one layout, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.errors import UserError
from segdata.evidence.batches import VOID, BatchFacts
from segdata.evidence.logit_files import IMAGES, LABELS, read_arrays

Array = npt.NDArray[Any]
# Values of labels that are listed.
_VALUES = 100
# Labels divided by 255 are whole again within single precision's rounding.
_ROUNDED = 1e-3
_HOW = "dump one batch: numpy.savez('batch.npz', image=images, label=labels)"


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch in one layout.

    Args:
        images: ``N×H×W×C``, in whatever type and on whatever scale.
        labels: ``N×H×W``, likewise; of one-hot labels the ids.
        one_hot: they were one-hot.
        facts: what is in it.
    """

    images: Array
    labels: Array
    facts: BatchFacts

    @property
    def pictures(self) -> npt.NDArray[np.uint8]:
        """``uint8 N×H×W×3``: the images as a person sees them, darkest to brightest."""
        images = np.nan_to_num(self.images.astype(np.float32))
        low, high = float(images.min()), float(images.max())
        if self.images.dtype == np.uint8:
            low, high = 0.0, 255.0
        shown = (images - low) * (255 / max(high - low, 1e-12))
        colors = shown if shown.shape[-1] == 3 else np.repeat(shown[..., :1], 3, axis=-1)
        return np.asarray(colors.round(), np.uint8)


def read_batch(path: Path) -> Batch:
    """Read an ``.npz`` with an image and a label array; nothing in it is executed.

    Raises:
        UserError: it cannot be read, or the arrays are missing or of no such shape.
    """
    arrays = read_arrays(path, _HOW)
    found = [next((arrays[n] for n in names if n in arrays), None) for names in (IMAGES, LABELS)]
    image, label = found
    if image is None or label is None:
        missing = "image" if image is None else "label"
        raise UserError(
            f"{path} holds no array {missing!r}, only {', '.join(arrays) or 'nothing'}", _HOW
        )
    if any(a.dtype.kind not in "fiub" or not a.size for a in (image, label)):
        raise UserError(f"{path} holds arrays that are no numbers", _HOW)
    if _are_grey(image, label):
        image = image[..., None]
    images = _images(image, label.shape[-2:], path)
    labels, one_hot = _labels(label, len(images), path)
    return Batch(images, labels, _facts(path, (image, label), (images, labels), one_hot))


def _are_grey(image: Array, label: Array) -> bool:
    """N×H×W with labels N×H×W, rather than one image of three channels with a label of as many."""
    if image.ndim != 3 or image.shape != label.shape or image.shape[-1] in (1, 3, 4):
        return False
    return image.shape[0] not in (1, 3, 4) or not _is_one_hot(label[None], 1)


def _images(image: Array, size: tuple[int, ...], path: Path) -> Array:
    """``N×H×W×C``; ``size`` is that of labels, as a rule."""
    if image.ndim == 3:
        image = image[None]
    if image.ndim != 4:
        raise UserError(f"{path}: image is {image.shape}, not N×3×H×W or N×H×W×3", _HOW)
    usual = image.shape[1] in (1, 3, 4) and image.shape[3] not in (1, 3, 4)
    if usual or image.shape[2:] == size != image.shape[1:3]:
        image = image.transpose(0, 2, 3, 1)
    return image


def _labels(label: Array, images: int, path: Path) -> tuple[Array, bool]:
    """``N×H×W``, and whether they were one-hot."""
    if label.ndim == 2:
        label = label[None]
    if label.ndim == 3 and images == 1 and len(label) != 1:
        label = label[None]
    if label.ndim == 4 and 1 in (label.shape[1], label.shape[3]):
        return (label[:, 0] if label.shape[1] == 1 else label[..., 0]), False
    if label.ndim == 3:
        return label, False
    if label.ndim != 4:
        raise UserError(f"{path}: label is {label.shape}, not N×H×W", _HOW)
    for axis in (1, 3):
        if _is_one_hot(label, axis):
            return label.argmax(axis=axis), True
    # Not one label but a picture of it: three channels of color.
    return (label[:, 0] if label.shape[1] <= 4 else label[..., 0]), False


def _is_one_hot(label: Array, axis: int) -> bool:
    whole = np.isin(label, (0, 1)).all()
    return bool(whole and (label.sum(axis=axis) <= 1).all() and label.sum() > 0)


def _facts(
    path: Path, stored: tuple[Array, Array], read: tuple[Array, Array], one_hot: bool
) -> BatchFacts:
    (image, label), (images, labels) = stored, read
    finite = np.isfinite(images)
    numbers = images[finite].astype(np.float64) if finite.any() else np.zeros(1)
    values, counts = np.unique(labels.astype(np.float64), return_counts=True)
    known = values[np.isfinite(values)]
    whole = bool(len(known) == len(values) and np.all(known == np.round(known)))
    divided = not whole and bool(np.all(np.abs(known * 255 - np.round(known * 255)) < _ROUNDED))
    flat = [bool(one.max() == one.min()) for one in images]
    return BatchFacts(
        where=str(path),
        image_shape=image.shape,
        label_shape=label.shape,
        image_type=str(image.dtype),
        label_type=str(label.dtype),
        image_low=float(numbers.min()),
        image_high=float(numbers.max()),
        image_mean=float(numbers.mean()),
        image_deviation=_deviation(images),
        image_finite=float(finite.mean()),
        flat_images=sum(flat),
        images=len(images),
        label_values=dict(zip(values[:_VALUES].tolist(), counts[:_VALUES].tolist(), strict=True)),
        label_low=float(known.min()) if known.size else 0.0,
        label_high=float(known.max()) if known.size else 0.0,
        label_whole=whole,
        label_divided=divided and len(values) == len(known) and float(known.max()) <= 1,
        one_hot=one_hot,
        same_size=images.shape[:3] == labels.shape,
        padded=_is_padded(labels == VOID),
    )


def _is_padded(void: npt.NDArray[np.bool_]) -> bool:
    """Whether void, ``N×H×W``, lies in whole rows and columns along the edges alone, as what is put
    around small photos does."""
    around = _along_edges(void, 1) | _along_edges(void, 2)
    return bool(void.any() and not void.all() and not (void & ~around).any())


def _along_edges(void: npt.NDArray[np.bool_], axis: int) -> npt.NDArray[np.bool_]:
    """The rows (axis 1) or columns (2) of void before the first other one, from both sides."""
    lines = void.all(axis=3 - axis, keepdims=True)
    after = np.flip(np.logical_and.accumulate(np.flip(lines, axis), axis), axis)
    return np.logical_and.accumulate(lines, axis) | after


def _deviation(images: Array) -> float:
    """Within the channels: a mean of its own for each is no contrast."""
    channels = np.nan_to_num(images.reshape(-1, images.shape[-1]).astype(np.float64))
    return float(channels.std(axis=0).mean())
