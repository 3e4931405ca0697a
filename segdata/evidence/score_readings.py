"""Whether predicted files are probabilities that were cut to whole numbers.

Scores that are given for themselves are looked at in :mod:`segdata.evidence.decodings`, in every
way that ids are made of them; here those that lie beside the predictions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.errors import UserError
from segdata.evidence.logit_files import read_arrays

Scores = npt.NDArray[np.floating]

_ARRAYS = ("probabilities", "probs", "scores")
# Folders in which probabilities lie, beside the predictions.
_FOLDERS = ("probabilities", "probs", "scores")
# Rounding of saved scores moves few pixels.
_EQUAL = 0.999
# Even odds; and how far above 1 probabilities are rounded.
_EVEN, _ROUNDED = 0.5, 1e-2


@dataclass(frozen=True, slots=True)
class CutScores:
    """Predictions beside their probabilities; those of several are added.

    Args:
        pictures: compared.
        cut: those that are the whole part of a probability and not the likeliest class.
        pixels: of these all pixels, ``saved`` those that are not 0, ``likely`` those in which
            another class than the first, or the only one, has even odds or more.
    """

    pictures: int = 0
    cut: int = 0
    pixels: int = 0
    saved: int = 0
    likely: int = 0

    def __add__(self, other: CutScores) -> CutScores:
        return CutScores(
            self.pictures + other.pictures,
            self.cut + other.cut,
            self.pixels + other.pixels,
            self.saved + other.saved,
            self.likely + other.likely,
        )

    @classmethod
    def of(cls, saved: Label, scores: Scores) -> CutScores:
        """Compare a saved file with ``K×H×W``; of other sizes, or raw scores, nothing is told."""
        probable = scores.min() >= 0 and scores.max() <= 1 + _ROUNDED
        if saved.shape != scores.shape[1:] or not probable:
            return cls()
        alone = len(scores) == 1
        right = scores[0] >= _EVEN if alone else scores.argmax(axis=0)
        ways = (channel.astype(np.uint8) for channel in scores)
        # What was multiplied by 255 after the cut is white where the cut left 1.
        cut = any(_same(saved, way) or _same(saved, way * np.uint8(255)) for way in ways)
        if not cut or _same(saved, np.asarray(right)):
            return cls(1)
        likely = int(np.count_nonzero(right))
        return cls(1, 1, saved.size, int(np.count_nonzero(saved)), likely)


def find_scores(folder: Path) -> Mapping[str, Path]:
    """Files of probabilities by name: in the folder itself, or in one beside it."""
    places = [folder, *(folder.parent / name for name in _FOLDERS)]
    return {
        path.stem: path
        for place in places
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.suffix in (".npz", ".npy")
    }


def read_scores(path: Path) -> Scores | None:
    """``K×H×W``; None where the file holds no such thing. Nothing in it is executed."""
    try:
        arrays = read_arrays(path)
    except UserError:
        return None
    names = [name for name in _ARRAYS if name in arrays] or list(arrays)[:1]
    found = arrays[names[0]] if names else None
    if found is None or not np.issubdtype(found.dtype, np.floating) or not found.size:
        return None
    if found.ndim == 4 and found.shape[0] == 1:
        found = found[0]
    if found.ndim == 2:
        found = found[None]
    if found.ndim != 3:
        return None
    last = found.shape[2] < min(found.shape[:2])
    return np.moveaxis(found, 2, 0) if last else found


def _same(saved: npt.NDArray[np.integer], label: npt.NDArray[np.generic]) -> bool:
    return float(np.mean(saved == label)) >= _EQUAL
