"""The only decoder and encoder of image files.

Photos become ``uint8 H×W×3, RGB``; labels become ``uint8 or uint16 H×W, class ids``. A label file
whose pixels cannot be class ids is refused with the reason; nothing is guessed.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, PngImagePlugin

from segdata.classes import Label
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
# WebP can be lossless, but no file says that it has been so from the start.
LOSSY_FORMATS = {"jpeg": "JPEG", "mpo": "JPEG", "webp": "WebP"}
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


def read_header(source: Source) -> ImageHeader:
    """Read the header of a file or of a file's bytes.

    Raises:
        Unreadable: it is no image.
    """
    with _open(source) as image:
        return _header(image, source)


def read_stored(source: Source) -> Stored:
    """Decode a file as it is stored, for those who look at more than one reading of it.

    Raises:
        Unreadable: it is no image, or it is cut off.
    """
    with _open(source) as image:
        _load(image, source)
        return Stored(_named(source), _header(image, source), np.asarray(image))


def check_whole(source: Source) -> ImageHeader:
    """Read the header and make sure that the pixels can be decoded to the end.

    JPEG is decoded at an eighth of its size: every byte is read, few pixels are made.

    Raises:
        Unreadable: it is no image, or it is cut off.
    """
    with _open(source) as image:
        header = _header(image, source)
        image.draft(image.mode, (max(1, image.width // 8), max(1, image.height // 8)))
        _load(image, source)
        return header


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
    with _open(source) as image:
        _load(image, source)
        turned = ImageOps.exif_transpose(image) if upright else image
        if turned.mode.startswith(("I", "F")):
            return _sixteen_bit_photo(turned)
        return np.asarray(turned.convert("RGB"))


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
    if stored.header.format in LOSSY_FORMATS:
        what = f"{name} is a {LOSSY_FORMATS[stored.header.format]}: compression changes ids"
        raise NoIds(what, "export the labels again as PNG", "lossy")
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


def encode_label(label: Label, palette: npt.NDArray[np.uint8] | None = None) -> bytes:
    """A label as PNG: 8-bit grey, 16-bit grey, or 8-bit with a palette.

    Grey ones are stored without a scan-line filter, which suits flat regions: about a tenth
    smaller and a third faster than Pillow's default on real labels.

    Args:
        label: ``uint8 or uint16 H×W, class ids``.
        palette: ``uint8 N×3``; the file then looks like its colors and still carries ids.
    """
    if palette is not None and label.dtype == np.uint8:
        image = Image.fromarray(label)
        image.putpalette(palette[:256].tobytes())
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()
    flags = [cv2.IMWRITE_PNG_COMPRESSION, 6, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    return cv2.imencode(".png", np.ascontiguousarray(label), flags)[1].tobytes()


def encode_photo(image: npt.NDArray[np.uint8], format: str = "png", quality: int = 95) -> bytes:  # noqa: A002
    """A photo as ``png`` or ``jpeg``.

    Args:
        image: ``uint8 H×W×3, RGB``.
        quality: of JPEG, 1 to 100; 95 is where its chroma is kept well enough for training.
    """
    buffer = io.BytesIO()
    options = {"quality": quality, "subsampling": 0} if format == "jpeg" else {}
    Image.fromarray(image).save(buffer, format.upper(), **options)
    return buffer.getvalue()


def _named(source: Source) -> str:
    return str(source) if isinstance(source, Path) else "the image"


def _open(source: Source) -> Image.Image:
    if isinstance(source, Path) and source.is_dir():
        raise Unreadable(f"{source} is a folder, not an image")
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(stream, formats=_FORMATS)
    except FileNotFoundError:
        raise Unreadable(f"{_named(source)} does not exist") from None
    except PermissionError:
        raise Unreadable(f"{_named(source)} may not be read: permission denied") from None
    except Exception as error:  # Pillow's readers raise anything on damaged bytes
        raise Unreadable(f"{_named(source)} is {_what_instead(source, error)}") from error


def _load(image: Image.Image, source: Source) -> None:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    most = size * _MOST_PIXELS * (8 if image.mode == "1" else 1)
    if image.width * image.height > max(most, _SMALL_PIXELS):
        what = f"{size} bytes cannot hold {image.width}×{image.height} pixels"
        raise Unreadable(f"{_named(source)} is damaged or cut off: {what}", _AGAIN)
    try:
        image.load()
    except Exception as error:  # Pillow's readers raise anything on damaged bytes
        what = f"{_named(source)} is damaged or cut off ({error})"
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


def _header(image: Image.Image, source: Source) -> ImageHeader:
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


def _sixteen_bit_photo(image: Image.Image) -> npt.NDArray[np.uint8]:
    """16-bit and float photos are scaled by their type's range, not clipped to black or white."""
    values = np.asarray(image, dtype=np.float64)
    top = 65535.0 if image.mode.startswith("I") else max(1.0, float(values.max(initial=0)))
    gray = np.clip(values / top * 255.0, 0, 255).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)
