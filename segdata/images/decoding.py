"""The pixels of image files: as they are stored, or as a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from segdata.images.headers import ImageHeader, header_of
from segdata.images.opening import Opened, Source, opened
from segdata.images.png_pixels import read_pixels

# A glance is an eighth of the picture: the smallest that libjpeg decodes to (DCT scaling 1/8).
_GLANCE = 8
_LEAST_GLANCE = 32


@dataclass(frozen=True)
class Stored:
    """A file decoded once, as it is stored.

    Args:
        name: the file, for messages.
        header: what it says of itself.
        pixels: H×W (palette indices, grey levels) or H×W×C, in the file's own type: bool, uint8,
            uint16, int32 or float32.
    """

    name: str
    header: ImageHeader
    pixels: npt.NDArray[Any]


def read_stored(source: Source) -> Stored:
    """Decode a file as it is stored, for those who look at more than one reading of it.

    Raises:
        Unreadable: it is no image, or it is cut off.
    """
    with opened(source) as file:
        pixels = stored_pixels(file)
        return Stored(file.name, header_of(file), pixels)


def read_photo(source: Source, *, upright: bool = False) -> npt.NDArray[np.uint8]:
    """Decode a photo.

    Args:
        source: a path or a file's bytes.
        upright: apply the EXIF orientation; otherwise the pixels are returned as stored, as the
            original DeepLab reads them.

    Returns:
        ``uint8 H×W×3, RGB``.

    Raises:
        Unreadable: it is no image, or it is cut off.
    """
    with opened(source) as file:
        if upright:
            file.load()
            return _rgb(ImageOps.exif_transpose(file.image))
        return rgb_of(file)


def check_whole(source: Source) -> ImageHeader:
    """Read the header and make sure that the pixels can be decoded to the end.

    JPEG is decoded at an eighth of its size: every byte is read, few pixels are made.

    Raises:
        Unreadable: it is no image, or it is cut off.
    """
    with opened(source) as file:
        header = header_of(file)
        if _png_pixels(file) is None:
            _draft(file)
            file.load()
        return header


def glance(source: Source) -> tuple[ImageHeader, npt.NDArray[np.uint8]]:
    """What :func:`check_whole` does, and a small grey picture from the same decode.

    Returns:
        The header, and ``uint8 h×w``: luma at an eighth of the size, as stored (no EXIF orientation
        applied). Pictures under 256 pixels are reduced less, so that about 32 are left on the
        shorter side where there were as many.

    Raises:
        Unreadable: it is no image, or it is cut off.
    """
    with opened(source) as file:
        header = header_of(file)
        _draft(file)
        gray = _gray_of(rgb_of(file)) if file.image.mode != "L" else stored_pixels(file)
    size = (_reduced(header.width), _reduced(header.height))
    if gray.shape != (size[1], size[0]):
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    return header, gray


def stored_pixels(file: Opened) -> npt.NDArray[Any]:
    """The pixels as they are stored: palette indices, grey levels or channels.

    Raises:
        Unreadable: the file is cut off.
    """
    pixels = _png_pixels(file)
    if pixels is None:
        file.load()
        pixels = np.asarray(file.image)
    return pixels


def rgb_of(file: Opened) -> npt.NDArray[np.uint8]:
    """``uint8 H×W×3, RGB``; alpha is dropped, 16-bit grey is scaled.

    Raises:
        Unreadable: the file is cut off.
    """
    pixels = _png_pixels(file) if file.image.mode in ("L", "LA", "RGB", "RGBA") else None
    if pixels is None:
        file.load()
        return _rgb(file.image)
    if file.image.mode in ("L", "LA"):
        gray = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., 0])
        return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)
    return pixels if pixels.shape[2] == 3 else np.ascontiguousarray(pixels[..., :3])


def _png_pixels(file: Opened) -> npt.NDArray[Any] | None:
    if file.image.format != "PNG":
        return None
    file.check_size()
    return read_pixels(file.content())


def _draft(file: Opened) -> None:
    """libjpeg leaves out what an eighth of the size, or a grey picture, has no need of."""
    file.check_size()  # the draft's size is smaller, its memory may not be
    image = file.image
    gray = "L" if image.mode == "RGB" else image.mode
    image.draft(gray, (_reduced(image.width), _reduced(image.height)))


def _reduced(length: int) -> int:
    return min(length, max(_LEAST_GLANCE, -(-length // _GLANCE)))


def _gray_of(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _rgb(image: Image.Image) -> npt.NDArray[np.uint8]:
    if image.mode.startswith(("I", "F")):
        return _sixteen_bit_photo(image)
    # Pillow warns where the palette has alpha, which is dropped here.
    image.info.pop("transparency", None)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _sixteen_bit_photo(image: Image.Image) -> npt.NDArray[np.uint8]:
    """16-bit and float photos are scaled by their type's range, not clipped to black or white.

    Of 16 bits the high byte is taken, as libpng does for TensorFlow, and Pillow of colors.
    """
    values = np.asarray(image)
    if values.dtype == np.uint16:
        gray = (values >> 8).astype(np.uint8)
    else:
        wide = values.astype(np.float64)
        top = 65535.0 if image.mode.startswith("I") else max(1.0, float(wide.max(initial=0)))
        gray = np.clip(wide / top * 255.0, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)
