"""Deflate: zlib-ng, or zlib on machines that it has no wheel for."""

from __future__ import annotations

import zlib
from typing import Any, Protocol, cast

# Deflate packs 1032:1 at most (zlib, technical details, "Maximum expansion factor").
DEFLATE_RATIO = 1032

# The stream is fed in pieces: what is left of one is copied each time that it is taken up again.
_PIECE_BYTES = 1 << 16


class Deflate(Protocol):
    """What is used of zlib and of zlib-ng."""

    Z_DEFAULT_STRATEGY: int
    Z_RLE: int

    @property
    def error(self) -> type[Exception]: ...

    def compressobj(
        self, level: int, method: int, wbits: int, mem_level: int, strategy: int, /
    ) -> Any: ...

    def decompressobj(self) -> Any: ...

    def compress(self, data: bytes, level: int, /) -> bytes: ...

    def crc32(self, data: Any, value: int = 0, /) -> int: ...


def _zlib_ng() -> Deflate | None:
    try:
        from zlib_ng import zlib_ng
    except ImportError:
        return None
    return cast(Deflate, zlib_ng)


FAST: Deflate | None = _zlib_ng()
_SLOW: Deflate = zlib
DEFLATE = FAST or _SLOW


class Doubtful(Exception):
    """Something is not as it is in a sound and common file."""


class Inflater:
    """A stream that is inflated by and by, without holding more than is asked for."""

    def __init__(self, stream: bytes) -> None:
        self._stream = memoryview(stream)
        self._at = 0
        self._left: Any = b""
        self._inflater = DEFLATE.decompressobj()

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes.

        Raises:
            Doubtful: the stream is damaged or too short.
        """
        parts = []
        while size:
            parts.append(self._inflate(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def check_end(self) -> None:
        """Make sure that nothing is left and the checksum is right.

        Raises:
            Doubtful: it is not so.
        """
        while not self._inflater.eof:
            # Asking for one more byte makes it read on to the checksum.
            if self._inflate(1):
                raise Doubtful
        if self._inflater.unused_data or self._at < len(self._stream):
            raise Doubtful

    def _inflate(self, most: int) -> bytes:
        piece = self._left or self._stream[self._at : self._at + _PIECE_BYTES]
        if not piece or self._inflater.eof:
            raise Doubtful
        if piece is not self._left:
            self._at += len(piece)
        try:
            out: bytes = self._inflater.decompress(piece, most)
        except DEFLATE.error as error:
            raise Doubtful from error
        self._left = self._inflater.unconsumed_tail
        return out
