"""The names of results: no two files get one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segdata.errors import UserError
from segdata.file_index import without_suffix
from segdata.frames.videos import is_video


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, and the folder that its name is seen from."""

    base: str
    path: str

    @property
    def folder(self) -> str:
        """Where it lies."""
        return str(Path(self.path).absolute().parent)


def keys_of(files: Sequence[FoundFile]) -> tuple[list[str], list[str]]:
    """A key for each file: a posix path without suffix, where that is the name of one only.

    Returns:
        The keys, and those among them that keep a suffix.

    Raises:
        UserError: there is no such key.
    """
    places = _places(files)
    keys = [_bare(place) for place in places]
    times = Counter(keys)
    # A video's key is a folder, in which no photo's result may lie.
    above = {str(folder) for key in keys for folder in PurePosixPath(key).parents}
    kept = []
    for index, (place, key) in enumerate(zip(places, keys, strict=True)):
        if times[key] > 1 or (is_video(place) and key in above):
            keys[index] = place
            kept.append(place)
    alike, count = Counter(keys).most_common(1)[0]
    if count > 1:
        raise UserError(
            f"{count} of these files would have the result {result_of(alike)}",
            "predict them one after the other, each into another --out",
        )
    return keys, kept


def result_of(key: str) -> str:
    """The result of a key that keeps its suffix: of a video a folder."""
    return f"{key}/" if is_video(key) else f"{key}.png"


def _places(files: Sequence[FoundFile]) -> list[str]:
    """Names below the folder that each was named by; if two are alike, below the common one."""
    places = [os.path.relpath(file.path, file.base) for file in files]
    if len(set(places)) < len(places):
        common = os.path.commonpath([file.folder for file in files])
        places = [os.path.relpath(file.path, common) for file in files]
    return [Path(place).as_posix() for place in places]


def _bare(place: str) -> str:
    return place.rpartition(".")[0] if is_video(place) else without_suffix(place)
