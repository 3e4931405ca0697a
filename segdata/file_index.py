"""Image files of a folder by key: the path below the folder, without the suffix."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from segdata.errors import UserError
from segdata.images import IMAGE_SUFFIXES

# Where a label lies beside a preview of itself, the one that keeps ids counts.
LABEL_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".webp", ".jpg", ".jpeg")


# What Linux and Windows keep in the topmost folder of a disk, and let nobody read.
_OF_THE_DISK = frozenset({"lost+found", "System Volume Information", "$RECYCLE.BIN"})


class FileIndex(Mapping[str, Path]):
    """Files by key, in order; the path of each is made when it is asked for: 100,000 paths would
    take 60 MB.

    Args:
        folder: where they lie.
        endings: what follows the key in their places below it, by key.
        doubles: places of further files with a key that another has, by key.
        outside: places of links that lead out of where files may be; they are in no other table.
    """

    def __init__(
        self,
        folder: Path,
        endings: Mapping[str, str],
        doubles: Mapping[str, tuple[str, ...]],
        outside: Mapping[str, str],
    ) -> None:
        self.folder, self.doubles, self.outside = folder, doubles, outside
        self._endings = endings

    def __getitem__(self, key: str) -> Path:
        return self.folder / (key + self._endings[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._endings)

    def __len__(self) -> int:
        return len(self._endings)

    def __contains__(self, key: object) -> bool:
        return key in self._endings


class ChosenFiles(FileIndex):
    """Files by keys that do not say where they lie.

    Args:
        folder: that they lie below.
        files: by key.
    """

    def __init__(self, folder: Path, files: Mapping[str, Path]) -> None:
        super().__init__(folder, dict.fromkeys(files, ""), {}, {})
        self._files = files

    def __getitem__(self, key: str) -> Path:
        return self._files[key]


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
    """All files below a folder but hidden ones, in order; none of a folder that is not there.

    Links to folders are not followed, so nothing outside is reached.

    Raises:
        UserError: a folder cannot be read: what is in it would be missing without a word.
    """
    waiting = [""]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(folder / place) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise UserError(
                f"the folder {folder / place} cannot be read: {error.strerror or error}",
                "allow yourself to read it, or take it out of there",
            ) from error
        folders = []
        for entry in listed:
            if entry.name.startswith(".") or entry.name in _OF_THE_DISK:
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{place}{entry.name}/")
            elif not (entry.is_symlink() and entry.is_dir()):
                yield FoundFile(place + entry.name, entry.is_symlink())
        waiting += reversed(folders)


def refuse_strangers(out: Path, strange: Collection[Path]) -> None:
    """Refuse to make a data set in a folder that holds files of another one.

    Args:
        strange: photos, labels and lists that it holds and the new data set does not have.

    Raises:
        UserError: there are some.
    """
    if strange:
        raise UserError(
            f"{out} holds {len(strange)} files that the new data set does not have, such as "
            f"{min(strange)}",
            "they would become a part of it: move them away, or choose another folder",
        )


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
    endings: dict[str, str] = {}
    doubles: dict[str, tuple[str, ...]] = {}
    outside: dict[str, str] = {}
    root = within.resolve() if within else None
    for file in walk(folder):
        key = key_of(file.place, suffix)
        if key is None:
            continue
        if file.is_link and root and not (folder / file.place).resolve().is_relative_to(root):
            outside[key] = file.place
            continue
        ending = sys.intern(file.place[len(key) :])
        if key in endings:
            two = sorted((endings[key], ending), key=lambda ending: _rank(ending, order))
            endings[key] = two[0]
            doubles[key] = (*doubles.get(key, ()), key + two[1])
        else:
            endings[key] = ending
    return FileIndex(folder, dict(sorted(endings.items())), doubles, outside)


def _rank(ending: str, order: Sequence[str]) -> int:
    return order.index(ending.lower()) if ending.lower() in order else len(order)


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
