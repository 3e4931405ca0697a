"""What an image file says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from segdata.images.opening import Opened, Source, opened

_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class ImageHeader:
    """What a file says of itself, read without decoding its pixels.

    Args:
        format: ``"png"``, ``"jpeg"``, ... in lower case.
        width: columns, as stored (before any EXIF orientation).
        height: rows, as stored.
        mode: Pillow's mode: ``L``, ``P``, ``1``, ``I;16``, ``RGB``, ``RGBA``, ...
        bit_depth: bits per channel as stored.
        png_color_type: IHDR's color type; None for other formats.
        orientation: EXIF orientation, 1 to 8; 1 is upright.
    """

    format: str
    width: int
    height: int
    mode: str
    bit_depth: int
    png_color_type: int | None
    orientation: int


def read_header(source: Source) -> ImageHeader:
    """Read the header of a file or of a file's bytes.

    Raises:
        Unreadable: it is no image.
    """
    with opened(source) as file:
        return header_of(file)


def header_of(file: Opened) -> ImageHeader:
    image = file.image
    form, turned = (image.format or "").lower(), _orientation(image)
    return ImageHeader(
        form, image.width, image.height, image.mode, file.bit_depth, file.png_color_type, turned
    )


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or its metadata is damaged."""
    if image.format == "PNG" and "exif" not in image.info:
        # Pillow would decode all pixels to look for a chunk behind them.
        return 1
    try:
        orientation = int(image.getexif().get(_EXIF_ORIENTATION, 1) or 1)
    except Exception:  # noqa: BLE001  any damage of the metadata leaves the pixels upright
        return 1
    return orientation if 1 <= orientation <= 8 else 1
