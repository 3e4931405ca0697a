"""Smaller and larger pictures for people to look at. No score is ever computed on them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label

Size = tuple[int, int]


def fitting(height: int, width: int, longest: int) -> Size:
    """Height and width with the same proportions whose longer side is at most ``longest``."""
    scale = min(1.0, longest / max(height, width, 1))
    return max(1, round(height * scale)), max(1, round(width * scale))


def resize_photo(image: npt.NDArray[np.uint8], size: Size) -> npt.NDArray[np.uint8]:
    """``uint8 H×W×3, RGB`` at another height and width; averaged where it shrinks."""
    if image.shape[:2] == size:
        return image
    shrinks = size[0] < image.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=how), dtype=np.uint8)


def resize_label(label: Label, size: Size) -> Label:
    """``uint8 or uint16 H×W, class ids`` at another height and width; every id is the nearest."""
    if label.shape == size:
        return label
    rows = (np.arange(size[0]) * 2 + 1) * label.shape[0] // (2 * size[0])
    columns = (np.arange(size[1]) * 2 + 1) * label.shape[1] // (2 * size[1])
    return np.ascontiguousarray(label[rows[:, None], columns])
