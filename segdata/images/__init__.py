"""The only decoder and encoder of image files.

Photos become ``uint8 H×W×3, RGB``; labels become ``uint8 or uint16 H×W, class ids``. A label file
whose pixels cannot be class ids is refused with the reason; nothing is guessed.
"""

from segdata.images.colors import read_colors, read_palette
from segdata.images.decoding import Stored, check_whole, glance, read_photo, read_stored
from segdata.images.encoding import encode_label, encode_photo
from segdata.images.headers import ImageHeader, read_header
from segdata.images.ids import LOSSY_FORMATS, NoIds, ids_of, read_label
from segdata.images.opening import (
    IMAGE_SUFFIXES,
    PNG_GRAY,
    PNG_GRAY_ALPHA,
    PNG_PALETTE,
    PNG_RGB,
    PNG_RGBA,
    Source,
    Unreadable,
)

__all__ = [
    "IMAGE_SUFFIXES",
    "LOSSY_FORMATS",
    "PNG_GRAY",
    "PNG_GRAY_ALPHA",
    "PNG_PALETTE",
    "PNG_RGB",
    "PNG_RGBA",
    "ImageHeader",
    "NoIds",
    "Source",
    "Stored",
    "Unreadable",
    "check_whole",
    "encode_label",
    "encode_photo",
    "glance",
    "ids_of",
    "read_colors",
    "read_header",
    "read_label",
    "read_palette",
    "read_photo",
    "read_stored",
]
