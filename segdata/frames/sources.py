"""Which files a command line means, and the names that their results get."""

from __future__ import annotations

import codecs
import glob
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from segdata.errors import UserError
from segdata.file_index import walk, without_suffix
from segdata.frames.naming import FoundFile, keys_of, result_of
from segdata.frames.videos import VIDEO_SUFFIXES, count_frames, is_video
from segdata.images import IMAGE_SUFFIXES, Unreadable, read_header

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A photo or a video.

    Args:
        key: the name of its result below the output folder, as a posix path without suffix; of a
            video the folder of its frames.
        file: where it lies, or the photo itself.
    """

    key: str
    file: str | bytes

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.file if isinstance(self.file, str) else "stdin"

    @property
    def is_video(self) -> bool:
        return isinstance(self.file, str) and is_video(self.file)

    @property
    def changed(self) -> float:
        """When the photo came to its place, in seconds; of one on stdin that is still to come.

        A copy may bear an older date than the photo that it replaced; its ctime never does. A file
        that is not there has 0.
        """
        if isinstance(self.file, bytes):
            return math.inf
        try:
            found = Path(self.file).stat()
        except OSError:
            return 0.0
        return max(found.st_mtime, found.st_ctime)


@dataclass(frozen=True)
class Sources:
    """What is to be predicted.

    Args:
        items: in the order in which they were named; a folder's by name.
        folders: the folders that were named.
        notes: sentences about names that would have been those of two results.
    """

    items: tuple[Source, ...]
    folders: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    def count(self) -> int:
        """How many pictures these are, by what videos say of their length."""
        videos = (Path(s.file) for s in self.items if isinstance(s.file, str) and s.is_video)
        lengths = [count_frames(video) for video in videos]
        return len(self.items) - len(lengths) + sum(lengths)


def find_sources(arguments: Sequence[str], stdin: BinaryIO) -> Sources:
    """The photos and videos that are meant.

    Args:
        arguments: files, folders (with all below them), patterns such as ``shots/**/*.jpg``, or
            ``-`` for what comes in on stdin: one image, or a list of paths, one on each line.

    Raises:
        UserError: a path does not exist, a pattern fits nothing, a folder holds no pictures, or
            stdin brings neither an image nor a list; or two results would get one name.
    """
    found: dict[Path, FoundFile] = {}
    for argument in arguments:
        if argument == STDIN:
            data = stdin.read()
            if _is_image(data):
                return _piped(data, arguments)
            files = _listed(data)
        else:
            files = _named(argument)
        found |= {_place(one.path): one for one in files}
    folders = tuple(Path(argument) for argument in arguments if Path(argument).is_dir())
    keys, kept = keys_of(list(found.values()))
    items = (Source(key, one.path) for key, one in zip(keys, found.values(), strict=True))
    return Sources(tuple(items), folders, _about(kept))


def _place(path: str) -> Path:
    """The same for every spelling of a path, and another for each link to a file."""
    place = Path(path).absolute()
    return place.parent.resolve() / place.name if ".." in place.parts else place


def _named(argument: str) -> list[FoundFile]:
    path = Path(argument)
    if path.is_dir():
        return _in_folder(path)
    if path.exists():
        return [FoundFile(str(path.parent), argument)]
    if not glob.has_magic(argument):
        raise UserError(f"{argument} does not exist", "name photos, videos or folders of them")
    # Path.glob takes no absolute patterns.
    matches = sorted(filter(_is_picture, glob.glob(argument, recursive=True)))  # noqa: PTH207
    if not matches:
        raise UserError(f"{argument} fits no photo or video", "check the pattern")
    fixed = [*Path(argument).parts]
    while any(glob.has_magic(part) for part in fixed):
        fixed.pop()
    return [FoundFile(str(Path(*fixed)), match) for match in matches]


def _in_folder(folder: Path) -> list[FoundFile]:
    places = [file.place for file in walk(folder) if _is_picture(file.place)]
    if not places:
        raise UserError(
            f"{folder} holds no photos or videos",
            f"photos end in {', '.join(IMAGE_SUFFIXES)}; videos in {', '.join(VIDEO_SUFFIXES)}",
        )
    return [FoundFile(str(folder), str(folder / place)) for place in places]


def _is_picture(name: str) -> bool:
    return without_suffix(name) != name or is_video(name)


def _is_image(data: bytes) -> bool:
    try:
        read_header(data)
    except Unreadable:
        return False
    return True


def _piped(data: bytes, arguments: Sequence[str]) -> Sources:
    if len(arguments) > 1:
        raise UserError(
            "an image comes in on stdin beside other images", "predict it by a command of its own"
        )
    return Sources((Source("stdin", data),), ())


def _listed(data: bytes) -> list[FoundFile]:
    """The paths of a list; those of ``find -print0`` end with a zero byte, and may hold all else.

    Names of another encoding are taken byte by byte, where the first one is there.
    """
    text = data.removeprefix(codecs.BOM_UTF8).decode(errors="surrogateescape")
    lines = text.split("\0") if "\0" in text else [line.strip() for line in text.split("\n")]
    paths = [line for line in lines if line]
    if not paths or not (_is_utf8(data) or os.path.exists(paths[0])):  # noqa: PTH110
        raise UserError(
            "what comes in on stdin is neither an image nor a list of paths" if data
            else "nothing comes in on stdin",
            "segdata predict - … < photo.jpg, or: find photos -name '*.jpg' | segdata predict - …",
        )  # fmt: skip
    return [FoundFile(str(Path(path).parent), path) for path in paths]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _about(kept: Sequence[str]) -> tuple[str, ...]:
    if not kept:
        return ()
    return (
        f"{len(kept)} files differ in their suffix only, such as {kept[0]}: their results keep it "
        f"({result_of(kept[0])})",
    )
