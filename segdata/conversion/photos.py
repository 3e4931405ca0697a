"""One photo copied, linked or encoded anew, in any process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata.conversion.labels import Posture
from segdata.conversion.orientation import without_orientation
from segdata.conversion.request import Photos
from segdata.files import link_file, write_file
from segdata.images import encode_photo, read_header, read_photo
from segdata.sources import Item


@dataclass(frozen=True)
class PhotoTask:
    """One photo to bring over."""

    item: Item
    target: Path
    how: Photos
    posture: Posture


def bring_photo(task: PhotoTask) -> None:
    """Copy, link or encode one photo. The copy of one that has an EXIF orientation has none.

    Raises:
        UserError: it cannot be linked or written, or has changed since it was checked.
    """
    linked = task.how in ("hardlink", "symlink") and task.item.embedded is None
    if linked and task.posture == "upright":
        link_file(task.item.image, task.target, symbolic=task.how == "symlink")
        return
    photo = task.item.photo()
    stored = photo.read_bytes() if isinstance(photo, Path) else photo
    write_file(task.target, _as_labelled(stored, task))


def _as_labelled(stored: bytes, task: PhotoTask) -> bytes:
    """The bytes of the photo, its pixels as the label was drawn on them."""
    form = read_header(stored).format
    wanted = task.how if task.how in ("png", "jpeg") else form
    if wanted == form and task.posture == "upright":
        return stored
    if wanted == form == "jpeg" and task.posture == "lies":
        bare = without_orientation(stored)
        # Some programs say it in XMP, where it cannot be changed in place.
        if read_header(bare).orientation == 1:
            return bare
    pixels = read_photo(stored, upright=task.posture in ("turn", "assumed"))
    return encode_photo(pixels, "jpeg" if wanted in ("jpeg", "mpo") else "png")
