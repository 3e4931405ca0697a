"""Opening image files: what a file says of itself, and which files are refused before decoding."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, PngImagePlugin

from segdata.errors import UserError

Source = Path | bytes

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")

# Of Pillow's readers those of formats that photos and labels come in; others start programs (EPS).
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM")
_AGAIN = "fetch or export the file again"
_EXIF_ORIENTATION = 0x0112
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# PNG specification, IHDR: color types.
PNG_GRAY, PNG_RGB, PNG_PALETTE, PNG_GRAY_ALPHA, PNG_RGBA = 0, 2, 3, 4, 6
# 1 Gpixel: past any camera, below what would exhaust the memory of a small machine.
Image.MAX_IMAGE_PIXELS = 1 << 30
# What a byte of file can hold at most: deflate packs 1032:1 (zlib, "Maximum expansion factor"), LZW
# with 12-bit codes about 2700:1; a byte holds eight 1-bit pixels. Small pictures are let through.
_MOST_PIXELS = 2700
_SMALL_PIXELS = 1 << 24
# Metadata of some editors exceeds Pillow's default; it is skipped, not refused.
PngImagePlugin.MAX_TEXT_CHUNK = 1 << 26


class Unreadable(UserError):
    """A file that is no image, or no whole one."""


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
    with open_image(source) as image:
        return header_of(image, source)


def named(source: Source) -> str:
    return str(source) if isinstance(source, Path) else "the image"


def open_image(source: Source) -> Image.Image:
    if isinstance(source, Path) and source.is_dir():
        raise Unreadable(f"{source} is a folder, not an image")
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(stream, formats=_FORMATS)
    except FileNotFoundError:
        raise Unreadable(f"{named(source)} does not exist") from None
    except PermissionError:
        raise Unreadable(f"{named(source)} may not be read: permission denied") from None
    except Exception as error:  # Pillow's readers raise anything on damaged bytes
        raise Unreadable(f"{named(source)} is {_what_instead(source, error)}") from error


def load(image: Image.Image, source: Source) -> None:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    most = size * _MOST_PIXELS * (8 if image.mode == "1" else 1)
    if image.width * image.height > max(most, _SMALL_PIXELS):
        what = f"{size} bytes cannot hold {image.width}×{image.height} pixels"
        raise Unreadable(f"{named(source)} is damaged or cut off: {what}", _AGAIN)
    try:
        image.load()
    except Exception as error:  # Pillow's readers raise anything on damaged bytes
        what = f"{named(source)} is damaged or cut off ({error})"
        raise Unreadable(what, _AGAIN) from error


def _what_instead(source: Source, error: Exception) -> str:
    """Say what a file is that is no image (fault catalogue, L27)."""
    head = _head(source)
    if not head:
        return "empty"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the image itself: run git lfs pull"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "a web page, not an image"
    if head.startswith(_PNG_MAGIC) or head.startswith(b"\xff\xd8"):
        return f"damaged or cut off ({error})"
    return "not an image"


def header_of(image: Image.Image, source: Source) -> ImageHeader:
    depth, color_type = _png_depth(image, source)
    form, turned = (image.format or "").lower(), _orientation(image)
    return ImageHeader(form, image.width, image.height, image.mode, depth, color_type, turned)


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


def _png_depth(image: Image.Image, source: Source) -> tuple[int, int | None]:
    """Bits per channel and color type of a PNG (IHDR); of another format 8 or 16, and None."""
    if image.format != "PNG":
        return (16 if image.mode.startswith("I;16") else 8), None
    head = _head(source)
    return head[24], head[25]


def _head(source: Source) -> bytes:
    if isinstance(source, bytes):
        return source[:64]
    with source.open("rb") as file:
        return file.read(64)
