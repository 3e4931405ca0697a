"""Whether the edges of a label lie where the edges of its photo lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label

Floats = npt.NDArray[np.float32]

# A fit times the root of its number of edges: CamVid, rendered streets and portraits have 14 and
# more in place, at most 14 mirrored, turned or under another photo, 2 to 4 as a rule.
FITS = 8.0
# What fits so much worse than the best is not where the label belongs.
WORSE = 0.4
# Photo and label are compared at this many pixels of their longer side, which is enough to tell
# CamVid's labels from those of the next frame, and costs as much as decoding the pair.
_SIDE = 240
# PASCAL VOC draws void 5 pixels wide around objects; others do 3 to each side.
_RING = 8
# Steps by which the label is moved each way; at 480 pixels a step is 2, so 32 pixels.
REACH = 16
# A photo's edges are measured against their surroundings, or the strongest edge decides all.
_SURROUNDINGS = 31
_LEAST, _MOST = -2.0, 4.0
# Pairs are compared with each other at this size: of 468 pairs of CamVid, a photo's own label fits
# best in 92 % (96: 95 %, 32: 83 %), and never falls among the 99 % of labels that fit worst.
CANVAS = 64
# Colors are told apart by three bits of each channel.
COLOR_BINS = 8**3
_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
)

Turn = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
# What may have to be done to a label so that it fits its photo as stored.
TURNS: Mapping[str, Turn] = {
    "mirrored left to right": lambda a: a[:, ::-1],
    "mirrored top to bottom": lambda a: a[::-1],
    "turned by 180°": lambda a: a[::-1, ::-1],
    "turned clockwise": lambda a: np.rot90(a, -1),
    "turned counterclockwise": np.rot90,
    "transposed": lambda a: a.T,
    "transposed and turned by 180°": lambda a: a[::-1, ::-1].T,
}


@dataclass(frozen=True, slots=True)
class Alignment:
    """How well one label fits its photo, as it is and moved, turned or mirrored.

    A fit is the mean strength of the photo's edges, against their surroundings, under the edges of
    the label: 0 by chance, 0.7 for CamVid, 1.2 for rendered scenes.

    Args:
        edges: pixels on edges of the label, at the size that is compared.
        scale: pixels of the label in a step.
        moved: fits of the label moved by up to ``REACH`` steps: ``float16 3×(2R+1)×(2R+1)``, the
            row is how far down; of all edges, and what of it those in the left and the upper half
            contribute.
        turned: fits of the label under each of ``TURNS`` that keeps its size.
        photo_edges: ``uint8 C×C``, the photo's edges on a canvas that all pairs share.
        label_edges: ``uint8 C×C``, the label's.
        object_colors: ``uint16``, pixels of each color bin under classes other than 0.
        other_colors: likewise under 0.
    """

    edges: int
    scale: float
    moved: bytes
    turned: Mapping[str, float]
    photo_edges: bytes
    label_edges: bytes
    object_colors: bytes
    other_colors: bytes

    @property
    def fits(self) -> Floats:
        """``float32 3×(2R+1)×(2R+1)``: of all edges, of the left half, of the upper half."""
        side = 2 * REACH + 1
        return np.frombuffer(self.moved, np.float16).reshape(3, side, side).astype(np.float32)


def look_at_alignment(photo: bytes, label: Label, ignore: int | None) -> Alignment | None:
    """Look at a photo's file, as stored, and ``uint8 or uint16 H×W, class ids``.

    Returns:
        None where they differ in size, or the photo cannot be decoded.
    """
    image = _reduced(photo, label.shape)
    if image is None:
        return None
    height, width = label.shape
    scale = max(1.0, max(height, width) / _SIDE)
    size = max(1, round(width / scale)), max(1, round(height / scale))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    strength = _strength(small)
    edges = _edges_of_classes(label, ignore)
    marked = (cv2.resize(edges, size, interpolation=cv2.INTER_AREA) > 0).astype(np.float32)
    count = int(marked.sum())
    objects = cv2.resize(label, size, interpolation=cv2.INTER_NEAREST)
    colors = _bins(small)
    return Alignment(
        edges=count,
        scale=scale,
        moved=_moved(strength, marked).astype(np.float16).tobytes(),
        turned=_turned(strength, marked),
        photo_edges=_canvas((strength - _LEAST) * (255 / (_MOST - _LEAST))),
        label_edges=_canvas(edges.astype(np.float32)),
        object_colors=_counts(colors[(objects != 0) & (objects != _none(ignore))]),
        other_colors=_counts(colors[objects == 0] if ignore != 0 else colors[:0]),
    )


def in_place(fits: npt.NDArray[np.floating]) -> float:
    """The fit where the label lies; a step more or less is the grid's."""
    return float(fits[REACH - 1 : REACH + 2, REACH - 1 : REACH + 2].max())


