"""Whether predictions look like the labels of their own names, or like those of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label

# Side of a thumbnail: enough to tell pictures apart, little enough to compare all with all.
_SIDE = 32
# Pairs that are compared with each other: their number goes in squared.
_MOST = 300
# By how much of the pixels of objects another label must be nearer than the own one.
_NEARER = 0.1
# What differs in rounded pixels is the same.
_SAME = 0.98
_NAMED = 3
_Rows = npt.NDArray[np.uint8]
# Ways in which a picture may lie, of rows of thumbnails.
TURNS: Mapping[str, Callable[[_Rows], _Rows]] = {
    "mirrored": lambda rows: _turned(rows, np.s_[:, :, ::-1]),
    "upside down": lambda rows: _turned(rows, np.s_[:, ::-1]),
    "turned by 180 degrees": lambda rows: _turned(rows, np.s_[:, ::-1, ::-1]),
}


@dataclass(frozen=True, slots=True)
class NameFit:
    """How predictions fit labels of all names. IoU is that of all that is not the commonest class.

    Args:
        pictures: predictions that were compared; constant ones tell nothing.
        better: those that another label fits better by far.
        others: how many different labels these are.
        own: mean IoU with the label of the same name.
        best: mean IoU with the label that fits best.
        turned: mean IoU with the label of the same name, if the prediction is mirrored or turned.
        same: those that are what belongs to another one, pixel by pixel, and not to their own.
        examples: names, and the names of the labels that fit them best.
    """

    pictures: int
    better: int
    others: int
    own: float
    best: float
    same: int = 0
    turned: Mapping[str, float] = field(default_factory=dict)
    examples: tuple[tuple[str, str], ...] = ()


@dataclass
class NameTally:
    """Thumbnails of predictions and labels, at most so many."""

    names: list[str] = field(default_factory=list)
    predicted: list[bytes] = field(default_factory=list)
    truths: list[bytes] = field(default_factory=list)

    def add(self, name: str, thumbnails: tuple[bytes, bytes]) -> None:
        if len(self.names) < _MOST:
            self.names.append(name)
            self.predicted.append(thumbnails[0])
            self.truths.append(thumbnails[1])

    def facts(self) -> NameFit | None:
        """None where fewer than two predictions can be compared."""
        if len(self.names) < 2:
            return None
        predicted, truths = _table(self.predicted), _table(self.truths)
        fits = _fits(predicted, truths)
        told = [i for i, row in enumerate(predicted) if row.min() != row.max()]
        own, best = fits.diagonal(), fits.max(axis=1)
        better = [i for i in told if best[i] > own[i] + _NEARER]
        others = {i: int(fits[i].argmax()) for i in better}
        return NameFit(
            len(told),
            len(better),
            len(set(others.values())),
            float(own[told].mean()) if told else 0.0,
            float(best[told].mean()) if told else 0.0,
            sum(best[i] >= _SAME > own[i] + _NEARER / 2 for i in told),
            {name: _mean_own(turn(predicted), truths, told) for name, turn in TURNS.items()},
            tuple((self.names[i], self.names[j]) for i, j in list(others.items())[:_NAMED]),
        )


def thumbnails(prediction: Label, truth: Label) -> tuple[bytes, bytes]:
    """Both as ``uint8 32×32``."""
    return _thumbnail(prediction), _thumbnail(truth)


def _turned(rows: _Rows, place: tuple[slice, ...]) -> _Rows:
    return rows.reshape(-1, _SIDE, _SIDE)[place].reshape(len(rows), -1)


def _thumbnail(label: Label) -> bytes:
    small = cv2.resize(label, (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST)
    return np.minimum(small, 255).astype(np.uint8).tobytes()


def _table(rows: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


def _mean_own(
    predicted: npt.NDArray[np.uint8], truths: npt.NDArray[np.uint8], told: Sequence[int]
) -> float:
    """IoU of each with its own."""
    common = int(np.bincount(truths.ravel()).argmax())
    objects = truths != common
    both = np.count_nonzero((truths == predicted) & objects, axis=1)
    either = np.count_nonzero(objects | (predicted != common), axis=1)
    return float((both / np.maximum(1, either))[told].mean()) if told else 0.0


def _fits(
    predicted: npt.NDArray[np.uint8], truths: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float64]:
    """IoU of everything but the commonest class, each prediction with each label."""
    common = int(np.bincount(truths.ravel()).argmax())
    objects = truths != common
    out = np.zeros((len(predicted), len(truths)))
    for i, row in enumerate(predicted):
        both = np.count_nonzero((truths == row) & objects, axis=1)
        either = np.count_nonzero(objects | (row != common), axis=1)
        out[i] = both / np.maximum(1, either)
    return out
