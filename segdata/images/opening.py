"""Opening image files, and refusing those that are none, are cut off or ask for too much memory."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin

from segdata.errors import UserError
from segdata.images.deflate import DEFLATE_RATIO

Source = Path | bytes

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# PNG specification, IHDR: color types, and the samples of a pixel.
PNG_GRAY, PNG_RGB, PNG_PALETTE, PNG_GRAY_ALPHA, PNG_RGBA = 0, 2, 3, 4, 6
PNG_CHANNELS = {PNG_GRAY: 1, PNG_RGB: 3, PNG_PALETTE: 1, PNG_GRAY_ALPHA: 2, PNG_RGBA: 4}
# Signature, length and kind of the first chunk, width, height and bit depth stand before it.
_COLOR_TYPE_AT = 25

# TIFF 6.0: the tag; and the modes in which Pillow leaves values of a TIFF as they are.
_BITS_PER_SAMPLE = 258
_DEPTH_OF_THEIR_OWN = ("1", "I", "F")

# Of Pillow's readers those of formats that photos and labels come in; others start programs (EPS).
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM")
_AGAIN = "fetch or export the file again"
# 1 Gpixel: past any camera, below what would exhaust the memory of a small machine.
Image.MAX_IMAGE_PIXELS = 1 << 30
# What Pillow may take for a picture: with the copies that are made of it 1 GB. Larger pictures must
# have a byte for every 64 pixels: real photos have more, what a few bytes blow up to has less.
_MOST_MEMORY = 1 << 29
_LARGE_PIXELS_PER_BYTE = 64
# Bytes that Pillow takes for a pixel, where not four.
_MEMORY_OF = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
# What a byte of file can hold at most: LZW with 12-bit codes packs about 2700:1, a byte holds eight
# 1-bit pixels; JPEG takes at least a bit for a block of 64 pixels. Small pictures are let through.
_MOST_PIXELS = 2700
_MOST_JPEG_PIXELS = 512
_SMALL_PIXELS = 1 << 24
# Metadata of some editors exceeds Pillow's default; it is skipped, not refused.
PngImagePlugin.MAX_TEXT_CHUNK = 1 << 26
# What Pillow warns of (large pictures, broken metadata) is refused here, or harms no pixel. One
# filter for all: to catch warnings for a while is not safe where threads read files.
warnings.filterwarnings("ignore", module=r"PIL\.")


class Unreadable(UserError):
    """A file that is no image, or no whole one."""


@dataclass(frozen=True)
class Opened:
    """A file whose header Pillow has read; its pixels are not decoded yet.

    Args:
        name: the file, for messages.
        image: Pillow's reader of it.
        stream: the file.
    """

    name: str
    image: Image.Image
    stream: BinaryIO

    def content(self) -> bytes:
        """The whole file."""
        place = self.stream.tell()
        self.stream.seek(0)
        data = self.stream.read()
        self.stream.seek(place)
        return data

    @cached_property
    def head(self) -> bytes:
        """The first bytes: a PNG's signature and IHDR."""
        return _head(self.stream)

    @property
    def bit_depth(self) -> int:
        """Bits per channel as stored: IHDR's of a PNG, those of a TIFF that Pillow turns into 8;
        else 8 or 16."""
        if self.image.format == "PNG":
            return self.head[_COLOR_TYPE_AT - 1]
        if (
            isinstance(self.image, TiffImagePlugin.TiffImageFile)
            and self.image.mode not in _DEPTH_OF_THEIR_OWN
        ):
            return int(np.max(self.image.tag_v2.get(_BITS_PER_SAMPLE, 8)))
        return 16 if self.image.mode.startswith("I;16") else 8

    @property
    def png_color_type(self) -> int | None:
        """IHDR's color type; None for other formats."""
        return self.head[_COLOR_TYPE_AT] if self.image.format == "PNG" else None

    def check_size(self) -> None:
        """Refuse what the file cannot hold, before memory is asked for.

        Raises:
            Unreadable: the header asks for more pixels than the file can hold, or than are read.
        """
        place = self.stream.tell()
        size = self.stream.seek(0, io.SEEK_END)
        self.stream.seek(place)
        width, height = self.image.size
        pixels = width * height
        if pixels > max(size * self._pixels_per_byte(), _SMALL_PIXELS):
            what = f"{size} bytes cannot hold {width}×{height} pixels"
            raise Unreadable(f"{self.name} is damaged or cut off: {what}", _AGAIN)
        memory = pixels * _MEMORY_OF.get(self.image.mode, 4)
        if memory > _MOST_MEMORY and pixels > size * _LARGE_PIXELS_PER_BYTE:
            what = f"{self.name} has {width}×{height} pixels in {size} bytes"
            raise Unreadable(f"{what}: too large to decode in one piece", "cut it into tiles")

    def load(self) -> None:
        """Let Pillow decode the pixels.

        Raises:
            Unreadable: the file is damaged or cut off.
        """
        self.check_size()
        if self.image.format == "PNG" and not _has_sound_pixels(self.content()):
            what = "the checksum of its pixels is wrong"
            raise Unreadable(f"{self.name} is damaged ({what})", _AGAIN)
        try:
            self.image.load()
        except Exception as error:  # Pillow's readers raise anything on damaged bytes
            raise Unreadable(f"{self.name} is damaged or cut off ({error})", _AGAIN) from error

    def _pixels_per_byte(self) -> int:
        if self.image.format in ("JPEG", "MPO"):
            return _MOST_JPEG_PIXELS
        if self.png_color_type is None:
            return _MOST_PIXELS * (8 if self.image.mode == "1" else 1)
        bits = self.bit_depth * PNG_CHANNELS.get(self.png_color_type, 1)
        return DEFLATE_RATIO * 8 // max(1, bits)


