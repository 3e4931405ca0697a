"""Which files a command line means, and the names that their results get."""

from __future__ import annotations

import glob
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
        """When the file was last written, in seconds; 0 where that is unknown."""
        try:
            return Path(self.file).stat().st_mtime if isinstance(self.file, str) else 0.0
        except OSError:
            return 0.0


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
        found |= {Path(one.path).absolute(): one for one in files}
    folders = tuple(Path(argument) for argument in arguments if Path(argument).is_dir())
    keys, kept = keys_of(list(found.values()))
    items = (Source(key, one.path) for key, one in zip(keys, found.values(), strict=True))
    return Sources(tuple(items), folders, _about(kept))


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
    """The paths of a list; those of ``find -print0`` end with a zero byte instead."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    paths = [line.strip() for line in text.replace("\0", "\n").splitlines()]
    if not any(paths):
        raise UserError(
            "what comes in on stdin is neither an image nor a list of paths" if data
            else "nothing comes in on stdin",
            "segdata predict - … < photo.jpg, or: find photos -name '*.jpg' | segdata predict - …",
        )  # fmt: skip
    return [FoundFile(str(Path(path).parent), path) for path in paths if path]


def _about(kept: Sequence[str]) -> tuple[str, ...]:
    if not kept:
        return ()
    return (
        f"{len(kept)} files differ in their suffix only, such as {kept[0]}: their results keep it "
        f"({result_of(kept[0])})",
    )
