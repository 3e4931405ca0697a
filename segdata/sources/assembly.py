"""From pictures that annotation files speak of to a source."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.sources import Hints, Item, Reader, Source, Survey
from segdata.sources.mask_folders import MASK_ENDINGS
from segdata.sources.names import cleaned
from segdata.sources.photos import Photos, names_outside, split_of
from segdata.spread import spread

# Files that are opened to tell whether a folder is of a format.
_LOOKED_AT = 5


@dataclass(frozen=True)
class Picture:
    """A picture as an annotation file speaks of it.

    Args:
        name: as the file spells it.
        photo: the photo; None if none was found.
        label: the annotation file.
        drawn: what the reader needs.
        splits: that it belongs to.
        embedded: reads the photo's bytes, where the annotation file holds them.
    """

    name: str
    photo: Path | None
    label: Path
    drawn: Any = None
    splits: tuple[str, ...] = ()
    embedded: Callable[[], bytes] | None = None


@dataclass(frozen=True)
class Opened:
    """What a format found in a folder.

    Args:
        format: its name.
        class_map: the classes.
        pictures: labeled ones, one for each photo.
        read: reads one.
        decisions: how labels are made.
    """

    format: str
    class_map: ClassMap
    pictures: list[Picture]
    read: Reader
    decisions: Mapping[str, str]


def assemble(opened: Opened, photos: Photos, hints: Hints) -> Source:
    """Give every picture its key and collect what is alone.

    Raises:
        UserError: no picture has its photo.
    """
    found = _one_for_each_photo(opened.pictures)
    if not found:
        named = ", ".join(cleaned(picture.name) for picture in opened.pictures[:3])
        raise UserError(
            f"none of the photos that {opened.format} annotations name lies in {photos.root}: "
            f"{named or 'nothing is named'}",
            "name the folder of the photos with --images DIR",
        )
    used = set(found)
    images = hints.images or _common([path.parent for path in used])
    keys = _keys(sorted(used), images)
    items = tuple(
        Item(keys[path], path, found[path].label, found[path].drawn, found[path].embedded)
        for path in sorted(used, key=lambda path: keys[path])
    )
    stems = {path.with_suffix("") for path in used}
    alone = [
        path
        for path in photos.beside(used)
        if path.is_relative_to(images) and not _is_mask_of(path, stems)
    ]
    kept = {id(picture) for picture in found.values()}
    lost = [picture for picture in opened.pictures if id(picture) not in kept]
    labels = {picture.label for picture in opened.pictures}
    return Source(
        format=opened.format,
        class_map=opened.class_map,
        items=items,
        read=opened.read,
        images=images,
        labels=hints.labels or (labels.pop() if len(labels) == 1 else _common_of(labels)),
        images_only=tuple(path.relative_to(images).with_suffix("").as_posix() for path in alone),
        labels_only=tuple(sorted({_lost_name(picture, photos.root) for picture in lost})),
        lists=_lists(found, keys) or _lists_by_folder(keys),
        decisions=opened.decisions,
    )


def annotation_files(survey: Survey, hints: Hints, *suffixes: str) -> list[Path]:
    """Annotation files: the one that the user named, or all in the folder that the user named."""
    if hints.labels is not None:
        if hints.labels.is_file():
            return [hints.labels] if hints.labels.name.lower().endswith(suffixes) else []
        survey = Survey.of(hints.labels, follow=hints.follow)
    return list(survey.files(*suffixes))


def a_few(paths: Sequence[Path]) -> Sequence[Path]:
    """Some files, spread over all."""
    return spread(paths, _LOOKED_AT)


def _is_mask_of(path: Path, stems: set[Path]) -> bool:
    """Whether a picture is called as the mask of a photo beside it: ``a_mask.png``, ``a.png``."""
    named = {path.stem, *(path.stem.removesuffix(ending) for ending in MASK_ENDINGS)}
    return any(path.with_name(name) in stems for name in named)


def _lost_name(picture: Picture, root: Path) -> str:
    """The name of a photo that was not found; one that leads out of the folder stays so."""
    name = cleaned(picture.name)
    if names_outside(name) and not posixpath.isabs(name):
        meant = os.path.normpath(picture.label.parent / name.replace("\\", "/"))
        if Path(meant).is_relative_to(root):
            return Path(meant).relative_to(root).as_posix()
    return name


def _one_for_each_photo(pictures: Iterable[Picture]) -> dict[Path, Picture]:
    """Of two annotation files for one photo the one that is called as it; else the first."""
    found: dict[Path, Picture] = {}
    for picture in pictures:
        if picture.photo is None:
            continue
        other = found.get(picture.photo)
        called_so = picture.label.stem == picture.photo.stem
        if other is None or (called_so and other.label.stem != picture.photo.stem):
            found[picture.photo] = picture
    return found


def _keys(photos: list[Path], images: Path) -> dict[Path, str]:
    """Paths below the folder without suffix; with it where two photos differ in nothing else."""
    keys: dict[Path, str] = {}
    taken: set[str] = set()
    for path in photos:
        relative = path.relative_to(images)
        key = relative.with_suffix("").as_posix()
        if key.casefold() in taken:
            key = f"{key}_{relative.suffix[1:]}"
        while key.casefold() in taken:
            key += "_"
        taken.add(key.casefold())
        keys[path] = key
    return keys


def _lists(found: Mapping[Path, Picture], keys: Mapping[Path, str]) -> dict[str, tuple[str, ...]]:
    """Names by split; a single split divides nothing and is no list."""
    lists: dict[str, list[str]] = {}
    for path, key in sorted(keys.items(), key=lambda pair: pair[1]):
        for split in found[path].splits:
            lists.setdefault(split, []).append(key)
    return {split: tuple(names) for split, names in lists.items()} if len(lists) > 1 else {}


def _lists_by_folder(keys: Mapping[Path, str]) -> dict[str, tuple[str, ...]]:
    """Names by the split that their folders are called, if every photo lies in such a folder."""
    lists: dict[str, list[str]] = {}
    for key in sorted(keys.values()):
        folders = key.split("/")[:-1]
        split = next((found for found in map(split_of, folders) if found), None)
        if split is None:
            return {}
        lists.setdefault(split, []).append(key)
    return {split: tuple(names) for split, names in lists.items()} if len(lists) > 1 else {}


def _common(folders: list[Path]) -> Path:
    return Path(os.path.commonpath(folders))


def _common_of(files: set[Path]) -> Path:
    return _common([path.parent for path in files])
