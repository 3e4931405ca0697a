"""How classes lie over a photo: as a tint, as contours, or hatched."""

from __future__ import annotations

from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.drawing.maps import Photo, background_of, overlay
from segdata.drawing.patterns import patterns_of, unit_of

Style = Literal["fill", "outline", "hatch"]
STYLES: Final[tuple[Style, ...]] = ("fill", "outline", "hatch")

# A contour is a 200th of the root of the picture's area wide; its halo half of that.
_THIN, _THINNEST = 200, 2
# A hatched class is tinted lightly, so that its lines stand out; lines cover almost all.
_TINT, _LINE = 0.45, 0.85
# Rec. 709 luma from which a color is light, so that what stands beside it is dark.
_LUMA, _LIGHT = np.array([0.2126, 0.7152, 0.0722]), 110
_DARK_INK, _LIGHT_INK = 0, 255


def styled(
    image: Photo, label: Label, class_map: ClassMap, style: Style, opacity: float | None = None
) -> Photo:
    """A photo with its classes over it.

    ``fill`` tints; ``outline`` draws contours in the classes' colors, each beside a dark or a
    light line, so that they are seen on any photo; ``hatch`` gives every class a pattern as well
    as a color.

    Args:
        image: ``uint8 H×W×3, RGB``.
        label: ``uint8 or uint16 H×W, class ids``.
        opacity: of what is drawn, 0 (photo alone) to 1; None takes the style's own.

    Returns:
        ``uint8 H×W×3, RGB``.

    Raises:
        UserError: the sizes differ, or the opacity is outside 0 to 1.
    """
    if style == "fill":
        return overlay(image, label, class_map, 0.6 if opacity is None else opacity)
    if style == "outline":
        return _outlined(image, label, class_map, 1.0 if opacity is None else opacity)
    return _hatched(image, label, class_map, _TINT if opacity is None else opacity)


def ink_on(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Black for light and white for dark colors: ``uint8 …×3`` -> ``uint8 …×1``."""
    light = colors @ _LUMA >= _LIGHT
    return np.where(light, _DARK_INK, _LIGHT_INK).astype(np.uint8)[..., None]


def _outlined(image: Photo, label: Label, class_map: ClassMap, opacity: float) -> Photo:
    """Contours lie inside their class; the background has none, only its neighbors' halo."""
    photo = overlay(image, label, class_map, 0.0)
    width = max(_THINNEST, round(label.size**0.5 / _THIN))
    halo = max(1, round(width / 2))
    depth = _depth(label)
    plain = label == background_of(class_map) if background_of(class_map) is not None else False
    plain |= label == class_map.ignore if class_map.ignore is not None else False
    line = (depth < width) & ~np.asarray(plain)
    beside = ~line & (depth < np.where(plain, halo, width + halo))
    colors = class_map.to_colors(label)
    out = photo.astype(np.float32)
    out[line] += (colors[line] - out[line]) * np.float32(opacity)
    out[beside] += (ink_on(colors[beside]) - out[beside]) * np.float32(opacity)
    return np.asarray(np.rint(out), dtype=np.uint8)


def _depth(label: Label) -> npt.NDArray[np.float32]:
    """Pixels from each pixel to the nearest one of its class that touches another class."""
    inside = np.full(label.shape, 1, np.uint8)
    across, down = label[:, 1:] != label[:, :-1], label[1:] != label[:-1]
    inside[:, 1:][across] = inside[:, :-1][across] = 0
    inside[1:][down] = inside[:-1][down] = 0
    if inside.all():
        return np.full(label.shape, np.inf, np.float32)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance, dtype=np.float32)


def _hatched(image: Photo, label: Label, class_map: ClassMap, opacity: float) -> Photo:
    out = overlay(image, label, class_map, opacity)
    unit = unit_of(*label.shape)
    known = patterns_of(class_map)
    for class_id in np.unique(label).tolist():
        if class_id not in known:
            continue
        where = label == class_id
        top, bottom = _span(where.any(axis=1))
        left, right = _span(where.any(axis=0))
        rows, columns = np.ogrid[top:bottom, left:right]
        inked = known[class_id].mask(rows, columns, unit) & where[top:bottom, left:right]
        part = out[top:bottom, left:right]
        ink = ink_on(np.array(class_map.color(class_id), np.uint8))
        part[inked] = np.rint(part[inked] * (1 - _LINE) + ink * _LINE)
    return out


def _span(used: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The first place that is used, and the one after the last."""
    return int(used.argmax()), len(used) - int(used[::-1].argmax())
