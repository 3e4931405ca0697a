"""From arrays to colors: overlays and error maps, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Color, Label, SegClass
from segdata.errors import UserError

Photo = npt.NDArray[np.uint8]

_BACKGROUND_NAMES = frozenset({"background", "_background_", "bg"})
# Class borders in an overlay: dark enough to be seen between two similar colors.
_BORDER = 0.45
_STRIPE = 4
_VOID_STRIPE: Color = (168, 172, 176)


@dataclass(frozen=True)
class ErrorKind:
    """One of the things that can be true of a pixel of a prediction."""

    name: str
    meaning: str
    color: Color


# Colors differ in lightness as well as in hue (after Okabe and Ito, "Color Universal Design"), and
# void is striped.
HIT: Final = 0
WRONG: Final = 1
MISSED: Final = 2
FALSE: Final = 3
VOID: Final = 4
ERROR_KINDS: Final = (
    ErrorKind("right", "predicted as it is", (228, 233, 237)),
    ErrorKind("wrong", "one class taken for another", (213, 94, 0)),
    ErrorKind("missed", "something is there; predicted as background or as no class", (0, 68, 130)),
    ErrorKind("false", "background is there; something was predicted", (240, 190, 60)),
    ErrorKind("void", "ignored in the truth, not counted", (132, 136, 140)),
)


def overlay(image: Photo, label: Label, class_map: ClassMap, opacity: float = 0.6) -> Photo:
    """A photo tinted with the colors of its classes, their borders darkened.

    Args:
        image: ``uint8 H×W×3, RGB``.
        label: ``uint8 or uint16 H×W, class ids``.
        opacity: of the tint, 0 (photo alone) to 1 (colors alone).

    Returns:
        ``uint8 H×W×3, RGB``.

    Raises:
        UserError: the sizes differ, or the opacity is outside 0 to 1.
    """
    if image.shape[:2] != label.shape:
        raise UserError(
            f"the photo is {image.shape[1]}×{image.shape[0]} and the label "
            f"{label.shape[1]}×{label.shape[0]}",
            "draw labels on the photos they belong to; segdata validate finds such pairs",
        )
    if not 0.0 <= opacity <= 1.0:
        raise UserError(f"opacity {opacity} is outside 0 to 1")
    colors = class_map.to_colors(label)
    mixed = image * np.float32(1.0 - opacity) + colors * np.float32(opacity)
    mixed[_borders(label)] *= 1.0 - opacity * (1.0 - _BORDER)
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def background_of(class_map: ClassMap) -> int | None:
    """The id of the class that means "nothing", told by its name; None if there is none."""
    for entry in class_map.trained:
        if entry.name.strip().lower() in _BACKGROUND_NAMES:
            return entry.id
    return None


def error_kinds(truth: Label, prediction: Label, class_map: ClassMap) -> npt.NDArray[np.uint8]:
    """What is true of each pixel: ``uint8 H×W``, indices of ``ERROR_KINDS``.

    Without a background class every wrong pixel is ``wrong``, apart from predictions that are no
    class, which are ``missed``.

    Args:
        truth: ``uint8 or uint16 H×W, class ids``.
        prediction: the same shape.
    """
    background = background_of(class_map)
    kinds = np.where(truth == prediction, HIT, WRONG).astype(np.uint8)
    wrong = kinds == WRONG
    nothing = prediction >= class_map.num_classes
    if class_map.ignore is not None:
        nothing |= prediction == class_map.ignore
    if background is not None:
        nothing |= prediction == background
        kinds[wrong & (truth == background)] = FALSE
        kinds[wrong & (truth != background) & nothing] = MISSED
    else:
        kinds[wrong & nothing] = MISSED
    if class_map.ignore is not None:
        kinds[truth == class_map.ignore] = VOID
    return kinds


def of_one_class(
    truth: Label, prediction: Label, class_map: ClassMap, class_id: int
) -> tuple[Label, Label, ClassMap]:
    """The same two labels as one class and the rest: what is found of it, missed and false.

    Returns:
        Truth and prediction, ``uint8 H×W``: 1 the class, 0 the rest, 255 void; and their classes.
    """
    void = 255
    found = (prediction == class_id).astype(np.uint8)
    there = (truth == class_id).astype(np.uint8)
    if class_map.ignore is not None:
        there[truth == class_map.ignore] = void
    one = SegClass(1, class_map.name(class_id), class_map.color(class_id))
    return there, found, ClassMap((SegClass(0, "background"), one), void)


def error_map(
    truth: Label, prediction: Label, class_map: ClassMap, photo: Photo | None = None
) -> Photo:
    """Where a prediction is right, wrong, missed, false and not counted.

    Args:
        truth: ``uint8 or uint16 H×W, class ids``.
        prediction: the same shape.
        photo: ``uint8 H×W×3, RGB``; shines through, pale and grey, where the prediction is right.

    Returns:
        ``uint8 H×W×3, RGB`` in the colors of ``ERROR_KINDS``.
    """
    kinds = error_kinds(truth, prediction, class_map)
    table = np.array([kind.color for kind in ERROR_KINDS], dtype=np.uint8)
    out = np.take(table, kinds, axis=0)
    rows, columns = np.ogrid[: kinds.shape[0], : kinds.shape[1]]
    striped = ((rows + columns) // _STRIPE % 2 == 0) & (kinds == VOID)
    out[striped] = _VOID_STRIPE
    if photo is not None:
        gray = photo.mean(axis=2, dtype=np.float32) / 255.0
        right = kinds == HIT
        pale = np.float32(0.72) + np.float32(0.28) * gray
        out[right] = np.rint(np.array(ERROR_KINDS[HIT].color) * pale[right][:, None])
    return out


def _borders(label: Label) -> npt.NDArray[np.bool_]:
    """Pixels whose right or lower neighbor is of another class."""
    out = np.zeros(label.shape, dtype=bool)
    out[:, :-1] = label[:, 1:] != label[:, :-1]
    out[:-1] |= label[1:] != label[:-1]
    return out
