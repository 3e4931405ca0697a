"""Class ids from the pixels of a label file, or the reason why they can be none."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes import Label
from segdata.errors import UserError
from segdata.images.decoding import Stored, read_stored
from segdata.images.opening import Source

# WebP can be lossless, but no file says that it has been so from the start.
LOSSY_FORMATS = {"jpeg": "JPEG", "mpo": "JPEG", "webp": "WebP"}


class NoIds(UserError):
    """An image whose pixels cannot be class ids; ``kind`` says why.

    Kinds: ``color`` (three channels differ), ``alpha`` (transparency varies), ``lossy`` (JPEG and
    other lossy formats), ``mode`` (float, CMYK, ...).
    """

    def __init__(self, message: str, remedy: str = "", kind: str = "mode") -> None:
        super().__init__(message, remedy)
        self.kind = kind

    def __reduce__(self) -> tuple[Any, ...]:
        return NoIds, (self.message, self.remedy, self.kind), vars(self)


def read_label(source: Source) -> Label:
    """Decode a label image to class ids: grey levels, palette *indices*, 16-bit ids.

    Returns:
        ``uint8 or uint16 H×W, class ids``.

    Raises:
        Unreadable: it is no image, or it is cut off.
        NoIds: its pixels cannot be class ids.
    """
    return ids_of(read_stored(source))


def ids_of(stored: Stored) -> Label:
    """The class ids in a decoded label image; what :func:`read_label` returns.

    Raises:
        NoIds: its pixels cannot be class ids.
    """
    mode, pixels, name = stored.header.mode, stored.pixels, stored.name
    refuse_lossy(name, stored.header.format)
    if stored.header.bit_depth == 16 and not mode.startswith("I"):
        # Pillow keeps the upper byte of each channel: every id would become 0.
        raise NoIds(f"{name} has several channels of 16 bits", "export ids as one grey channel")
    if mode == "L" and stored.header.bit_depth in (2, 4):
        # Pillow stretches 2- and 4-bit grey to 0..255; the stored number is the id.
        return pixels // np.uint8(255 // (2**stored.header.bit_depth - 1))
    if mode in ("L", "P", "1"):
        return pixels.astype(np.uint8, copy=False)
    if mode.startswith("I"):
        return _sixteen_bit_ids(pixels, name)
    if mode in ("LA", "PA", "RGBA"):
        return _without_alpha(pixels, name)
    if mode == "RGB":
        return _equal_channels(pixels, name)
    raise NoIds(f"{name} has mode {mode}, which cannot hold class ids")


def refuse_lossy(name: str, form: str) -> None:
    """Labels and color masks of a format that changes values are refused.

    Raises:
        NoIds: of kind ``lossy``.
    """
    if form in LOSSY_FORMATS:
        what = f"{name} is a {LOSSY_FORMATS[form]}: compression changes colors and ids"
        raise NoIds(what, "export the labels again as PNG", "lossy")


def _sixteen_bit_ids(values: npt.NDArray[np.integer], name: str) -> npt.NDArray[np.uint16]:
    if values.min(initial=0) < 0 or values.max(initial=0) > np.iinfo(np.uint16).max:
        raise NoIds(f"{name} holds values outside 0..65535")
    return values.astype(np.uint16)


def _without_alpha(channels: npt.NDArray[np.uint8], name: str) -> Label:
    alpha = channels[..., -1]
    if alpha.min(initial=255) != alpha.max(initial=0):
        raise NoIds(
            f"{name} has transparency that varies (alpha {alpha.min()}..{alpha.max()}): "
            "the mask may be in the alpha channel",
            "export the labels without transparency",
            "alpha",
        )
    if channels.shape[2] == 2:
        return np.ascontiguousarray(channels[..., 0])
    return _equal_channels(channels[..., :3], name)


def _equal_channels(rgb: npt.NDArray[np.uint8], name: str) -> npt.NDArray[np.uint8]:
    if not (np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 0], rgb[..., 2])):
        raise NoIds(
            f"{name} is a color picture, not class ids",
            "turn colors into ids: segdata convert SRC OUT --classes classes.csv",
            "color",
        )
    return np.ascontiguousarray(rgb[..., 0])
