"""The colors of one file of unknown kind, in any process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdata.classes import Color, Label
from segdata.facts import count_values
from segdata.facts.color_looks import ColorRows, is_flat, rows_of
from segdata.images import NoIds, Unreadable, read_colors, read_header, read_label, read_photo

# How a file stores its labels: as colors, as indices into a palette, as grey ids. Or it is a
# ``photo``, or ``unreadable``.
Form = Literal["color", "palette", "grey", "photo", "unreadable"]
FORMS: tuple[Form, ...] = ("color", "palette", "grey", "photo", "unreadable")


@dataclass(frozen=True)
class LookTask:
    """One file to look at; ``named``: the user says that it is a mask."""

    path: Path
    named: bool


@dataclass(frozen=True, eq=False)
class FileLook:
    """What one file holds.

    Args:
        rows: its colors; None of a photo.
        ids: pixels by stored value, of a grey or palette file.
        places: x and y of the first pixel of each of these values.
        palette: the color of each of these values.
        lossy: it is a JPEG or the like.
    """

    path: Path
    form: Form
    rows: ColorRows | None = None
    ids: Mapping[int, int] = field(default_factory=dict)
    places: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    palette: Mapping[int, Color] = field(default_factory=dict)
    lossy: bool = False


def look_at_file(task: LookTask) -> FileLook:
    """Read a file by its colors, and by its numbers where it has some."""
    try:
        header = read_header(task.path)
        rgb, lossy = _colors(task.path)
        if not task.named and not is_flat(rgb):
            return FileLook(task.path, "photo")
        rows = rows_of(rgb)
        gray = header.mode in ("L", "1") or header.mode.startswith("I")
        if lossy or not (gray or header.mode == "P"):
            return FileLook(task.path, "color", rows, lossy=lossy)
        label = read_label(task.path)
    except (Unreadable, NoIds):
        return FileLook(task.path, "unreadable")
    values, first = np.unique(label, return_index=True)
    ids = count_values(label)
    places = {int(v): _place(int(at), label) for v, at in zip(values, first, strict=True)}
    if gray:
        return FileLook(task.path, "grey", None, ids, places)
    colors = {int(v): _color(rgb.reshape(-1, 3)[at]) for v, at in zip(values, first, strict=True)}
    return FileLook(task.path, "palette", rows, ids, places, colors)


def _colors(path: Path) -> tuple[npt.NDArray[np.uint8], bool]:
    try:
        return read_colors(path), False
    except NoIds as error:
        return read_photo(path), error.kind == "lossy"


def _place(at: int, label: Label) -> tuple[int, int]:
    return at % label.shape[1], at // label.shape[1]


def _color(rgb: npt.NDArray[np.uint8]) -> Color:
    red, green, blue = (int(v) for v in rgb)
    return red, green, blue
