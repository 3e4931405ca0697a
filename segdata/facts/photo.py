"""The facts of one photo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.images import ImageHeader, NoIds, Unreadable, glance


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file cannot be used.

    Kinds: ``unreadable``; for labels also those of :class:`~segdata.images.NoIds`: ``color``,
    ``alpha``, ``lossy``, ``mode``.
    """

    kind: str
    message: str
    remedy: str = ""

    @classmethod
    def of(cls, error: OSError | Unreadable | NoIds, kind: str) -> Problem:
        if isinstance(error, OSError):
            return cls(kind, f"the file cannot be read: {error.strerror or error}")
        return cls(kind, error.message, error.remedy)


# A viewer shows nothing of a photo without a brighter spot (fault catalogue, T19).
_DARK = 16


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """The facts of a photo; ``header`` is None where the file is no image.

    Args:
        levels: the darkest and the brightest grey, 0 to 255, of the photo made small.
    """

    path: str
    header: ImageHeader | None
    problem: Problem | None
    sha256: str = ""
    levels: tuple[int, int] = (0, 255)

    @property
    def shows_nothing(self) -> bool:
        """Black throughout, or one grey."""
        return self.levels[1] < _DARK or self.levels[0] == self.levels[1]


@dataclass(frozen=True, slots=True)
class SeenPhoto:
    """A photo while its pair is looked at: the file's bytes and a small grey picture of it.

    Args:
        data: the file.
        glance: ``uint8 h×w``, grey; the photo at about an eighth of its size.
    """

    data: bytes
    glance: npt.NDArray[np.uint8]


def gather_photo(path: Path, data: bytes | None) -> tuple[PhotoFacts, SeenPhoto | None]:
    """Look at a photo: its header, and whether it can be decoded to its end."""
    try:
        data = path.read_bytes() if data is None else data
        header, small = glance(data)
    except (OSError, Unreadable) as error:
        return PhotoFacts(str(path), None, Problem.of(error, "unreadable")), None
    levels = int(small.min(initial=255)), int(small.max(initial=0))
    facts = PhotoFacts(str(path), header, None, hashlib.sha256(data).hexdigest(), levels)
    return facts, SeenPhoto(data, small)
