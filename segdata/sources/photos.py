"""Photos that annotation files name, found by name below one folder and nowhere else.

A name in a file is never joined to a path: it is looked up among the files that lie in the folder.
So ``..``, absolute paths, drives and backslashes lead nowhere; links that leave the folder are
no files of it (:class:`~segdata.sources.survey.Survey`).
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from segdata.errors import UserError
from segdata.images import IMAGE_SUFFIXES, ImageHeader, Unreadable, read_header
from segdata.sources import Hints, Item, Survey
from segdata.sources.shapes import Size

# EXIF orientations that swap width and height (EXIF 2.3, tag 0x0112).
_SIDEWAYS = frozenset({5, 6, 7, 8})
# One damaged byte in the header of a JPEG makes it a gigapixel. Each of its blocks of 8×8 takes at
# least a bit (ITU T.81, F.1.2.1), which is 341 pixels a byte where colors are halved both ways;
# deflate and LZW pack further (segdata.images). Small pictures are let through.
_MOST_PIXELS, _MOST_PIXELS_PACKED, _SMALL = 341, 2700, 1 << 24
_DRIVE = re.compile(r"[A-Za-z]:")
_WORDS = re.compile(r"[^a-z]+")
_SPLITS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
    "dev": "val", "test": "test", "testing": "test", "trainval": "trainval",
}  # fmt: skip


class Photos:
    """Files below a folder by name.

    Args:
        survey: the folder.
        suffixes: how their names end.
        without: files that are something else, such as masks that are called as their photos.
    """

    def __init__(
        self,
        survey: Survey,
        suffixes: tuple[str, ...] = IMAGE_SUFFIXES,
        without: Collection[Path] = (),
    ) -> None:
        self.root = survey.root
        self._by_name: dict[str, list[Path]] = {}
        self._by_stem: dict[str, list[Path]] = {}
        for path in survey.files(*suffixes):
            if not path.name.startswith(".") and path not in without:
                self._by_name.setdefault(_folded(path.name), []).append(path)
                self._by_stem.setdefault(_folded(path.stem), []).append(path)

    @classmethod
    def of(cls, survey: Survey, hints: Hints, without: Collection[Path] = ()) -> Photos:
        """The photos of a folder, or of the one that the user named.

        Raises:
            UserError: that one is not there.
        """
        where = survey if hints.images is None else Survey.of(hints.images, follow=hints.follow)
        return cls(where, without=without)

    def find(self, name: str, near: Path, *, split: str | None = None) -> Path | None:
        """The file of a name, with as much of its path as fits.

        Args:
            near: the file that names it; of two that fit equally, one in its folder is meant, then
                one below a folder that is called as the split.

        Raises:
            UserError: two fit equally.
        """
        parts = parts_of(name)
        if not parts:
            return None
        return self._best(self._by_name.get(_folded(parts[-1]), []), parts, near, split)

    def of_stem(self, name: str, near: Path, *, split: str | None = None) -> Path | None:
        """As :meth:`find`, for a name without suffix.

        Raises:
            UserError: two fit equally.
        """
        parts = parts_of(name)
        if not parts:
            return None
        return self._best(self._by_stem.get(_folded(parts[-1]), []), parts, near, split)

    def beside(self, used: Iterable[Path]) -> list[Path]:
        """Files in the folders of these that are none of them."""
        taken = set(used)
        folders = {path.parent for path in taken}
        every = (path for paths in self._by_name.values() for path in paths)
        return sorted(path for path in every if path.parent in folders and path not in taken)

    def _best(
        self, candidates: list[Path], parts: list[str], near: Path, split: str | None
    ) -> Path | None:
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        ranks = {path: self._rank(path, parts, near, split) for path in candidates}
        best = [path for path in candidates if ranks[path] == max(ranks.values())]
        if len(best) > 1:
            names = " and ".join(str(path.relative_to(self.root)) for path in best[:2])
            raise UserError(
                f"{near.name} names {parts[-1]}, which may be {names}",
                "name the folder of the photos with --images DIR",
            )
        return best[0]

    def _rank(
        self, path: Path, parts: list[str], near: Path, split: str | None
    ) -> tuple[int, bool, bool, bool]:
        mine = [_folded(part) for part in path.relative_to(self.root).parts[:-1]]
        wanted = [_folded(part) for part in parts[:-1]]
        common = 0
        while common < min(len(mine), len(wanted)) and mine[-1 - common] == wanted[-1 - common]:
            common += 1
        called = split is not None and split in (split_of(part) for part in mine)
        return common, path.name == parts[-1], path.parent == near.parent, called


def parts_of(name: str) -> list[str]:
    """The parts of a path that somebody's system wrote, without what leads elsewhere."""
    parts = PurePosixPath(name.replace("\\", "/").replace("\0", "")).parts
    return [part for part in parts if part not in ("/", "//", "..", ".") and not part.endswith(":")]


def names_outside(name: str) -> bool:
    """Whether a name is a path that leaves where it begins: absolute, of a drive, or up."""
    path = posixpath.normpath(name.replace("\\", "/"))
    return path.startswith("/") or path.split("/")[0] == ".." or bool(_DRIVE.match(path))


def split_of(name: str) -> str | None:
    """The split that a name speaks of: ``instances_train2017`` -> ``train``; None if none."""
    words = [_SPLITS[word] for word in _WORDS.split(name.lower()) if word in _SPLITS]
    return words[0] if words else None


def size_of(item: Item, declared: Size | None, *, upright: bool = False) -> Size:
    """The size of the picture that shapes were drawn on.

    Args:
        declared: what the annotation says; None if it says nothing.
        upright: where it says nothing, the tool shows photos as their EXIF orientation says.

    Raises:
        Unreadable: the photo is none, or has another size, or is larger than it can be.
    """
    photo = item.photo()
    header = read_header(photo)
    _refuse_hollow(photo, header)
    stored = header.height, header.width
    turned = stored[::-1] if header.orientation in _SIDEWAYS else stored
    if declared is None:
        return turned if upright else stored
    if declared in (stored, turned):
        return declared
    raise Unreadable(
        f"{item.label.name}: labels were drawn on {declared[1]}×{declared[0]} pixels, and "
        f"{item.image.name} has {header.width}×{header.height}",
        "convert the photos that were labeled, in the size in which they were labeled",
    )


def _refuse_hollow(photo: Path | bytes, header: ImageHeader) -> None:
    """Refuse a photo whose bytes cannot hold the pixels that its header promises."""
    size = len(photo) if isinstance(photo, bytes) else photo.stat().st_size
    most = size * (_MOST_PIXELS if header.format in ("jpeg", "mpo") else _MOST_PIXELS_PACKED)
    if header.width * header.height > max(most, _SMALL):
        name = "the photo" if isinstance(photo, bytes) else str(photo)
        what = f"{size} bytes cannot hold {header.width}×{header.height} pixels"
        raise Unreadable(f"{name} is damaged or cut off: {what}", "fetch it again")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
