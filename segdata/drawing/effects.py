"""One subject kept, its background blurred, cut out or replaced: soft edges, no halo."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ImageColor

from segdata.classes import Color
from segdata.errors import UserError
from segdata.resizing import resize_photo

Photo = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# Radius of a background blur as a share of the longer side: the look of a portrait lens.
BLUR = 0.02
# This share of the longer side around an edge the photo decides; more makes small subjects fray.
_EDGE_SHARE, _LEAST_EDGE = 0.005, 2
# The guided filter's epsilon for colors in 0 to 1 (He et al. 2013, figure 4: 0.1² smooths,
# 0.01² keeps every edge): subjects are told from backgrounds of nearly their own brightness.
_EPSILON = 1e-4
# Coefficients of the guided filter are made at this size at most, and enlarged (He and Sun 2015).
_LONGEST = 900
# Up to this a pixel is background, and from 1 minus this on subject.
_OUTSIDE = 0.2
# A disc of this radius is smooth; larger ones are made on a reduced photo.
_SMOOTH_RADIUS = 12
# Specks and holes below the square of this share of the longer side are no subjects.
_SPECK_SHARE = 0.01
# Below this alpha a pixel's own color holds some background.
_PURE = 0.95
_TINY = 1e-6
# What a pixel beside the subject weighs: in a gap between two subjects there are no others.
_BESIDE = 0.02
# The power law that sRGB's curve comes close to (IEC 61966-2-1).
_GAMMA = 2.2


def matte(photo: Photo, probability: Floats) -> Floats:
    """How much of each pixel is subject: 0 or 1 but for a band along the subject's edge.

    In the band a guided filter (He, Sun and Tang 2013, "Guided Image Filtering", IEEE TPAMI 35(6))
    makes the edge follow the photo.

    Args:
        photo: ``uint8 H×W×3, RGB``.
        probability: ``float32 H×W`` of the subject, 0 to 1; of a label 0 and 1.

    Returns:
        ``float32 H×W``, 0 to 1.

    Raises:
        UserError: the sizes differ.
    """
    if photo.shape[:2] != probability.shape:
        height, width = photo.shape[:2]
        raise UserError(
            f"the photo is {width}×{height}, its classes are "
            f"{probability.shape[1]}×{probability.shape[0]}",
            "labels and predictions must have the size of their photo",
        )
    radius = _edge_radius(probability.shape)
    subject = _without_specks(probability > 0.5)
    if subject.all() or not subject.any():
        return subject.astype(np.float32)
    sure = np.where(subject == (probability > 0.5), probability, subject).astype(np.float32)
    refined = _guided(photo, _step(sure), radius)
    soft = _step(refined)
    return np.where(_band(subject, radius), soft, subject).astype(np.float32)


def blurred(photo: Photo, alpha: Floats, blur: float = BLUR) -> Photo:
    """The photo with a blurred background.

    The background is blurred without the subject (normalized convolution, Knutsson and Westin
    1993), so that none of the subject's colors glow around it; in linear light, as a lens does.
    Pixels right beside the subject count little: hair that the matte lacks would cast a shade.

    Args:
        photo: ``uint8 H×W×3, RGB``.
        alpha: ``float32 H×W``, 1 where the subject is.
        blur: the radius of the disc as a share of the longer side.

    Returns:
        ``uint8 H×W×3, RGB``.
    """
    weight = 1 - alpha
    if not weight.any():
        return photo.copy()
    beside = _band(alpha > 0, 2 * _edge_radius(alpha.shape))
    weight[beside] *= _BESIDE
    return _blend(photo, _blur_where(photo, weight, blur * max(alpha.shape)), alpha)


def cut_out(photo: Photo, alpha: Floats) -> npt.NDArray[np.uint8]:
    """The subject alone: ``uint8 H×W×4, RGBA``, straight alpha.

    Edge pixels have the subject's color, not a mixture; outside nothing is left of the photo.
    """
    levels = np.rint(alpha * 255).astype(np.uint8)
    colors = np.where(levels[..., None] > 0, _pure(photo, alpha), 0).astype(np.uint8)
    return np.dstack([colors, levels])


def replaced(photo: Photo, alpha: Floats, background: Color | Photo) -> Photo:
    """The subject before a color, or before a picture that is cut to the photo's shape.

    Args:
        photo: ``uint8 H×W×3, RGB``.
        alpha: ``float32 H×W``, 1 where the subject is.
        background: a color, or ``uint8 h×w×3, RGB``.

    Returns:
        ``uint8 H×W×3, RGB``.
    """
    if isinstance(background, tuple):
        behind = np.full_like(photo, background)
    else:
        behind = _covering(background, photo.shape[:2])
    return _blend(_pure(photo, alpha), behind, alpha)


def color_of(text: str) -> Color | None:
    """The color that is meant by ``#rrggbb``, ``rgb(r,g,b)`` or a name of CSS; None for others."""
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError:
        return None
    # Pillow takes any number in rgb(…); a channel has 8 bits.
    return (red, green, blue) if max(red, green, blue) <= 255 else None


def _edge_radius(shape: tuple[int, ...]) -> int:
    return max(_LEAST_EDGE, round(_EDGE_SHARE * max(shape)))


def _step(values: Floats) -> Floats:
    """A smooth step around one half: what is nearly sure becomes sure."""
    part = np.clip((values - _OUTSIDE) / (1 - 2 * _OUTSIDE), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)


