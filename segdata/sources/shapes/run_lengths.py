"""Run lengths as the formats keep them, checked before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.images import Unreadable
from segdata.sources.shapes.pixels import Damaged, Mask, Runs, Size

_DAMAGED = "run lengths that are damaged"
_WRONG_SUM = "run lengths that do not fill their picture"

# COCO's text form (cocoapi, rleToString): six bits per character from "0" on, of which the fifth
# bit says that more follow; lengths of 32 bits take at most seven characters.
_FIRST, _MORE, _SIGN, _BITS, _MOST_CHARACTERS = 48, 0x20, 0x10, 5, 7


def coco_runs(segmentation: Mapping[str, Any], size: Size) -> Runs:
    """COCO's run lengths: a list of numbers, or their compressed text.

    Raises:
        Damaged: they are damaged.
        Unreadable: they are of a picture of another size.
    """
    if "size" in segmentation and segmentation["size"] != list(size):
        said = segmentation["size"]
        raise Unreadable(
            f"a mask was drawn on a picture of another size (height, width: {ascii(said)[:40]}, "
            f"while the photo has {list(size)})",
            "convert the photos that were labeled, in the size in which they were labeled",
        )
    counts = segmentation.get("counts")
    if isinstance(counts, str):
        if not counts.isascii():
            raise Damaged(_DAMAGED)
        lengths = counts_of_text(counts.encode("ascii"))
    else:
        lengths = _lengths(counts)
    return Runs(_filling(lengths, size[0] * size[1]), size)


def row_runs(counts: Any, size: Size) -> Mask:
    """Run lengths along the rows, the first one outside the shape, as ``bool h×w``.

    Args:
        size: of the mask; no larger than the picture.

    Raises:
        Damaged: they are damaged, or their sum is another.
    """
    lengths = _filling(_lengths(counts), size[0] * size[1])
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(size)


def counts_of_text(text: bytes) -> npt.NDArray[np.int64]:
    """COCO's compressed text as lengths of runs.

    Raises:
        Damaged: it is damaged.
    """
    codes = np.frombuffer(text, dtype=np.uint8).astype(np.int64) - _FIRST
    ends = np.flatnonzero((codes & _MORE) == 0)
    if not codes.size or codes.min() < 0 or codes.max() > 63 or codes[-1] & _MORE:
        raise Damaged(_DAMAGED)
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    if sizes.max() > _MOST_CHARACTERS:
        raise Damaged(_DAMAGED)
    place = np.arange(codes.size) - np.repeat(starts, sizes)
    values = np.add.reduceat((codes & (_MORE - 1)) << (_BITS * place), starts)
    values -= np.where(codes[ends] & _SIGN, np.int64(1) << (_BITS * sizes), 0)
    # From the fourth on, a length is kept as the difference to the one before the last.
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def _lengths(counts: Any) -> npt.NDArray[np.int64]:
    if not isinstance(counts, list) or not all(type(count) is int for count in counts):
        raise Damaged(_DAMAGED)
    try:
        return np.array(counts, dtype=np.int64)
    except OverflowError:
        raise Damaged(_DAMAGED) from None


def _filling(lengths: npt.NDArray[np.int64], pixels: int) -> npt.NDArray[np.int64]:
    """Lengths that are possible and whose sum is right; else they would write out of bounds."""
    if not lengths.size or lengths.min() < 0 or lengths.max() > pixels:
        raise Damaged(_DAMAGED)
    if int(lengths.sum()) != pixels:
        raise Damaged(_WRONG_SUM)
    return lengths


class _Bits:
    """Numbers of any width from a string of bits, the highest bit first."""

    def __init__(self, data: bytes) -> None:
        self._data = data + bytes(8)
        self._end = 8 * len(data)
        self._position = 0

    def number(self, width: int) -> int:
        start = self._take(width)
        window = int.from_bytes(self._data[start >> 3 : (start >> 3) + 8], "big")
        return window >> (64 - (start & 7) - width) & ((1 << width) - 1)

    def nonzero(self, count: int, width: int) -> Mask:
        """Which of the next numbers are not zero."""
        start = self._take(count * width)
        data = np.frombuffer(self._data[start >> 3 : (start + count * width + 7) >> 3], np.uint8)
        bits = np.unpackbits(data)[start & 7 :][: count * width]
        found: Mask = np.greater(bits.reshape(count, width).max(axis=1), 0)
        return found

    def _take(self, count: int) -> int:
        start = self._position
        self._position += count
        if self._position > self._end:
            raise Damaged("run lengths that end too early")
        return start


def brush_mask(data: bytes, size: Size) -> Mask:
    """Label Studio's brush: an RGBA picture, packed, of which the opacity is the mask.

    The packing is that of thi.ng's rle-pack: 32 bits for the number of values, 5 for their width
    less one, four times 4 for widths of counts less one; then for each run one bit (whether one
    value is repeated), 2 for which width its count has, the count less one, and the value or the
    values.

    Raises:
        Damaged: it is damaged, or of another size.
    """
    bits = _Bits(data)
    total, width = bits.number(32), bits.number(5) + 1
    widths = [bits.number(4) + 1 for _ in range(4)]
    if total != 4 * size[0] * size[1]:
        raise Damaged("brush strokes of another size than their picture")
    opaque = np.zeros(total // 4, dtype=np.bool_)
    first = 0
    while first < total:
        repeated = bits.number(1)
        last = min(first + 1 + bits.number(widths[bits.number(2)]), total)
        # Value 4 p + 3 is the opacity of pixel p.
        pixels = slice(first // 4, last // 4)
        if repeated:
            opaque[pixels] = bits.number(width) != 0
        else:
            opaque[pixels] = bits.nonzero(last - first, width)[3 - first % 4 :: 4]
        first = last
    return opaque.reshape(size)
