"""Folders of photos and folders of masks, told apart by their pixels.

Masks lie in folders of their own (``images/train``, ``masks/train``; ``train/images``,
``train/masks``; ``train``, ``train_labels``; ``train``, ``trainannot``), or beside their photos
with an ending (``a.jpg``, ``a_mask.png``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import IMAGE_SUFFIXES, NoIds, Unreadable, read_label, read_photo
from segdata.sources import Hints, Item, Reader, Source, Survey
from segdata.sources.folders import (
    Joined,
    choose_images,
    existing,
    files_of,
    join_by_name,
    usual_lists,
)
from segdata.sources.split_folders import SPLIT_NAMES, lists_by_folder, renamed_splits
from segdata.spread import spread

_SAMPLED = 6
# Of a mask most pixels equal the one beside them; of a photo's grey levels few do.
_LEAST_FLAT = 0.6
# So few ids are no grey levels, however they are strewn.
_FEW_IDS = 32
# Kinds of masks that hold no classes.
_OTHER_MASKS = ("instance", "object", "panoptic", "depth", "edge", "visualization", "disparity")
MASK_ENDINGS = (
    "_color_mask", "_segmentation", "_annotation", "_labelIds", "_colors", "_labels", "_masks",
    "_color", "_label", "_mask", "-label", "-mask", "_lbl", "_seg", "_gt", "_L", "_m",
)  # fmt: skip
_SPLITS = "|".join(sorted(SPLIT_NAMES, key=len, reverse=True))
_HOLDS = "annots?|annotations?|masks?|labels?|gt|images?|imgs?|photos?|seg"
_SPLIT_FIRST = re.compile(
    rf"(?P<split>{_SPLITS})(?:[_-](?P<any>.+)|(?P<rest>{_HOLDS}))", re.IGNORECASE
)
_SPLIT_LAST = re.compile(rf"(?P<rest>.+)[_-](?P<split>{_SPLITS})", re.IGNORECASE)


class NoMasks(UserError):
    """No folder holds masks of the kind that is looked for."""


@dataclass(frozen=True)
class MaskReading:
    """How masks are read: the name of their format, what ids mean, and the reader of one."""

    format: str
    class_map: ClassMap
    read: Reader


@dataclass(frozen=True)
class Pairs:
    """Photos and masks that were found, and the folders that hold them."""

    images: Path
    labels: Path
    joined: Joined

    def source(self, survey: Survey, reading: MaskReading, said: Mapping[str, str]) -> Source:
        """The source that they are, with the lists that lie beside or that their folders make.

        Args:
            said: what was decided about classes and ids.
        """
        keys = [item.key for item in self.joined.items]
        return Source(
            format=reading.format,
            class_map=reading.class_map,
            items=self.joined.items,
            read=reading.read,
            images=self.images,
            labels=self.labels,
            images_only=self.joined.images_only,
            labels_only=self.joined.labels_only,
            lists=usual_lists(survey.root) or lists_by_folder(keys),
            decisions={**said, **renamed_splits(keys)},
        )


@dataclass
class PictureGroup:
    """Pictures of one kind of folder: ``masks/train`` and ``masks/val`` are both ``masks``."""

    name: str
    files: dict[str, Path] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)


def find_pairs(survey: Survey, hints: Hints, fits: Callable[[Path], bool]) -> Pairs:
    """Photos and masks; what the user named is taken as it is.

    Args:
        fits: whether a file is a mask of the kind that is looked for.

    Raises:
        NoMasks: there are none.
        UserError: several folders would do, or none has photos of the masks' names.
    """
    named = existing(hints.labels)
    if named is not None:
        images = existing(hints.images) or choose_images(survey, named)
        return Pairs(images, named, join_by_name(images, named))
    beside = masks_beside(survey, fits)
    if beside is not None:
        return beside
    groups = list(picture_groups(survey))
    masks = [group for group in groups if _is_mask_folder(group, fits)]
    others = [group for group in groups if group not in masks and not _other_kind(group)]
    # Of a data set that keeps ids and colors of the same labels, neither are photos.
    photos = [group for group in others if not _is_mask_folder(group, is_id_mask)] or others
    if hints.images is not None:
        inside = hints.images.resolve()
        photos = [g for g in groups if any(f.resolve().is_relative_to(inside) for f in g.folders)]
        masks = [group for group in masks if group not in photos]
    if not masks:
        raise NoMasks("no folder holds such masks", "name it with --labels DIR")
    return _best(survey, masks, photos)


def holds(folder: Path, fits: Callable[[Path], bool]) -> bool:
    """Whether most masks of a folder are of the kind that is looked for."""
    files = spread(list(files_of(folder).values()), _SAMPLED)
    return bool(files) and _most(files, fits)


def is_id_mask(path: Path) -> bool:
    """Whether a file's pixels are ids, and not a grey photo's levels."""
    try:
        label = read_label(path)
    except (Unreadable, NoIds):
        return False
    few = len(np.unique(label)) <= _FEW_IDS
    return few or bool(np.mean(label[:, 1:] == label[:, :-1]) >= _LEAST_FLAT)


def picture_groups(survey: Survey) -> Iterator[PictureGroup]:
    """Folders with pictures, those of several splits or scenes together."""
    leaves = [folder.relative_to(survey.root).as_posix() for folder in survey.image_folders()]
    wrap = _wrapping(leaves)
    found: dict[str, PictureGroup] = {}
    for leaf in leaves:
        name, slot = _kind_and_slot(PurePosixPath(leaf).parts[wrap:] if leaf != "." else ())
        group = found.setdefault(name, PictureGroup(name))
        group.folders.append(survey.root / leaf)
        for file in survey.folders[leaf]:
            stem, dot, suffix = file.rpartition(".")
            if dot and stem and not file.startswith(".") and f".{suffix.lower()}" in IMAGE_SUFFIXES:
                group.files.setdefault("/".join([*slot, stem]), survey.root / leaf / file)
    yield from found.values()


def _kind_and_slot(parts: tuple[str, ...]) -> tuple[str, list[str]]:
    """What a folder holds, and the rest of its path: ``train_labels/a`` -> labels, train/a."""
    name, slot = ".", []
    for part in parts:
        split, rest = _split_and_rest(part)
        if split:
            slot.append(split)
        if rest and name == ".":
            name = rest
        elif rest:
            slot.append(rest)
    return name, slot


def _split_and_rest(part: str) -> tuple[str, str]:
    """``train_labels`` -> train, labels; ``trainannot`` -> train, annot; ``scene`` -> "", scene."""
    if part.lower() in SPLIT_NAMES:
        return part, ""
    match = _SPLIT_FIRST.fullmatch(part)
    if match:
        return match["split"], match["any"] or match["rest"]
    match = _SPLIT_LAST.fullmatch(part)
    return (match["split"], match["rest"]) if match else ("", part)


def _wrapping(leaves: list[str]) -> int:
    """How many folders all paths have in common; the last one of a path says what it holds."""
    parts = [PurePosixPath(leaf).parts for leaf in leaves if leaf != "."]
    if not parts or len(parts) < len(leaves):
        return 0
    common = 0
    while parts[0][common].lower() not in SPLIT_NAMES and all(
        len(path) > common + 1 and path[common] == parts[0][common] for path in parts
    ):
        common += 1
    return common


def _is_mask_folder(group: PictureGroup, fits: Callable[[Path], bool]) -> bool:
    files = spread(list(group.files.values()), _SAMPLED)
    return not _other_kind(group) and bool(files) and _most(files, fits)


def _most(files: Sequence[Path], fits: Callable[[Path], bool]) -> bool:
    """More than half: damaged masks do not make a folder of masks one of photos."""
    fitting = sum(fits(path) for path in files)
    return fitting * 2 > len(files) or (
        fitting > 0 and fitting * 2 > sum(_is_whole(path) for path in files)
    )


def _is_whole(path: Path) -> bool:
    try:
        read_photo(path)
    except Unreadable:
        return False
    return True


def _other_kind(group: PictureGroup) -> bool:
    return any(word in group.name.lower() for word in _OTHER_MASKS)


def _best(survey: Survey, masks: list[PictureGroup], photos: list[PictureGroup]) -> Pairs:
    found = []
    for mask in masks:
        for photo in photos:
            joined = join(photo, mask)
            if joined.items:
                found.append((len(joined.items), photo, mask, joined))
    if not found:
        names = ", ".join(group.name for group in masks)
        raise UserError(
            f"no photo in {survey.root} has the name of a mask in {names}",
            "name the folders with --images DIR and --labels DIR",
        )
    # Masks are lossless: of two folders that fit equally well, the one with JPEGs holds photos.
    scores = [(count, _is_lossy(photo)) for count, photo, *_ in found]
    best = [fit[1:] for fit, score in zip(found, scores, strict=True) if score == max(scores)]
    if len(best) > 1:
        names = ", ".join(f"{photo.name} + {mask.name}" for photo, mask, _ in best)
        raise UserError(
            f"several folders fit each other: {names}",
            "choose them with --images DIR and --labels DIR",
        )
    photo, mask, joined = best[0]
    return Pairs(shared_folder(photo), shared_folder(mask), joined)


def _is_lossy(group: PictureGroup) -> bool:
    return any(path.suffix.lower() in (".jpg", ".jpeg") for path in group.files.values())


def join(photo: PictureGroup, mask: PictureGroup) -> Joined:
    labels = mask.files
    if not photo.files.keys() & labels.keys():
        labels = {_without_ending(key, photo.files): path for key, path in labels.items()}
    keys = sorted(photo.files.keys() & labels.keys())
    return Joined(
        tuple(Item(key, photo.files[key], labels[key]) for key in keys),
        tuple(sorted(photo.files.keys() - labels.keys())),
        tuple(sorted(labels.keys() - photo.files.keys())),
    )


def _without_ending(key: str, photos: dict[str, Path]) -> str:
    """A mask's key without ``_mask`` or whatever follows the photo's name."""
    parts = key.split("_")
    shorter = ("_".join(parts[:n]) for n in range(len(parts) - 1, 0, -1))
    ended = (key.removesuffix(ending) for ending in MASK_ENDINGS if key.endswith(ending))
    return next((k for k in (*ended, *shorter) if k in photos), key)


def masks_beside(survey: Survey, fits: Callable[[Path], bool]) -> Pairs | None:
    """Masks beside their photos, told by an ending; None where it is not so."""
    files = {
        path.relative_to(survey.root).with_suffix("").as_posix(): path
        for path in survey.files(*IMAGE_SUFFIXES)
    }
    photos: dict[str, Path] = {}
    labels: dict[str, Path] = {}
    for key, path in files.items():
        endings = [e for e in MASK_ENDINGS if key.lower().endswith(e.lower())]
        whole = next((e for e in endings if key[: -len(e)] in files), endings[0] if endings else "")
        if whole:
            labels.setdefault(key[: -len(whole)], path)
        else:
            photos.setdefault(key, path)
    keys = sorted(photos.keys() & labels.keys())
    some = spread([labels[key] for key in keys], _SAMPLED)
    if len(keys) * 2 <= len(labels) or not _most(some, fits):
        return None
    joined = Joined(
        tuple(Item(key, photos[key], labels[key]) for key in keys),
        tuple(sorted(photos.keys() - labels.keys())),
        tuple(sorted(labels.keys() - photos.keys())),
    )
    return Pairs(survey.root, survey.root, joined)


def shared_folder(group: PictureGroup) -> Path:
    first = group.folders[0]
    for folder in (first, *first.parents):
        if all(other.is_relative_to(folder) for other in group.folders):
            return folder
    return first