def _without_specks(subject: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Without the smallest islands and holes."""
    least = (_SPECK_SHARE * max(subject.shape)) ** 2
    for value in (True, False):
        _, parts, stats, _ = cv2.connectedComponentsWithStats((subject == value).astype(np.uint8))
        small = stats[:, cv2.CC_STAT_AREA] < least
        small[0] = False
        subject = np.where(small[parts], not value, subject)
    return subject


def _band(subject: npt.NDArray[np.bool_], radius: int) -> npt.NDArray[np.bool_]:
    """Pixels up to ``radius`` from the subject's edge, on both sides."""
    # A square is taken apart into rows and columns; a disc of radius 40 costs 30 times as much.
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    levels = subject.astype(np.uint8)
    edge: npt.NDArray[np.bool_] = cv2.dilate(levels, square) != cv2.erode(levels, square)
    return edge


def _guided(photo: Photo, target: Floats, radius: int) -> Floats:
    """The guided filter with a color guide: ``float32 H×W``, equations 19 to 21 of the paper."""
    scale = min(1.0, _LONGEST / max(target.shape))
    small = _reduced(target.shape, scale)
    guide = _sized(photo.astype(np.float32), small) * np.float32(1 / 255)
    window = 2 * max(_LEAST_EDGE, round(radius * scale)) + 1
    slope, offset = _coefficients(guide, _sized(target, small), window)
    slope = _sized(_mean(slope, window), target.shape)
    filtered = _sized(_mean(offset, window), target.shape)
    for channel in range(3):
        filtered += slope[..., channel] * (photo[..., channel] * np.float32(1 / 255))
    return filtered


def _coefficients(guide: Floats, target: Floats, window: int) -> tuple[Floats, Floats]:
    """Slope ``H×W×3`` and offset ``H×W`` of the line that each window's colors tell best."""
    mean, mean_target = _mean(guide, window), _mean(target, window)
    products = (guide[..., :, None] * guide[..., None, :]).reshape(*target.shape, 9)
    square = _mean(products, window).reshape(*target.shape, 3, 3)
    spread = square - mean[..., :, None] * mean[..., None, :] + _EPSILON * np.eye(3)
    joint = _mean(guide * target[..., None], window) - mean * mean_target[..., None]
    slope = np.asarray(np.linalg.solve(spread, joint[..., None])[..., 0], np.float32)
    return slope, np.asarray(mean_target - (slope * mean).sum(axis=-1), np.float32)


def _mean(values: Floats, window: int) -> Floats:
    """The mean of a square window around each pixel of ``H×W`` or ``H×W×C``."""
    channels = values.reshape(*values.shape[:2], -1)
    out = np.empty_like(channels)
    # cv2.boxFilter takes four channels at most.
    for i in range(channels.shape[2]):
        plane = np.ascontiguousarray(channels[..., i])
        out[..., i] = cv2.boxFilter(plane, -1, (window, window), borderType=cv2.BORDER_REPLICATE)
    return out.reshape(values.shape)


def _blur_where(photo: Photo, weight: Floats, radius: float) -> Photo:
    """The photo behind a disc of ``radius`` pixels, each pixel counted by its weight."""
    scale = min(1.0, _SMOOTH_RADIUS / max(radius, 1))
    small, disc = _reduced(weight.shape, scale), _disc(radius * scale)
    light = _sized(_linear()[photo] * weight[..., None], small)
    spread = cv2.filter2D(light, -1, disc, borderType=cv2.BORDER_REFLECT)
    total = cv2.filter2D(_sized(weight, small), -1, disc, borderType=cv2.BORDER_REFLECT)
    mean = np.clip(spread / np.maximum(total, _TINY)[..., None], 0, 1)
    levels = np.asarray(mean ** (1 / _GAMMA) * 255, np.float32)
    return np.rint(_sized(levels, weight.shape)).astype(np.uint8)


def _reduced(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _sized(values: Floats, size: tuple[int, ...]) -> Floats:
    """``H×W`` or ``H×W×3`` at another height and width, averaged where it shrinks."""
    how = cv2.INTER_AREA if size[0] < values.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, (size[1], size[0]), interpolation=how), np.float32)


@cache
def _linear() -> Floats:
    """Light of each of the 256 levels."""
    return np.asarray((np.arange(256) / 255) ** _GAMMA, np.float32)


def _disc(radius: float) -> Floats:
    """A disc with a soft rim that sums to 1."""
    reach = int(np.ceil(radius + 0.5))
    across = np.arange(-reach, reach + 1)
    disc = np.clip(radius + 0.5 - np.hypot(across[:, None], across), 0, 1)
    return np.asarray(disc / disc.sum(), np.float32)


def _pure(photo: Photo, alpha: Floats) -> Photo:
    """Edge pixels in the color of the subject beside them, the more the less they are subject."""
    inside = (alpha >= _PURE).astype(np.float32)
    window = 2 * _edge_radius(alpha.shape) + 1
    total = _mean(inside, window)
    colors = _mean(photo.astype(np.float32) * inside[..., None], window)
    near = colors / np.maximum(total, _TINY)[..., None]
    own = np.where((alpha < _PURE) & (total > _TINY), alpha, 1)[..., None]
    pure: Photo = np.rint(photo * own + near * (1 - own)).astype(np.uint8)
    return pure


def _blend(front: Photo, behind: Photo, alpha: Floats) -> Photo:
    part = alpha[..., None]
    blend: Photo = np.rint(front * part + behind * (1 - part)).astype(np.uint8)
    return blend


def _covering(picture: Photo, size: tuple[int, int]) -> Photo:
    """The middle of a picture, enlarged or reduced until it covers ``size`` (height, width)."""
    height, width = picture.shape[:2]
    scale = max(size[0] / height, size[1] / width)
    rows, columns = (
        max(1, min(side, round(whole / scale)))
        for side, whole in zip((height, width), size, strict=True)
    )
    top, left = (height - rows) // 2, (width - columns) // 2
    return resize_photo(picture[top : top + rows, left : left + columns], size)