def _has_sound_pixels(data: bytes) -> bool:
    """Whether a PNG's IDAT chunks have their checksums, which Pillow does not look at.

    Without them a changed byte is another id. A chunk that is cut off is left to Pillow.
    """
    view, at = memoryview(data), len(PNG_MAGIC)
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(view[at : at + 4])
        stored = int.from_bytes(view[end : end + 4])
        whole = end + 4 <= len(data)
        if whole and data[at + 4 : at + 8] == b"IDAT" and crc32(view[at + 4 : end]) != stored:
            return False
        at = end + 4
    return True


@contextmanager
def opened(source: Source) -> Iterator[Opened]:
    """Open a file, or a file's bytes.

    Raises:
        Unreadable: it is no image; says what it is instead.
    """
    name = _named(source)
    with _stream(source, name) as stream:
        try:
            image = Image.open(stream, formats=_FORMATS)
        except Exception as error:  # Pillow's readers raise anything on damaged bytes
            what = _what_instead(_head(stream), error)
            raise Unreadable(f"{name} is {what}") from error
        with image:
            yield Opened(name, image, stream)


def png_color_type(source: Source) -> int | None:
    """IHDR's color type by a file's first bytes; None where it is no PNG.

    Raises:
        Unreadable: there is no such file, or it may not be read.
    """
    with _stream(source, _named(source)) as stream:
        head = _head(stream)
    whole = head.startswith(PNG_MAGIC) and len(head) > _COLOR_TYPE_AT
    return head[_COLOR_TYPE_AT] if whole else None


def _named(source: Source) -> str:
    return str(source) if isinstance(source, Path) else "the image"


def _stream(source: Source, name: str) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return source.open("rb")
    except IsADirectoryError:
        raise Unreadable(f"{name} is a folder, not an image") from None
    except FileNotFoundError:
        raise Unreadable(f"{name} does not exist") from None
    except PermissionError:
        if source.is_dir():  # so says Windows of a folder
            raise Unreadable(f"{name} is a folder, not an image") from None
        raise Unreadable(f"{name} may not be read: permission denied") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{name} cannot be read: {error}") from error


def _head(stream: BinaryIO) -> bytes:
    place = stream.tell()
    stream.seek(0)
    head = stream.read(64)
    stream.seek(place)
    return head


def _what_instead(head: bytes, error: Exception) -> str:
    """Say what a file is that is no image (fault catalogue, L27)."""
    if not head:
        return "empty"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the image itself: run git lfs pull"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "a web page, not an image"
    if head.startswith(PNG_MAGIC) or head.startswith(b"\xff\xd8"):
        return f"damaged or cut off ({error})"
    return "not an image"
