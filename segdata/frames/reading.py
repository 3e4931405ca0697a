"""Decoding photos and frames one after the other, ahead of who uses them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from segdata.frames.sources import Source
from segdata.frames.videos import video_frames
from segdata.images import Unreadable, read_photo

T = TypeVar("T")
Photo = npt.NDArray[np.uint8]

# Pictures that are decoded while the network works on one; more would only take memory.
_AHEAD = 2


@dataclass(frozen=True, eq=False)
class Frame:
    """A photo, or one frame of a video.

    Args:
        key: the name of its result, as a posix path without suffix.
        image: ``uint8 H×W×3, RGB``, upright; None where it was not wanted.
    """

    key: str
    image: Photo | None


@dataclass(frozen=True)
class Damaged:
    """A file that could not be read, or not to its end, and why."""

    name: str
    reason: str


def read_frames(
    sources: Iterable[Source], wanted: Callable[[Source, str], bool]
) -> Iterator[Frame | Damaged]:
    """Decode pictures in order; what cannot be read is told and does not stop the others.

    Args:
        wanted: whether the picture of a source with this key is needed.
    """
    for source in sources:
        try:
            yield from _frames(source, wanted)
        except Unreadable as error:
            yield Damaged(source.name, error.message)


def read_ahead(items: Iterable[T]) -> Iterator[T]:
    """The items, made in a thread while those before them are used."""
    iterator = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="segdata-frames") as pool:
        waiting: deque[Future[tuple[T, ...]]] = deque()
        for _ in range(_AHEAD):
            waiting.append(pool.submit(_next, iterator))
        while item := waiting.popleft().result():
            waiting.append(pool.submit(_next, iterator))
            yield item[0]


def _next(iterator: Iterator[T]) -> tuple[T, ...]:
    """The next item alone, or nothing: a StopIteration cannot leave a thread."""
    return next(((item,) for item in iterator), ())


def _frames(source: Source, wanted: Callable[[Source, str], bool]) -> Iterator[Frame]:
    if isinstance(source.file, str) and source.is_video:
        keys = f"{source.key}/{{:06d}}"
        frames = video_frames(Path(source.file), lambda n: wanted(source, keys.format(n)))
        yield from (Frame(keys.format(number), image) for number, image in frames)
        return
    file = source.file if isinstance(source.file, bytes) else Path(source.file)
    needed = wanted(source, source.key)
    yield Frame(source.key, read_photo(file, upright=True) if needed else None)
