"""Image files of a folder by key: the path below the folder, without the suffix."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segdata.images import IMAGE_SUFFIXES

# Where a label lies beside a preview of itself, the one that keeps ids counts.
LABEL_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".webp", ".jpg", ".jpeg")


class FileIndex(Mapping[str, Path]):
    """Files by key, in order; a name of each is kept, and its path is made when it is asked for.

    Args:
        folder: where they lie.
        names: their places below it, by key.
        doubles: places of further files with a key that another has, by key.
        outside: places of links that lead out of where files may be; they are in no other table.
    """

    def __init__(
        self,
        folder: Path,
        names: Mapping[str, str],
        doubles: Mapping[str, tuple[str, ...]],
        outside: Mapping[str, str],
    ) -> None:
        self.folder, self.doubles, self.outside = folder, doubles, outside
        self._names = names

    def __getitem__(self, key: str) -> Path:
        return self.folder / self._names[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, key: object) -> bool:
        return key in self._names


@dataclass(frozen=True)
class FoundFile:
    """A file below a folder.

    Args:
        place: below the folder, as a posix path.
        is_link: it is a symbolic link.
    """

    place: str
    is_link: bool


def walk(folder: Path) -> Iterator[FoundFile]:
    """All files below a folder but hidden ones, in order.

    Links to folders are not followed, so nothing outside is reached.
    """
    waiting = [""]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(folder / place) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        folders = []
        for entry in listed:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{place}{entry.name}/")
            elif not (entry.is_symlink() and entry.is_dir()):
                yield FoundFile(place + entry.name, entry.is_symlink())
        waiting += reversed(folders)


def index_files(
    folder: Path,
    suffix: str | None = None,
    *,
    within: Path | None = None,
    order: Sequence[str] = IMAGE_SUFFIXES,
) -> FileIndex:
    """The image files below a folder, sorted by key.

    Args:
        suffix: how names end, such as ``_mask.png``; None takes every image suffix.
        within: links must lead to files below this folder; None follows every link to a file.
        order: of several files with one key the one whose suffix comes first here counts.
    """
    names: dict[str, str] = {}
    doubles: dict[str, tuple[str, ...]] = {}
    outside: dict[str, str] = {}
    root = within.resolve() if within else None
    for file in walk(folder):
        key = key_of(file.place, suffix)
        if key is None:
            continue
        if file.is_link and root and not (folder / file.place).resolve().is_relative_to(root):
            outside[key] = file.place
        elif key in names:
            first, other = sorted((names[key], file.place), key=lambda place: _rank(place, order))
            names[key], doubles[key] = first, (*doubles.get(key, ()), other)
        else:
            names[key] = file.place
    return FileIndex(folder, dict(sorted(names.items())), doubles, outside)


def _rank(place: str, order: Sequence[str]) -> int:
    suffix = PurePosixPath(place).suffix.lower()
    return order.index(suffix) if suffix in order else len(order)


def key_of(place: str, suffix: str | None = None) -> str | None:
    """The key of a file at a place below its folder; None where it is no image of that suffix."""
    if suffix is not None:
        return place.removesuffix(suffix) if PurePosixPath(place).name.endswith(suffix) else None
    bare = without_suffix(place)
    return bare if bare != place else None


def without_suffix(entry: str) -> str:
    """A name without the suffix of an image format, if it has one."""
    stem, dot, ending = entry.rpartition(".")
    return stem if dot and f".{ending.lower()}" in IMAGE_SUFFIXES else entry
