"""How sure a network is, pixel by pixel: its largest probability and its entropy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from segdata.drawing.sheets import INK, PAPER, Photo, percent, under_with, wide_enough
from segdata.drawing.text import drawn_with, shortened, text_size
from segdata.errors import UserError

Shares = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.floating]

# Cividis: lightness grows evenly, and to people with a color vision deficiency it looks almost the
# same (Nuñez, Anderton and Renslow, PLOS ONE 13(7), 2018).
_SCALE = cv2.COLORMAP_CIVIDIS
# A pixel of which no class has half of the probability is one that could be anything.
_HALF = 0.5
# Probabilities of float16 files are this far from adding up to 1.
_ROUNDED = 0.05


@dataclass(frozen=True)
class Certainty:
    """A map of one number per pixel, between 0 and 1.

    Args:
        title: above its scale.
        of: from probabilities ``K×H×W`` to ``float32 H×W``.
        below: names the pixels under a half in its summary.
    """

    title: str
    of: Callable[[Probabilities], Shares]
    below: bool


def confidence(probabilities: Probabilities) -> Shares:
    """The largest probability: ``K×H×W`` -> ``float32 H×W``, 1/K to 1."""
    return np.asarray(probabilities.max(axis=0), dtype=np.float32)


def entropy(probabilities: Probabilities) -> Shares:
    """Shannon's entropy as a share of ln K: ``K×H×W`` -> ``float32 H×W``, 0 (sure) to 1."""
    total = np.zeros(probabilities.shape[1:], dtype=np.float32)
    for plane in probabilities:
        share = plane.astype(np.float32)
        total -= share * np.log(np.where(share > 0, share, 1))
    most = np.log(max(2, len(probabilities)))
    return np.asarray(np.clip(total / np.float32(most), 0, 1), dtype=np.float32)


CERTAINTIES: Final = {
    "confidence": Certainty("confidence", confidence, below=True),
    "entropy": Certainty("entropy, as a share of ln K", entropy, below=False),
}


def certainty_map(shares: Shares) -> Photo:
    """``float32 H×W, 0 to 1`` -> ``uint8 H×W×3, RGB``: dark is 0, bright is 1."""
    levels = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(levels, _SCALE)[..., ::-1])


def certainty_sheet(kind: str, probabilities: Probabilities) -> Photo:
    """A map with its scale and a summary under it: ``uint8 H×W×3, RGB``.

    Args:
        kind: one of ``CERTAINTIES``.
        probabilities: ``float K×H×W``.
    """
    certainty = CERTAINTIES[kind]
    shares = certainty.of(probabilities)
    picture = wide_enough(certainty_map(shares))
    bar = _scale_bar(certainty, _summary(certainty, shares), picture.shape[1])
    return under_with(picture, bar)


def check_probabilities(probabilities: Probabilities, what: str) -> None:
    """Raise a UserError if those of some pixel do not add up to 1."""
    sums = probabilities.sum(axis=0, dtype=np.float32)
    if not (np.abs(sums - 1) < _ROUNDED).all():
        raise UserError(
            f"the numbers in {what} do not add up to 1 at every pixel: they are no probabilities",
            "take the softmax over the classes first",
        )


def _summary(certainty: Certainty, shares: Shares) -> str:
    mean = f"mean {percent(float(shares.mean(dtype=np.float64)))}"
    if not certainty.below:
        return mean
    return f"{mean}, below 50 %: {percent(float((shares < _HALF).mean()))}"


def _scale_bar(certainty: Certainty, summary: str, width: int) -> Photo:
    """Title, colors from 0 to 100 % with ticks, and the summary: ``uint8 h×width×3``."""
    size = text_size(width)
    row, gap = round(size * 1.6), size
    sheet = Image.new("RGB", (width, 4 * row + gap // 2), PAPER)
    draw = ImageDraw.Draw(sheet)
    long = width - 2 * gap
    ramp = certainty_map(np.linspace(0, 1, long, dtype=np.float32)[None].repeat(size, axis=0))
    sheet.paste(Image.fromarray(ramp), (gap, row + (row - size) // 2))
    for text, line in ((certainty.title, 0), (summary, 3)):
        fitted = shortened(text, size, long)
        at = (gap, line * row + row // 2)
        draw.text(at, fitted, INK, drawn_with(fitted, size), anchor="lm")
    for tick, anchor in ((0, "lm"), (50, "mm"), (100, "rm")):
        x = gap + long * tick // 100
        draw.text((x, 2 * row + row // 2), f"{tick} %", INK, drawn_with("%", size), anchor)
    return np.asarray(sheet)
