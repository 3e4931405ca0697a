"""PNG files of every form: any color type, bit depth, row filters, interlace and extra chunks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

MAGIC = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# PNG specification, table 11.1: bit depths of each color type.
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
FORMS = [(color, depth) for color, depths in DEPTHS.items() for depth in depths]
# PNG specification, 8.2: first column, first row and steps of Adam7's passes.
ADAM7 = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]


@dataclass(frozen=True)
class Form:
    """How a PNG is stored.

    Args:
        color, depth: IHDR's color type and bit depth.
        filters: of the rows, repeated.
        interlaced: Adam7.
        before, behind: extra chunks in front of and behind the pixels, already framed.
        pieces: IDAT chunks that the pixels are cut into.
    """

    color: int = 0
    depth: int = 8
    filters: Sequence[int] = (0,)
    interlaced: bool = False
    before: Sequence[bytes] = field(default=())
    behind: Sequence[bytes] = field(default=())
    pieces: int = 1


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def make_png(samples: npt.NDArray[np.integer], form: Form) -> bytes:
    """A PNG of ``H×W×C`` samples, each below ``2 ** depth``."""
    height, width = samples.shape[:2]
    passes = ADAM7 if form.interlaced else [(0, 0, 1, 1)]
    stream = zlib.compress(
        b"".join(_rows(samples[y::dy, x::dx], form) for x, y, dx, dy in passes), 6
    )
    step = -(-len(stream) // form.pieces)
    pixels = [chunk(b"IDAT", stream[at : at + step]) for at in range(0, len(stream), step)]
    return frame(width, height, form, [*form.before, *pixels, *form.behind])


def frame(width: int, height: int, form: Form, chunks: Iterable[bytes]) -> bytes:
    """A PNG of ready chunks; what they hold need not fit the header."""
    ihdr = struct.pack(
        ">IIBBBBB", width, height, form.depth, form.color, 0, 0, int(form.interlaced)
    )
    return b"".join((MAGIC, chunk(b"IHDR", ihdr), *chunks, chunk(b"IEND")))


def _rows(samples: npt.NDArray[np.integer], form: Form) -> bytes:
    if not samples.size:
        return b""
    step = max(1, CHANNELS[form.color] * form.depth // 8)
    packed = _packed(samples, form.depth)
    above = np.zeros(packed.shape[1], np.uint8)
    out = []
    for number, row in enumerate(packed):
        kind = form.filters[number % len(form.filters)]
        out.append(bytes([kind]) + _filtered(row, above, kind, step))
        above = row
    return b"".join(out)


def _packed(samples: npt.NDArray[np.integer], depth: int) -> npt.NDArray[np.uint8]:
    rows = samples.reshape(len(samples), -1)
    if depth == 16:
        return rows.astype(">u2").view(np.uint8).reshape(len(rows), -1)
    bits = np.unpackbits(rows.astype(np.uint8)[..., None], axis=2)[..., 8 - depth :]
    return np.packbits(bits.reshape(len(rows), -1), axis=1)


def _filtered(
    row: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], kind: int, step: int
) -> bytes:
    """PNG specification, 9.2: filter type applied to one row."""
    left = np.concatenate([np.zeros(step, int), row[:-step]])[: len(row)].astype(int)
    corner = np.concatenate([np.zeros(step, int), above[:-step]])[: len(row)].astype(int)
    up = above.astype(int)
    guess = left + up - corner
    far = np.stack([abs(guess - left), abs(guess - up), abs(guess - corner)])
    paeth = np.choose(far.argmin(axis=0), [left, up, corner])
    predicted = [np.zeros(len(row), int), left, up, (left + up) // 2, paeth][kind]
    return ((row.astype(int) - predicted) % 256).astype(np.uint8).tobytes()


def damaged(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Copies with bytes changed, cut or doubled; half of the PNGs with right checksums again."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        copy = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            copy[rng.integers(8, len(copy))] = rng.integers(0, 256)
        if number % 3 == 0:
            at = int(rng.integers(8, len(copy)))
            copy[at:at] = copy[at : at + int(rng.integers(1, 40))]
        if number % 5 == 0:
            del copy[int(rng.integers(8, len(copy))) :]
        yield mended(bytes(copy)) if number % 2 and data.startswith(MAGIC) else bytes(copy)


def mended(data: bytes) -> bytes:
    """The same chunks with right checksums, so that damage behind them is reached."""
    out, at = [MAGIC], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            break
        out.append(chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return b"".join(out)