def label_edges(label: Label) -> npt.NDArray[np.uint8]:
    """``uint8 H×W``: 255 where a pixel differs from the one on its left or above."""
    edges = np.zeros(label.shape, np.uint8)
    edges[:, 1:][label[:, 1:] != label[:, :-1]] = 255
    edges[1:][label[1:] != label[:-1]] = 255
    return edges


def _edges_of_classes(label: Label, ignore: int | None) -> npt.NDArray[np.uint8]:
    """The edges between classes: a void ring is split in its middle, where the photo's edge is, and
    that of a wide void area is nobody's."""
    void = label == _none(ignore)
    if not void.any() or void.all():
        return label_edges(label)
    distance, nearest = cv2.distanceTransformWithLabels(
        void.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    classes = np.zeros(int(nearest.max()) + 1, label.dtype)
    classes[nearest[~void]] = label[~void]
    edges = label_edges(classes[nearest])
    edges[distance > _RING] = 0
    return edges


def _reduced(photo: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.uint8] | None:
    """The photo as stored, at the smallest part of its size that is large enough."""
    step, how = next(
        (found for found in _REDUCED if max(shape) >= found[0] * _SIDE), (1, cv2.IMREAD_COLOR)
    )
    try:
        image = cv2.imdecode(np.frombuffer(photo, np.uint8), how | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    if image is None:
        return None
    # JPEG rounds a part of a size up, other formats down.
    near = all(abs(a - b / step) <= 1 for a, b in zip(image.shape[:2], shape, strict=True))
    return np.asarray(image, np.uint8) if near else None


def _strength(small: npt.NDArray[np.uint8]) -> Floats:
    """Edges of a photo in standard deviations from the mean of their surroundings."""
    smooth = cv2.GaussianBlur(small, (3, 3), 0)
    across = cv2.convertScaleAbs(cv2.Sobel(smooth, cv2.CV_16S, 1, 0), alpha=0.25)
    down = cv2.convertScaleAbs(cv2.Sobel(smooth, cv2.CV_16S, 0, 1), alpha=0.25)
    blue, green, red = cv2.split(cv2.add(across, down))
    steps = np.sqrt(cv2.max(cv2.max(blue, green), red).astype(np.float32))
    window = (_SURROUNDINGS, _SURROUNDINGS)
    mean = cv2.blur(steps, window)
    spread = np.sqrt(np.maximum(cv2.blur(steps * steps, window) - mean * mean, 0))
    # What is below half a step of grey is noise.
    strength = np.clip((steps - mean) / (spread + 0.5), _LEAST, _MOST)
    return np.asarray(strength - strength.mean(), np.float32)


def _moved(strength: Floats, marked: Floats) -> Floats:
    padded = cv2.copyMakeBorder(
        strength, REACH, REACH, REACH, REACH, cv2.BORDER_CONSTANT, value=0.0
    )
    left, upper = marked.copy(), marked.copy()
    left[:, marked.shape[1] // 2 :] = 0
    upper[marked.shape[0] // 2 :] = 0
    fits = [cv2.matchTemplate(padded, part, cv2.TM_CCORR) for part in (marked, left, upper)]
    return np.stack(fits).astype(np.float32) / np.float32(max(1.0, float(marked.sum())))


def _turned(strength: Floats, marked: Floats) -> dict[str, float]:
    count = max(1.0, float(marked.sum()))
    found = {}
    for name, turn in TURNS.items():
        turned = turn(marked)
        if turned.shape == strength.shape:
            found[name] = float(np.vdot(strength, turned)) / count
    return found


def _canvas(values: Floats) -> bytes:
    canvas = cv2.resize(values, (CANVAS, CANVAS), interpolation=cv2.INTER_AREA)
    return np.clip(canvas, 0, 255).astype(np.uint8).tobytes()


def _bins(small: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    high = (small >> 5).astype(np.uint16)
    return np.asarray(high[..., 0] | high[..., 1] << 3 | high[..., 2] << 6, np.uint16)


def _counts(bins: npt.NDArray[np.uint16]) -> bytes:
    return np.bincount(bins.ravel(), minlength=COLOR_BINS).astype(np.uint16).tobytes()


def _none(ignore: int | None) -> int:
    return -1 if ignore is None else ignore
