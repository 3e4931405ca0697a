"""What became right and what became wrong between two predictions of one image."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.drawing.maps import ErrorKind, Photo

# Indices of CHANGE_KINDS.
BOTH_RIGHT: Final = 0
ONLY_B: Final = 1
ONLY_A: Final = 2
BOTH_WRONG: Final = 3
UNCOUNTED: Final = 4
# Colors differ in lightness as well as in hue (after Okabe and Ito, "Color Universal Design"); what
# was lost and void are striped, each in its direction.
CHANGE_KINDS: Final = (
    ErrorKind("both right", "A and B predict it as it is", (228, 233, 237)),
    ErrorKind("only B right", "gained", (0, 68, 130)),
    ErrorKind("only A right", "lost", (213, 94, 0)),
    ErrorKind("both wrong", "neither is right", (96, 102, 108)),
    ErrorKind("void", "ignored in the truth, not counted", (168, 172, 176)),
)
_STRIPE = 4
_LOST_STRIPE, _VOID_STRIPE = (255, 196, 140), (204, 208, 212)


def change_kinds(truth: Label, a: Label, b: Label, ignore: int | None) -> npt.NDArray[np.uint8]:
    """What is true of each pixel: ``uint8 H×W``, indices of ``CHANGE_KINDS``.

    Args:
        truth: ``uint8 or uint16 H×W, class ids``.
        a: the same shape.
        b: the same shape.
    """
    right_a, right_b = a == truth, b == truth
    kinds = np.full(truth.shape, BOTH_WRONG, np.uint8)
    kinds[right_a & right_b] = BOTH_RIGHT
    kinds[right_b & ~right_a] = ONLY_B
    kinds[right_a & ~right_b] = ONLY_A
    if ignore is not None:
        kinds[truth == ignore] = UNCOUNTED
    return kinds


def change_map(kinds: npt.NDArray[np.uint8], photo: Photo | None = None) -> Photo:
    """The kinds in their colors: ``uint8 H×W×3, RGB``.

    Args:
        kinds: see :func:`change_kinds`.
        photo: ``uint8 H×W×3, RGB``; shines through, pale and grey, where both are right.
    """
    out = np.take(np.array([kind.color for kind in CHANGE_KINDS], np.uint8), kinds, axis=0)
    rows, columns = np.ogrid[: kinds.shape[0], : kinds.shape[1]]
    out[((rows - columns) // _STRIPE % 2 == 0) & (kinds == ONLY_A)] = _LOST_STRIPE
    out[((rows + columns) // _STRIPE % 2 == 0) & (kinds == UNCOUNTED)] = _VOID_STRIPE
    if photo is not None:
        pale = np.float32(0.72) + np.float32(0.28) * photo.mean(axis=2, dtype=np.float32) / 255
        right = kinds == BOTH_RIGHT
        color = np.array(CHANGE_KINDS[BOTH_RIGHT].color)
        out[right] = np.rint(color * pale[right][:, None])
    return out
