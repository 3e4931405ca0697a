"""Colors from the pixels of a color mask, exactly as the file stores them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImagePalette

from segdata.images.decoding import rgb_of, stored_pixels
from segdata.images.headers import header_of
from segdata.images.ids import NoIds, refuse_lossy
from segdata.images.opening import PNG_PALETTE, Opened, Source, opened, png_color_type

_SIXTEEN = 16
# A byte written twice is a multiple of it.
_TWICE = 0x101

Palette = npt.NDArray[np.uint8]


def read_colors(source: Source) -> npt.NDArray[np.uint8]:
    """Decode a color mask: the colors as they are stored, a palette's for its indices.

    Alpha is dropped. Color profiles and gamma are not applied.

    Returns:
        ``uint8 H×W×3, RGB``.

    Raises:
        Unreadable: it is no image, or it is cut off.
        NoIds: it is lossy, or its colors do not fit 8 bits.
    """
    with opened(source) as file:
        refuse_lossy(file.name, header_of(file).format)
        _refuse_sixteen_bits(file)
        found = _palette_png(file)
        return rgb_of(file) if found is None else _look_up(*found)


def read_palette(source: Source) -> tuple[npt.NDArray[np.uint8], Palette] | None:
    """Decode a palette PNG to its indices and their colors.

    For :meth:`segdata.classes.ClassMap.palette_to_ids`, which then looks at the colors of 256
    entries instead of those of every pixel.

    Returns:
        ``uint8 H×W`` and ``uint8 256×3, RGB``; None where the file is no palette PNG.

    Raises:
        Unreadable: it is no image, or it is cut off.
    """
    if png_color_type(source) != PNG_PALETTE:
        return None
    with opened(source) as file:
        return _palette_png(file)


def _refuse_sixteen_bits(file: Opened) -> None:
    """Of 16 bits only the high byte is read; where the low one says more, a color becomes another.

    Programs that stretch 8 bits to 16 write each byte twice.
    """
    if file.bit_depth != _SIXTEEN or file.image.mode not in ("RGB", "RGBA"):
        return
    file.check_size()
    try:
        stored = cv2.imdecode(np.frombuffer(file.content(), np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # a larger picture than OpenCV is set to decode
        stored = None
    if stored is None or (stored[..., :3] % _TWICE).any():
        raise NoIds(
            f"{file.name} has colors of 16 bits a channel that do not fit 8",
            "export the masks with 8 bits a channel",
        )


def _palette_png(file: Opened) -> tuple[npt.NDArray[np.uint8], Palette] | None:
    if file.png_color_type != PNG_PALETTE:
        return None
    palette = _colors_of(file.image)
    return stored_pixels(file), palette


def _colors_of(image: Image.Image) -> Palette:
    """The color that Pillow gives each index, also those that the palette has no entry for."""
    strip = Image.frombytes("P", (256, 1), bytes(range(256)))
    if image.palette is not None:
        strip.palette = ImagePalette.raw(image.palette.rawmode or "RGB", image.palette.palette)
    colors: Palette = np.asarray(strip.convert("RGB"))[0]
    return colors


def _look_up(indices: npt.NDArray[np.uint8], palette: Palette) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.LUT(cv2.merge([indices] * 3), palette[None]), np.uint8)
