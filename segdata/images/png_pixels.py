"""The pixels of PNG files, faster than by Pillow where the outcome is sure to be the same.

The file is taken apart here: its chunks lie inside it and have the right checksums, the pixels'
stream inflates (with zlib-ng) to exactly the size that the header asks for and
has the right checksum too. The filters of the rows are then undone by numpy, or by OpenCV, which
gets nothing but what was checked: it can neither fail nor complain. Everything else is left to
Pillow: other decoders pass over damage that Pillow refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segdata.images import deflate
from segdata.images.deflate import DEFLATE, Doubtful, Inflater
from segdata.images.opening import PNG_GRAY, PNG_GRAY_ALPHA, PNG_PALETTE, PNG_RGB, PNG_RGBA
from segdata.images.png import (
    FILTER_NONE,
    FILTER_PAETH,
    FILTER_SUB,
    FILTER_UP,
    PngPlan,
    chunk,
    take_apart,
    write_png,
)

# Rows are worked on in bands that stay in the second-level cache: fresh memory costs more than
# what is done with it.
_BAND_BYTES = 1 << 18


def read_pixels(data: bytes) -> npt.NDArray[Any] | None:
    """The pixels of a PNG as they are stored.

    Returns:
        ``uint8 H×W`` (grey levels, palette indices), ``uint8 H×W×C`` or ``uint16 H×W``, equal to
        what Pillow decodes; None where Pillow must decide.
    """
    plan = take_apart(data) if deflate.FAST else None
    if plan is None:
        return None
    rows = np.empty((plan.height, plan.row_bytes), np.uint8)
    above, top = np.zeros(plan.row_bytes, np.uint8), 0
    try:
        for band in _bands(plan):
            part = rows[top : top + len(band)]
            _undo_filters(band, above, plan, part)
            above, top = part[-1], top + len(band)
    except Doubtful:
        return None
    return plan.typed(rows)


def _bands(plan: PngPlan) -> Iterator[npt.NDArray[np.uint8]]:
    """``uint8 h×(1 + bytes of a row)``: rows with their filters, a cacheful at a time.

    Raises:
        Doubtful: the stream does not hold just these rows.
    """
    stream, stride = Inflater(plan.stream), 1 + plan.row_bytes
    step = max(1, _BAND_BYTES // stride)
    for top in range(0, plan.height, step):
        count = min(step, plan.height - top)
        yield np.frombuffer(stream.take(count * stride), np.uint8).reshape(count, stride)
    stream.check_end()


def _undo_filters(
    band: npt.NDArray[np.uint8],
    above: npt.NDArray[np.uint8],
    plan: PngPlan,
    out: npt.NDArray[np.uint8],
) -> None:
    """Turn rows with filters into rows of pixels (PNG specification, 9.2).

    Args:
        band: ``uint8 h×(1 + bytes of a row)``.
        above: the row of pixels above the band.
        out: ``uint8 h×bytes of a row``.
    """
    kinds = band[:, 0]
    if kinds.max() > FILTER_PAETH:
        raise Doubtful
    # Labels repeat rows: a row of zeros is the one above it.
    new = ((kinds != FILTER_UP) & (kinds != FILTER_PAETH)) | band[:, 1:].any(axis=1)
    rows = band if new.all() else band[new]
    by_opencv = rows[:, 0].max(initial=FILTER_NONE) > FILTER_UP
    found = _by_opencv(rows, above, plan) if by_opencv else _by_numpy(rows, above, plan)
    np.take(found, np.cumsum(new), axis=0, out=out, mode="clip")


def _by_numpy(
    rows: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], plan: PngPlan
) -> npt.NDArray[np.uint8]:
    """The row above, and rows of pixels: what Sub and Up have subtracted is added, modulo 256."""
    out = np.concatenate([above[None], rows[:, 1:]])
    if (rows[:, 0] == FILTER_UP).all():
        # So are the labels that segdata writes; one call is a third faster than one per row.
        return np.add.accumulate(out, axis=0, dtype=np.uint8, out=out)
    sub = 1 + np.flatnonzero(rows[:, 0] == FILTER_SUB)
    if len(sub):
        pixels = out[sub].reshape(len(sub), -1, plan.pixel_bytes)
        out[sub] = np.add.accumulate(pixels, axis=1, dtype=np.uint8).reshape(len(sub), -1)
    for row in 1 + np.flatnonzero(rows[:, 0] == FILTER_UP):
        np.add(out[row], out[row - 1], out=out[row])
    return out


def _by_opencv(
    rows: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], plan: PngPlan
) -> npt.NDArray[np.uint8]:
    """The same, undone by libpng; the rows were inflated and checked here."""
    # Indices are decoded as if they were grey levels: libpng leaves those alone.
    stored = PNG_GRAY if plan.color_type == PNG_PALETTE else plan.color_type
    stream = b"".join((bytes([FILTER_NONE]), above.data, rows.data))
    pixels = chunk(b"IDAT", DEFLATE.compress(stream, 0))
    png = write_png(plan.width, 1 + len(rows), plan.depth, stored, pixels)
    how = cv2.IMREAD_COLOR_RGB if stored == PNG_RGB else cv2.IMREAD_UNCHANGED
    try:
        found = cv2.imdecode(np.frombuffer(png, np.uint8), how)
    except cv2.error:  # a wider picture than OpenCV is set to decode
        found = None
    if found is None:
        raise Doubtful
    if stored == PNG_RGBA:
        found = cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA)
    if stored == PNG_GRAY_ALPHA:
        found = found[..., [0, 3]]
    if plan.depth == 16:
        found = found.astype(">u2").view(np.uint8)
    return np.asarray(found.reshape(1 + len(rows), -1), np.uint8)
