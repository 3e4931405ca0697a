"""Tileable noise that every texture of the rendered samples is made of."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
TILE = 512
ROW = 512  # cv2.remap refuses sides of 32768 and more: long lists are folded to rows


def _spectral_tile(seed: int, falloff: float) -> npt.NDArray[np.float32]:
    """White noise filtered to a 1/f^falloff spectrum: mean 0, deviation 1, seamless."""
    white = np.random.default_rng(seed).standard_normal((TILE, TILE))
    fy = np.fft.fftfreq(TILE)[:, None]
    fx = np.fft.fftfreq(TILE)[None, :]
    radius = np.sqrt(fx * fx + fy * fy)
    radius[0, 0] = 1.0
    spectrum = np.fft.fft2(white) / radius**falloff
    spectrum[0, 0] = 0.0
    tile = np.real(np.fft.ifft2(spectrum))
    return (tile / tile.std()).astype(np.float32)


_CLOUDY = _spectral_tile(11, 1.5)
_GRAIN = _spectral_tile(12, 0.35)
_HASH = np.random.default_rng(13).random((TILE, TILE))


def _sample(tile: npt.NDArray[np.float32], x: Array, y: Array) -> Array:
    count = x.size
    if count == 0:
        return np.zeros(x.shape)
    padded = -(-count // ROW) * ROW
    maps = np.zeros((2, padded), np.float32)
    maps[0, :count] = np.mod(x, TILE).ravel()
    maps[1, :count] = np.mod(y, TILE).ravel()
    folded = maps.reshape(2, -1, ROW)
    values = cv2.remap(tile, folded[0], folded[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return values.reshape(-1)[:count].reshape(x.shape).astype(np.float64)


def cloudy(x: Array, y: Array) -> Array:
    """Smooth noise with detail at all scales; one unit is one cell of the finest."""
    return _sample(_CLOUDY, x, y)


def grain(x: Array, y: Array) -> Array:
    """Rough noise without large structure."""
    return _sample(_GRAIN, x, y)


def cell(i: Array, j: Array) -> Array:
    """One fixed random number in [0, 1) for each integer cell."""
    column = np.mod(i, TILE).astype(np.intp)
    row = np.mod(j, TILE).astype(np.intp)
    return np.asarray(_HASH[row, column], np.float64)


def line(distance: Array, half_width: float, footprint: Array) -> Array:
    """Coverage 0..1 of a line by pixels that are `footprint` wide: thin lines fade, not flicker."""
    edge = np.clip((half_width - distance) / footprint + 0.5, 0.0, 1.0)
    return np.asarray(edge * np.minimum(1.0, 2.0 * half_width / footprint), np.float64)


def mix(a: Array, b: Array, amount: Array) -> Array:
    """Blend of colors N×3 (or 3) by an amount per point."""
    weight = amount[..., None]
    return np.asarray(a * (1.0 - weight) + b * weight, np.float64)
