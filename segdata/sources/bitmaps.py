"""Masks that annotation files hold as encoded pictures."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from segdata.images import Unreadable, read_header, read_stored
from segdata.sources.shapes import Damaged, Size
from segdata.sources.shapes.pixels import Mask

_DAMAGED = "masks that are damaged"


def decoded(text: Any) -> bytes:
    """The bytes of a base64 text, perhaps behind ``data:image/png;base64,``.

    Raises:
        Damaged: it is none.
    """
    if not isinstance(text, str) or not text:
        raise Damaged(_DAMAGED)
    try:
        return base64.b64decode(text.rpartition(",")[2])
    except (binascii.Error, ValueError):
        raise Damaged(_DAMAGED) from None


def mask_of(data: bytes, size: Size) -> Mask:
    """``bool h×w``: where an encoded picture is not zero; of one with transparency, not clear.

    Args:
        size: of the photo; no mask is larger.

    Raises:
        Damaged: it is damaged, or larger than the photo.
    """
    try:
        header = read_header(data)
        if header.height > size[0] or header.width > size[1]:
            raise Damaged("masks larger than the picture")
        pixels = read_stored(data).pixels
    except Unreadable:
        raise Damaged(_DAMAGED) from None
    if pixels.ndim == 2:
        covered = pixels
    elif header.mode in ("LA", "RGBA", "PA"):
        covered = pixels[..., -1]
    else:
        covered = pixels.max(axis=2)
    mask: Mask = np.greater(covered, 0)
    return mask
