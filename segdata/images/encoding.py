"""Images to bytes: labels without loss, photos as PNG or JPEG."""

from __future__ import annotations

import io
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image

from segdata.classes import Label
from segdata.images.deflate import DEFLATE
from segdata.images.opening import PNG_GRAY, PNG_PALETTE
from segdata.images.png import FILTER_NONE, FILTER_UP, chunk, write_png

# Bytes of rows that are filtered and packed at a time: they stay in the second-level cache.
_BAND_BYTES = 1 << 18
# zlib's default, and its largest state: labels pack a few percent smaller with it.
_LEVEL, _MEMORY = 6, 9
# Above a byte for this many pixels a label is searched for repetitions. That takes five times as
# long and saves a tenth; where a palette takes its 768 bytes, it is sought earlier.
_BUSY, _BUSY_WITH_PALETTE = 16, 64


def encode_label(label: Label, palette: npt.NDArray[np.uint8] | None = None) -> bytes:
    """A label as PNG: 8-bit grey, 16-bit grey, or 8-bit with a palette.

    What changes from row to row is stored run by run (filter Up, strategy RLE). A busy label is
    also packed as it is with a search for repetitions (filter None, level 6), and the smaller one
    is kept. Both are smaller and faster than Pillow's default on real labels of any size.

    Args:
        label: ``uint8 or uint16 H×W, class ids``.
        palette: ``uint8 N×3``; the file then looks like its colors and still carries ids. It is not
            used for 16-bit labels.
    """
    height, width = label.shape
    wide = label.dtype == np.uint16
    rows = np.ascontiguousarray(label, ">u2" if wide else np.uint8).view(np.uint8)
    pixels = _packed(rows, FILTER_UP, DEFLATE.Z_RLE)
    if len(pixels) * (_BUSY if palette is None else _BUSY_WITH_PALETTE) > label.size:
        pixels = min(pixels, _packed(rows, FILTER_NONE, DEFLATE.Z_DEFAULT_STRATEGY), key=len)
    chunks = [chunk(b"IDAT", pixels)]
    if palette is None or wide:
        return write_png(width, height, 16 if wide else 8, PNG_GRAY, *chunks)
    chunks.insert(0, chunk(b"PLTE", _entries(palette, label)))
    return write_png(width, height, 8, PNG_PALETTE, *chunks)


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


def _packed(rows: npt.NDArray[np.uint8], kind: int, strategy: int) -> bytes:
    """The stream of a PNG's pixels, every row with the same filter."""
    packer = DEFLATE.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, _MEMORY, strategy)
    height, width = rows.shape
    step = max(1, _BAND_BYTES // (1 + width))
    band = np.empty((min(step, height), 1 + width), np.uint8)
    band[:, 0] = kind
    parts = []
    for top in range(0, height, step):
        lines = rows[top : top + step]
        part = band[: len(lines)]
        part[:, 1:] = lines
        if kind == FILTER_UP:
            part[1:, 1:] -= lines[:-1]
            if top:
                part[0, 1:] -= rows[top - 1]
        parts.append(packer.compress(part))
    return b"".join((*parts, packer.flush()))


def _entries(palette: npt.NDArray[np.uint8], label: Label) -> bytes:
    """The palette's first 256 colors, and black for every id that it lacks."""
    colors = np.zeros((max(len(palette[:256]), int(label.max()) + 1), 3), np.uint8)
    colors[: len(palette)] = palette[: len(colors)]
    return colors.tobytes()
