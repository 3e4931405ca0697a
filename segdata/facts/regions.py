"""Connected regions of equal value in a label, and the tiny ones that lie inside another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import Label

# The largest window that is looked at: the regions of 4 Mpixel take 80 MB while they are found.
_WINDOW = 2048
# A speck is at most a ten-thousandth of the picture, and 4 pixels in a small one: 17 pixels of
# 480×360.
_SPECK_SHARE, _SPECK_PIXELS = 1e-4, 4
# Of so many specks of a label, the smallest, the first of its kind is located.
_LOCATED = 64
# Areas are counted by their bits: 1, 2-3, 4-7, ...
BITS = 32
# Values and bits are packed into one number to be counted together.
_KEY_BITS, _KEY = 16, 0xFFFF


@dataclass(frozen=True, slots=True)
class Speck:
    """A tiny region whose neighbors all have one other value.

    Args:
        value: its own.
        around: its neighbors'.
        area: pixels.
        x: column of its first pixel.
        y: row of it.
    """

    value: int
    around: int
    area: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a label.

    Args:
        sizes: for each value the regions by the bits of their area.
        specks: for each value and the value around it, likewise for the tiny ones.
        located: a small one of each kind.
    """

    sizes: tuple[tuple[int, tuple[int, ...]], ...]
    specks: tuple[tuple[int, int, tuple[int, ...]], ...]
    located: tuple[Speck, ...]


def find_regions(label: Label) -> Regions:
    """Find the regions of ``uint8 or uint16 H×W``; of a large label, of a window in its middle.

    Four neighbors are connected. The time does not depend on the number of values: links between
    equal neighbors are pixels of a picture of twice the size, whose regions are found at once.
    """
    height, width = label.shape
    top, left = max(0, height - _WINDOW) // 2, max(0, width - _WINDOW) // 2
    window = np.ascontiguousarray(label[top : top + _WINDOW, left : left + _WINDOW])
    number, count = numbered_regions(window)
    areas = np.bincount(number.ravel(), minlength=count)
    values = np.zeros(count, np.int64)
    values[number.ravel()] = window.ravel()
    # Region 0 is what separates regions in the doubled picture, and has no pixel of the label.
    bits = np.floor(np.log2(np.maximum(areas, 1))).astype(np.int64)
    around = _around(window, number, count)
    limit = max(_SPECK_PIXELS, _SPECK_SHARE * label.size)
    tiny = np.flatnonzero((areas > 0) & (areas <= limit) & (around >= 0))
    located: dict[tuple[int, int], Speck] = {}
    for i in tiny[np.argsort(areas[tiny], kind="stable")][:_LOCATED]:
        key = int(values[i]), int(around[i])
        if key not in located:
            y, x = divmod(int(np.argmax(number == i)), window.shape[1])
            located[key] = Speck(*key, int(areas[i]), x + left, y + top)
    return Regions(
        tuple((key[0], sizes) for key, sizes in _by_bits(bits[1:], values[1:])),
        tuple((key[0], key[1], sizes) for key, sizes in _by_bits(bits[tiny], values[tiny],
                                                                 around[tiny])),
        tuple(located.values()),
    )  # fmt: skip


def numbered_regions(window: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.int32], int]:
    """Number the regions of equal value, four neighbors connected.

    Args:
        window: integers ``H×W``.

    Returns:
        ``int32 H×W``, the number of each pixel's region from 1 on, and one more than the last.
    """
    height, width = window.shape
    links = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)
    links[::2, ::2] = 1
    links[::2, 1::2] = window[:, 1:] == window[:, :-1]
    links[1::2, ::2] = window[1:] == window[:-1]
    count, numbered = cv2.connectedComponents(links, connectivity=4, ltype=cv2.CV_32S)
    return np.ascontiguousarray(numbered[::2, ::2], np.int32), count


def _around(window: Label, number: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int64]:
    """The one value around each region; -1 where there are several, or none."""
    least = np.full(count, np.iinfo(np.int64).max)
    most = np.full(count, -1, np.int64)
    for here, there in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[1:], np.s_[:-1]),
        (np.s_[:-1], np.s_[1:]),
    ):
        at = np.flatnonzero((window[here] != window[there]).ravel())
        regions = number[here].ravel()[at]
        values = window[there].ravel()[at].astype(np.int64)
        np.minimum.at(least, regions, values)
        np.maximum.at(most, regions, values)
    return np.where(least == most, most, -1)


def _by_bits(
    bits: npt.NDArray[np.int64], *keys: npt.NDArray[np.int64]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """How many regions there are of every key, by bits of their area."""
    packed = bits
    for place, key in enumerate(keys):
        packed = packed | key << (_KEY_BITS * (place + 1))
    found: dict[tuple[int, ...], list[int]] = {}
    for code, times in zip(
        *(a.tolist() for a in np.unique(packed, return_counts=True)), strict=True
    ):
        key_of = tuple(code >> (_KEY_BITS * (n + 1)) & _KEY for n in range(len(keys)))
        found.setdefault(key_of, [0] * BITS)[code & _KEY] += times
    return [(key_of, tuple(sizes)) for key_of, sizes in found.items()]
