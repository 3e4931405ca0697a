"""One label read, repaired and written, in any process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.conversion.request import Areas, ConversionRequest, OnUnknown
from segdata.facts import count_values
from segdata.facts.color_looks import ColorLook, ColorRows, is_thin, look_at_colors
from segdata.facts.colors import FATES
from segdata.files import write_file
from segdata.images import (
    LOSSY_FORMATS,
    ImageHeader,
    NoIds,
    Unreadable,
    check_whole,
    encode_label,
    read_header,
)
from segdata.sources import Item, Reader, Reading

# What EXIF says of a photo, and what its label's size says to that: ``turn`` it; it ``lies`` as it
# was labelled; ``assumed``: both sizes fit, and it is turned as programs for labelling show it.
Posture = Literal["upright", "turn", "assumed", "lies"]
# EXIF orientations that swap width and height (EXIF 2.3, tag 0x0112).
SIDEWAYS = frozenset({5, 6, 7, 8})
_REFUSED, _NEAREST, _IGNORED = range(len(FATES))


@dataclass(frozen=True)
class Repair:
    """What is done about pixels of unknown color; see ConversionRequest."""

    on_unknown: OnUnknown
    max_distance: float
    areas: Areas
    ignorable: bool

    @classmethod
    def of(cls, request: ConversionRequest, class_map: ClassMap) -> Repair:
        ignorable = class_map.ignore is not None
        return cls(request.on_unknown, request.max_distance, request.areas, ignorable)


@dataclass(frozen=True)
class LabelTask:
    """One label to convert."""

    item: Item
    read: Reader
    target: Path
    class_map: ClassMap
    palette: bool
    repair: Repair


@dataclass(frozen=True, eq=False)
class LabelResult:
    """What became of one label.

    Args:
        colors: the unknown colors.
        fates: for each of them an index into ``FATES``.
        phantoms: pixels by the id of a class that only blended edges made.
        pixels: by class id.
        unlisted: pixels by the name of a class that the class file does not list.
        left_out: what could not be drawn, and how often.
        posture: how the photo lies.
        problem: why nothing was written; empty if all is well.
        rule: in whose name the problem is told.
    """

    item: Item
    colors: ColorRows | None = None
    fates: npt.NDArray[np.uint8] | None = None
    phantoms: Mapping[int, int] = field(default_factory=dict)
    pixels: Mapping[int, int] = field(default_factory=dict)
    unlisted: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    posture: Posture = "upright"
    problem: str = ""
    rule: str = "L27"


def convert_label(task: LabelTask) -> LabelResult:
    """Read one label and write its ids; unknown colors are counted, and become no class.

    The photo is read to its end, too: a pair whose photo is cut off is told before any is copied.
    That takes 0.25 ms of the 5 ms of a pair of CamVid's (JPEG, 480×360).
    """
    try:
        reading = task.read(task.item)
        photo = check_whole(task.item.photo())
        _refuse_lossy(task, reading)
    except Unreadable as error:
        return LabelResult(task.item, problem=str(error))
    except NoIds as error:
        lossy = error.kind == "lossy"
        return LabelResult(task.item, problem=str(error), rule="L11" if lossy else "L27")
    posture = _posture(photo, reading.label)
    if posture is None:
        height, width = reading.label.shape
        sizes = f"the mask is {width}×{height}, its photo {photo.width}×{photo.height}"
        return LabelResult(task.item, problem=f"{task.item.label}: {sizes}", rule="L23")
    return _write(task, reading, posture)


def _write(task: LabelTask, reading: Reading, posture: Posture) -> LabelResult:
    label, look, fates = reading.label, None, None
    phantoms: dict[int, int] = {}
    if reading.rgb is not None and reading.unknown:
        packed = [r | g << 8 | b << 16 for r, g, b in (u.color for u in reading.unknown)]
        unknown = np.array(packed, dtype=np.uint32)
        look = look_at_colors(reading.rgb, label, unknown, task.class_map)
        fates = _fates(look, task.repair)
        if task.repair.on_unknown == "nearest":
            drawn = count_values(label, _known(label, look))
            label = _repaired(label, look, fates)
            phantoms = _phantoms(label, drawn, task.class_map)
    palette = task.class_map.color_table() if task.palette else None
    write_file(task.target, encode_label(label, palette))
    return LabelResult(
        task.item,
        colors=None if look is None else look.rows,
        fates=fates,
        phantoms=phantoms,
        pixels=count_values(label),
        unlisted=reading.unlisted,
        left_out=reading.left_out,
        posture=posture,
    )


def _refuse_lossy(task: LabelTask, reading: Reading) -> None:
    """Compressed colors are only read where the nearest class is asked for."""
    if not reading.unknown or task.repair.on_unknown == "nearest":
        return
    if read_header(task.item.label).format in LOSSY_FORMATS:
        raise NoIds(
            f"{task.item.label} is a JPEG or another lossy format: compression changes colors "
            f"and ids, here to {len(reading.unknown)} colors that no class has",
            "export the masks again as PNG, or take the class of the nearest color with "
            "--on-unknown nearest",
            "lossy",
        )


def _posture(photo: ImageHeader, label: Label) -> Posture | None:
    """How a photo lies by its label's size; None if the label has another size."""
    size, stored = label.shape[::-1], (photo.width, photo.height)
    seen = stored[::-1] if photo.orientation in SIDEWAYS else stored
    if size not in (stored, seen):
        return None
    if photo.orientation == 1:
        return "upright"
    if stored == seen:
        return "assumed"
    return "turn" if size == seen else "lies"


def _fates(look: ColorLook, repair: Repair) -> npt.NDArray[np.uint8]:
    """For each unknown color what becomes of its pixels."""
    rows = look.rows
    if repair.on_unknown != "nearest":
        same = _IGNORED if repair.on_unknown == "ignore" else _REFUSED
        return np.full(len(rows.packed), same, dtype=np.uint8)
    beyond = _IGNORED if repair.ignorable else _REFUSED
    fates = np.where(rows.distance <= repair.max_distance, _NEAREST, beyond).astype(np.uint8)
    if repair.areas != "nearest":
        fates[rows.area] = _IGNORED if repair.areas == "ignore" else _REFUSED
    return fates


def _repaired(label: Label, look: ColorLook, fates: npt.NDArray[np.uint8]) -> Label:
    taken = (fates == _NEAREST)[look.row_of]
    label = label.copy()
    label.ravel()[look.where[taken]] = look.nearest[look.row_of[taken]].astype(label.dtype)
    return label


def _phantoms(label: Label, drawn: Mapping[int, int], class_map: ClassMap) -> dict[int, int]:
    """Classes that no pixel was drawn in, and that are nowhere three pixels wide.

    On 36 CamVid masks, smoothed or stored as JPEG of quality 90, it finds 33 of the 42 classes that
    are not in the true mask, and one that is.

    Args:
        label: the repaired label.
        drawn: pixels by class whose color was exact.
    """
    none = {class_map.ignore, class_map.no_class}
    return {
        class_id: count
        for class_id, count in count_values(label).items()
        if class_id not in drawn and class_id not in none and is_thin(label, class_id)
    }


def _known(label: Label, look: ColorLook) -> npt.NDArray[np.bool_]:
    """The pixels whose color is a class's."""
    known = np.ones(label.size, dtype=np.bool_)
    known[look.where] = False
    return known.reshape(label.shape)
