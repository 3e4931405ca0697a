"""The page of what was mended: pictures before and after, and what changed between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Color, Label
from segdata.errors import UserError
from segdata.files import write_file
from segdata.findings import CheckReport
from segdata.images import encode_photo, ids_of, read_photo, read_stored
from segdata.reports.frame import Swatch, hex_color, render_page
from segdata.reports.thumbnails import Panel, address, jpeg_address
from segdata.resizing import fitting, resize_label, resize_photo

Photo = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

# Sides in pixels: of a picture on the page, and of the smallest part that is cut out.
_SHOWN, _LEAST = 320, 96
# Paper around what changed, as a share of it.
_MARGIN = 0.5
# Names of classes under a picture, and rows of the table of what is left out.
_NAMED, _LISTED = 8, 50
# Vermilion (after Okabe and Ito, "Color Universal Design"): what changed.
_CHANGED: Color = (213, 94, 0)
_PALE = 0.25


@dataclass(frozen=True, eq=False)
class ChangedFile:
    """A file before and after.

    Args:
        name: for people.
        told: what was done to it, and to how many pixels.
        before: the user's file.
        after: the new one.
        photo: the photo that a label belongs to.
    """

    name: str
    told: str
    before: bytes
    after: bytes
    photo: Path | None = None


@dataclass(frozen=True)
class Remedied:
    """What the remedy of one rule did."""

    rule: str
    does: str
    files: int
    pixels: int
    examples: tuple[ChangedFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Changes:
    """All that the page tells.

    Args:
        name: of the data set.
        source: the user's folder.
        out: the new one.
        written: there is a new one.
        classes: of the data set as it was, and as it is.
        remedied: by rule.
        left_out: name, rule and why.
        remaining: findings that nothing was done about.
        data: the journal, which stands inside the page.
    """

    name: str
    source: str
    out: str
    written: bool
    classes: tuple[ClassMap, ClassMap]
    remedied: Sequence[Remedied]
    left_out: Sequence[tuple[str, str, str]]
    remaining: CheckReport
    data: Any


@dataclass(frozen=True)
class _Shown:
    name: str
    told: str
    part: str
    panels: tuple[Panel, ...]
    legend: tuple[Swatch, ...]


def write_changes(changes: Changes, path: Path) -> None:
    """Write the page.

    Raises:
        UserError: the file cannot be written, or its name does not end in .html.
    """
    check_page_name(path)
    write_file(path, render_changes(changes).encode())


def check_page_name(path: Path) -> None:
    """Refuse a page that no browser would open, before any work is done."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"the page of changes cannot be {path.name}", "choose a name like fix.html")


def render_changes(changes: Changes) -> str:
    """The page: one HTML text that refers to nothing outside itself."""
    return render_page(
        "changes.html.jinja",
        changes=changes,
        groups=[
            (group, [_shown(file, changes.classes) for file in group.examples])
            for group in changes.remedied
        ],
        left_out=changes.left_out[:_LISTED],
        unlisted=max(0, len(changes.left_out) - _LISTED),
        changed_color=hex_color(_CHANGED),
        data=changes.data,
    )


def _shown(file: ChangedFile, classes: tuple[ClassMap, ClassMap]) -> _Shown:
    old, new = _ids(file.before), _ids(file.after)
    if new is None or file.photo is None:
        pictures = [("before", read_photo(file.before)), ("after", read_photo(file.after))]
        panels = tuple(Panel(what, jpeg_address(_small(image)), False) for what, image in pictures)
        return _Shown(file.name, file.told, "", panels, ())
    changed = None if old is None or old.shape != new.shape else old != new
    box = _around(changed) if changed is not None else None
    before = read_photo(file.before) if old is None else classes[0].to_colors(old)
    shown = [("before", before), ("after", classes[1].to_colors(new))]
    if changed is not None and changed.any():
        shown.append(("what changed", _marked(classes[1].to_colors(new), changed, box)))
    panels = tuple(Panel(what, _flat(image, box), True) for what, image in shown)
    photo = _photo_panel(file.photo, new.shape, box)
    part = "" if box is None else f"x {box[0]} to {box[2] - 1}, y {box[1]} to {box[3] - 1}"
    return _Shown(
        file.name, file.told, part, (*photo, *panels), tuple(_legend(new, classes[1], box))
    )


def _ids(data: bytes) -> Label | None:
    try:
        return ids_of(read_stored(data))
    except UserError:
        return None


Box = tuple[int, int, int, int]


def _around(changed: Mask) -> Box | None:
    """Left, top, right, bottom of the part that shows all changes; None for the whole picture."""
    if not changed.any():
        return None
    box = []
    for axis in (0, 1):
        where = np.flatnonzero(changed.any(axis=axis))
        first, end = int(where[0]), int(where[-1]) + 1
        side = changed.shape[1 - axis]
        half = max(_LEAST, round((end - first) * (1 + _MARGIN))) // 2
        middle = min(max((first + end) // 2, half), max(half, side - half))
        box.append((max(0, middle - half), min(side, middle + half)))
    (left, right), (top, bottom) = box
    whole = (right - left) * (bottom - top) > changed.size // 2
    return None if whole else (left, top, right, bottom)


def _cut(image: Photo, box: Box | None) -> Photo:
    return image if box is None else np.ascontiguousarray(image[box[1] : box[3], box[0] : box[2]])


def _small(image: Photo) -> Photo:
    return resize_photo(image, fitting(image.shape[0], image.shape[1], _SHOWN))


def _flat(image: Photo, box: Box | None) -> str:
    """A drawing without blended colors."""
    part = _cut(image, box)
    size = fitting(part.shape[0], part.shape[1], _SHOWN)
    planes = [resize_label(part[..., channel], size) for channel in range(3)]
    return address("png", encode_photo(np.stack(planes, axis=-1).astype(np.uint8)))


def _marked(colors: Photo, changed: Mask, box: Box | None) -> Photo:
    """Pale colors, and what changed in one color that is seen; single pixels do not get lost."""
    pale = 255 - ((255 - colors.astype(np.float32)) * _PALE)
    out: Photo = np.rint(pale).astype(np.uint8)
    part = changed if box is None else changed[box[1] : box[3], box[0] : box[2]]
    # As many pixels around as the reduction to the page's size leaves out.
    step = -(-max(part.shape) // _SHOWN)
    rows, columns = np.nonzero(changed)
    for dy in range(step):
        for dx in range(step):
            y = np.minimum(rows + dy, changed.shape[0] - 1)
            x = np.minimum(columns + dx, changed.shape[1] - 1)
            out[y, x] = _CHANGED
    return out


def _photo_panel(path: Path, shape: tuple[int, ...], box: Box | None) -> Iterator[Panel]:
    try:
        photo = read_photo(path)
    except (UserError, OSError):
        return
    fits = photo.shape[:2] == shape
    yield Panel("photo", jpeg_address(_small(_cut(photo, box if fits else None))), False)


def _legend(label: Label, class_map: ClassMap, box: Box | None) -> Iterable[Swatch]:
    part = label if box is None else label[box[1] : box[3], box[0] : box[2]]
    values, counts = np.unique(part, return_counts=True)
    for i in np.argsort(-counts, kind="stable")[:_NAMED]:
        value = int(values[i])
        yield Swatch(class_map.name(value), hex_color(class_map.color(value)))
