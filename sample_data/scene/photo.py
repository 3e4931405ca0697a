"""From radiance to a small photo: lens, exposure, sensor noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from scene.noise import Array


@dataclass(frozen=True)
class Photo:
    """How one picture is taken; sizes in canvas pixels."""

    exposure: float  # stops away from middle grey
    white_balance: Array
    blur: float
    noise: float
    vignette: float
    contrast: float  # 0: flat, 1: a full S-curve
    saturation: float
    quality: int
    incident: float | None = None  # what a light meter read; None: the picture's mean counts


def sample_photo(rng: np.random.Generator, incident: float) -> Photo:
    """A camera set by a light meter that reads `incident`."""
    warmth = rng.normal(0.0, 0.020)
    green = rng.normal(0.0, 0.010)
    return Photo(
        exposure=float(rng.normal(-0.03, 0.14)),
        white_balance=np.array([1.0 + warmth, 1.0 + green, 1.0 - warmth]),
        blur=float(rng.uniform(0.6, 0.9)),
        noise=float(rng.uniform(0.003, 0.007)),
        vignette=float(rng.uniform(0.04, 0.24)),
        contrast=float(rng.uniform(0.3, 0.55)),
        saturation=float(rng.uniform(0.92, 1.08)),
        quality=int(rng.integers(88, 93)),
        incident=incident,
    )


def _bloom(rgb: Array) -> Array:
    """Bright places spill over a little, as in a lens."""
    bright = np.maximum(rgb - 3.0, 0.0)
    if bright.max() == 0.0:
        return rgb
    return np.asarray(rgb + 0.25 * cv2.GaussianBlur(np.minimum(bright, 6.0), (0, 0), 5.0))


def _gain(rgb: Array, photo: Photo) -> float:
    """What radiance is multiplied by: from the light meter, or the mean log brightness."""
    if photo.incident is not None:
        return float(1.75 / photo.incident * 2.0**photo.exposure)
    gray = rgb @ np.array([0.2126, 0.7152, 0.0722])
    level = float(np.exp(np.log(np.maximum(gray, 1e-3)).mean()))
    return float((0.24 / level) * 2.0**photo.exposure)


def _tone(rgb: Array, photo: Photo) -> Array:
    """Exposure, a shoulder for highlights, gamma 2.2."""
    scaled = rgb * _gain(rgb, photo)
    scaled = scaled * (1.0 + scaled / 9.0) / (1.0 + scaled)
    display = np.clip(scaled * 1.18, 0.0, 1.0) ** (1.0 / 2.2)
    gray = display @ np.array([0.299, 0.587, 0.114])
    display = gray[..., None] + photo.saturation * (display - gray[..., None])
    display = np.clip(display, 0.0, 1.0)
    curved = display * display * (3.0 - 2.0 * display)
    return np.asarray(display + photo.contrast * (curved - display), np.float64)


def develop(
    rgb: Array, photo: Photo, pixel: int, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Radiance at pixel× resolution to an image: uint8 H×W×3, RGB."""
    height, width = rgb.shape[:2]
    rgb = _bloom(rgb * photo.white_balance)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    rgb = rgb * (1.0 - photo.vignette * 0.5 * (x * x + y * y))[..., None]
    display = _tone(cv2.GaussianBlur(rgb, (0, 0), photo.blur), photo)
    small = display.reshape(height // pixel, pixel, width // pixel, pixel, 3).mean(axis=(1, 3))
    gray = rng.standard_normal(small.shape[:2])[..., None]
    color = rng.standard_normal(small.shape)
    small = small + photo.noise * (0.8 * gray + 0.5 * color) * (1.3 - 0.6 * small)
    return np.asarray(np.clip(np.round(small * 255.0), 0, 255), np.uint8)


def reduce_labels(
    label: npt.NDArray[np.uint8], pixel: int, classes: int, thin: tuple[int, ...]
) -> npt.NDArray[np.uint8]:
    """The label that covers most of each picture pixel; thin classes win ties."""
    height, width = label.shape
    blocks = label.reshape(height // pixel, pixel, width // pixel, pixel)
    votes = np.stack([(blocks == k).sum(axis=(1, 3)) for k in range(classes)]).astype(np.float64)
    for value in thin:
        votes[value] += 0.5 * (votes[value] > 0)
    return np.asarray(votes.argmax(axis=0), np.uint8)
