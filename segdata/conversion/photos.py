"""One photo copied, linked or encoded anew, in any process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from segdata.conversion.labels import Posture
from segdata.conversion.request import Photos
from segdata.files import link_file, write_file
from segdata.images import Unreadable, encode_photo, read_header, read_photo
from segdata.sources import Item


@dataclass(frozen=True)
class PhotoTask:
    """One photo to bring over."""

    item: Item
    target: Path
    how: Photos
    posture: Posture


def bring_photo(task: PhotoTask) -> None:
    """Copy, link or encode one photo. One that EXIF turns is encoded upright.

    Raises:
        UserError: it cannot be linked or written.
    """
    turned = task.posture in ("turn", "assumed")
    if task.how in ("hardlink", "symlink") and not turned and task.item.embedded is None:
        link_file(task.item.image, task.target, symbolic=task.how == "symlink")
        return
    photo = task.item.photo()
    stored = photo.read_bytes() if isinstance(photo, Path) else photo
    encoded = task.how if task.how in ("png", "jpeg") else ""
    header = read_header(stored)
    if not turned and encoded in ("", header.format):
        write_file(task.target, stored)
        return
    try:
        pixels = read_photo(stored, upright=turned)
    except Unreadable:
        # Cut off behind a sound header: it is copied as it is, and validate names it (L27).
        write_file(task.target, stored)
        return
    form = encoded or ("jpeg" if header.format == "jpeg" else "png")
    write_file(task.target, encode_photo(pixels, form))
