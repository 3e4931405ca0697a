"""How colors look, also to people with a color vision deficiency, and how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", IEEE TVCG 15(6), 2009: severity 1.0, for linear RGB. Rows are R, G, B.
DEFICIENCIES: Final[Mapping[str, Numbers]] = {
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# IEC 61966-2-1: linear sRGB to XYZ, white point D65.
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(axis=1)
# CIE 15: where the cube root of L*a*b* begins, and the slope below it.
_KNEE, _SLOPE = (6 / 29) ** 3, (29 / 6) ** 2 / 3


def linear(colors: npt.NDArray[np.uint8]) -> Numbers:
    """``uint8 …×3, sRGB`` -> ``float64 …×3, linear RGB, 0 to 1`` (IEC 61966-2-1)."""
    values = colors / 255.0
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def seen(colors: npt.NDArray[np.uint8], deficiency: str | None = None) -> Numbers:
    """CIELAB coordinates of colors as a person sees them.

    Args:
        colors: ``uint8 …×3, sRGB``.
        deficiency: one of ``DEFICIENCIES``; None is normal vision.

    Returns:
        ``float64 …×3``: L* from 0 to 100, a* and b*. A distance of 2.3 is just noticeable.
    """
    light = linear(colors)
    if deficiency is not None:
        light = np.clip(light @ DEFICIENCIES[deficiency].T, 0.0, 1.0)
    xyz = light @ _TO_XYZ.T / _WHITE
    x, y, z = np.moveaxis(np.where(xyz > _KNEE, np.cbrt(xyz), xyz * _SLOPE + 4 / 29), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def least_distance(colors: npt.NDArray[np.uint8], deficiency: str | None = None) -> float:
    """CIELAB distance (1976) between those two of ``uint8 N×3`` colors that look most alike."""
    lab = seen(colors, deficiency)
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return float(apart[np.triu_indices(len(lab), 1)].min())
