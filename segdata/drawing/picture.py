"""What is known of one image, and what is to be drawn of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.drawing.certainty import Probabilities, check_probabilities
from segdata.drawing.styles import Style
from segdata.errors import UserError
from segdata.images import read_label, read_photo
from segdata.probability_files import read_probabilities

Photo = npt.NDArray[np.uint8]
Order = Literal["iou", "class", "name"]


@dataclass(frozen=True, eq=False)
class Picture:
    """What is known of one image; at least one of truth and prediction is.

    Args:
        key: its name below the output folder, as a posix path without suffix.
        image: ``uint8 H×W×3, RGB``.
        truth: ``uint8 or uint16 H×W, class ids``.
        prediction: the same.
        probabilities: ``float K×H×W``.
    """

    key: str
    image: Photo | None = None
    truth: Label | None = None
    prediction: Label | None = None
    probabilities: Probabilities | None = None

    @property
    def label(self) -> Label:
        """What is drawn: the prediction, or else the truth."""
        found = self.truth if self.prediction is None else self.prediction
        if found is None:
            raise UserError(f"{self.key} has neither a label nor a prediction to draw")
        return found

    def load(self) -> Picture:
        """Itself: nothing has to be read."""
        return self


@dataclass(frozen=True)
class PictureFiles:
    """A :class:`Picture` that is still in files."""

    key: str
    image: Path | None = None
    truth: Path | None = None
    prediction: Path | None = None
    probabilities: Path | None = None

    def load(self) -> Picture:
        """Read the files.

        Raises:
            UserError: one cannot be read, or their sizes differ.
        """
        picture = Picture(
            self.key,
            read_photo(self.image) if self.image else None,
            read_label(self.truth) if self.truth else None,
            read_label(self.prediction) if self.prediction else None,
            _sure(self.probabilities) if self.probabilities else None,
        )
        self._refuse_other_sizes(picture)
        return picture

    def _refuse_other_sizes(self, picture: Picture) -> None:
        main, shape = self.prediction or self.truth, picture.label.shape
        sizes = (
            (self.image, None if picture.image is None else picture.image.shape[:2]),
            (self.truth, None if picture.truth is None else picture.truth.shape),
            (self.probabilities, _size_of(picture.probabilities)),
        )
        for path, size in sizes:
            if size is not None and size != shape:
                raise UserError(
                    f"{path} is {size[1]}×{size[0]}, but {main} is {shape[1]}×{shape[0]}",
                    "draw what belongs together; segdata never resizes labels to make them fit",
                )


@dataclass(frozen=True, kw_only=True)
class PictureOptions:
    """What to draw.

    Args:
        kinds: some of ``ALL_KINDS``.
        style: how classes lie over the photo, one of ``STYLES``.
        opacity: of the classes over the photo, 0 to 1; None takes the style's own.
        raw_ids: what stands for an id in raw pictures; other ids stay as they are.
        order: of contact sheets: the lowest IoU first, by one class, or by name.
        by_class: that class: its lowest IoU first, or, of labels alone, its largest share; error
            maps are then of this class: found, missed, false.
        overwrite: also write into a folder that is not empty.
    """

    kinds: tuple[str, ...] = ("overlay", "side_by_side", "color")
    style: Style = "fill"
    opacity: float | None = None
    raw_ids: Mapping[int, int] = field(default_factory=dict)
    order: Order = "name"
    by_class: int | None = None
    overwrite: bool = False


def _size_of(probabilities: Probabilities | None) -> tuple[int, ...] | None:
    return None if probabilities is None else probabilities.shape[1:]


def _sure(path: Path) -> Probabilities:
    found = read_probabilities(path)
    check_probabilities(found, str(path))
    return found
