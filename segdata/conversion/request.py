"""What to convert and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from segdata.errors import UserError

OnUnknown = Literal["error", "nearest", "ignore"]
Areas = Literal["error", "nearest", "ignore"]
Photos = Literal["copy", "hardlink", "symlink", "png", "jpeg"]
PHOTOS: tuple[Photos, ...] = get_args(Photos)

# Beyond it the nearest color is right about every second time only, in 36 CamVid masks that were
# blurred, smoothed, or stored as JPEG of quality 90 and 50: 37 to 60 % at distances of 60 to 72.
MAX_DISTANCE = 64.0


@dataclass(frozen=True, kw_only=True)
class ConversionRequest:
    """What to convert and how.

    Args:
        source: the user's folder.
        out: the dataset folder to make.
        classes: the class file; None looks for one in the source.
        images: the folder of photos, where it cannot be found.
        labels: the folder of masks, where it cannot be found.
        format: how the labels are stored; None finds it out.
        name: of the data set; None takes the output folder's.
        on_unknown: what happens to pixels of a color that no class has: ``error`` refuses them and
            lists them all; ``nearest`` takes the class with the nearest color; ``ignore`` gives
            them the ignore label.
        max_distance: how far the nearest color may be, Euclidean in RGB. Pixels farther away get
            the ignore label; where nothing is ignored they are refused.
        areas: with ``nearest``: what happens to colors that fill areas of their own, for these are
            classes that nobody listed; ``nearest`` takes them like any other.
        photos: their bytes are copied, linked, or encoded anew. Where the EXIF orientation turns a
            photo, the pixels of a copy are turned.
        palette: write label PNGs that look like their colors (and still carry ids).
        overwrite: write into a folder that holds other things.
        allow_outside: take photos and labels too that are links out of the source.
    """

    source: Path
    out: Path
    classes: Path | None = None
    images: Path | None = None
    labels: Path | None = None
    format: str | None = None
    name: str | None = None
    on_unknown: OnUnknown = "error"
    max_distance: float = MAX_DISTANCE
    areas: Areas = "error"
    photos: Photos = "copy"
    palette: bool = False
    overwrite: bool = False
    allow_outside: bool = False

    def __post_init__(self) -> None:
        if not self.max_distance >= 0:
            raise UserError(f"{self.max_distance} is no distance", "give a number of 0 or more")
