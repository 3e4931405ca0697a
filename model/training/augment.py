"""Random scale, crop and flip of one photo and its label (original: input_preprocess.py).

The order is the original's: scale, pad at the bottom and right, crop, flip. Scaling follows its
align_corners rule, bilinear for the photo and nearest (halves up) for the label. Two departures:
the photo stays uint8, so values differ by rounding; and only the part that the crop shows is
computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from model.aligned_corners import nearest_indices, positions
from model.config import DataSettings

Image = npt.NDArray[np.uint8]
Label = npt.NDArray[np.uint8 | np.uint16]
Places = npt.NDArray[np.float32]

# The original's mean pixel of its -1..1 models is 127.5 and becomes 0; as uint8, +0.004.
MEAN_PIXEL = (128, 128, 128)
# Label of pixels that no photo covers where the class map ignores nothing; no id can be negative.
NO_LABEL = -100
# OpenCV's remap takes pictures whose sides are shorter than this (SHRT_MAX).
_REMAP_LIMIT = 32767


@dataclass(frozen=True)
class View:
    """What a crop shows: the scaled size, the crop's corner in it, and whether it is mirrored."""

    height: int
    width: int
    top: int
    left: int
    mirrored: bool


def draw_view(
    shape: tuple[int, int],
    crop_size: tuple[int, int],
    settings: DataSettings,
    rng: np.random.Generator,
) -> View:
    """Draw a view of an image of ``shape`` (height, width)."""
    scale = _draw_scale(settings, rng)
    # The original truncates in float32; at least one pixel remains.
    height, width = (max(1, int(np.float32(n) * np.float32(scale))) for n in shape)
    top = int(rng.integers(max(0, height - crop_size[0]) + 1))
    left = int(rng.integers(max(0, width - crop_size[1]) + 1))
    return View(height, width, top, left, bool(settings.flip and rng.random() < 0.5))


def crop_photo(
    image: Image, view: View, crop_size: tuple[int, int], fill: tuple[int, int, int] = MEAN_PIXEL
) -> Image:
    """``image: uint8 H×W×3`` -> ``uint8 crop_size×3``, padded with the pixel ``fill``."""
    rows, columns = _visible(view, crop_size)
    crop = np.full((*crop_size, 3), fill, dtype=np.uint8)
    if image.shape[:2] == (view.height, view.width):
        part = image[view.top : view.top + rows, view.left : view.left + columns]
    else:
        part = _scaled_part(image, view, (rows, columns))
    crop[:rows, :columns] = part
    return crop[:, ::-1] if view.mirrored else crop


def crop_label(
    label: Label, view: View, crop_size: tuple[int, int], fill: int
) -> npt.NDArray[np.int32]:
    """``label: uint8 or uint16 H×W`` -> ``int32 crop_size``, padded with ``fill``."""
    rows, columns = _visible(view, crop_size)
    crop = np.full(crop_size, fill, dtype=np.int32)
    ys = nearest_indices(label.shape[0], view.height)[view.top : view.top + rows]
    xs = nearest_indices(label.shape[1], view.width)[view.left : view.left + columns]
    crop[:rows, :columns] = label[ys[:, None], xs]
    return crop[:, ::-1] if view.mirrored else crop


def whole(size: tuple[int, int]) -> View:
    """All of an image, scaled to ``size`` (height, width)."""
    return View(*size, 0, 0, False)


def _scaled_part(image: Image, view: View, size: tuple[int, int]) -> Image:
    rows, columns = size
    xs = positions(image.shape[1], view.width)[view.left : view.left + columns]
    ys = positions(image.shape[0], view.height)[view.top : view.top + rows]
    image, ys = _needed(image, ys)
    turned, xs = _needed(image.swapaxes(0, 1), xs)
    map_x, map_y = np.broadcast_to(xs, size), np.broadcast_to(ys[:, None], size)
    part = cv2.remap(
        turned.swapaxes(0, 1),
        np.ascontiguousarray(map_x),
        np.ascontiguousarray(map_y),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(part, dtype=np.uint8)


def _needed(image: Image, places: Places) -> tuple[Image, Places]:
    """The rows between which places lie, and the places among these rows."""
    above = np.floor(places).astype(np.int64)
    first, last = int(above[0]), min(int(above[-1]) + 1, len(image) - 1)
    if last - first + 1 < _REMAP_LIMIT:
        return image[first : last + 1], places - np.float32(first)
    rows = np.unique([above, np.minimum(above + 1, last)])
    return image[rows], (np.searchsorted(rows, above) + (places - above)).astype(np.float32)


def _visible(view: View, crop_size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of the crop that the scaled image covers."""
    return min(crop_size[0], view.height - view.top), min(crop_size[1], view.width - view.left)


def _draw_scale(settings: DataSettings, rng: np.random.Generator) -> float:
    low, high, step = settings.min_scale, settings.max_scale, settings.scale_step
    if low == high:
        return low
    if step == 0:
        return float(rng.uniform(low, high))
    # The original: linspace over the range, both ends included.
    return float(rng.choice(np.linspace(low, high, int((high - low) / step + 1))))
