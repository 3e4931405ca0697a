"""Photos and labels in two folders, joined by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segdata.dataset import list_files
from segdata.errors import UserError
from segdata.listing import index_folder, read_list
from segdata.sources import Item
from segdata.sources.survey import Survey

# Stands for the name of a photo in a pattern.
_ANY = "*"


@dataclass(frozen=True)
class Joined:
    """Two folders, joined: what belongs together, and the keys of what is alone."""

    items: tuple[Item, ...]
    images_only: tuple[str, ...]
    labels_only: tuple[str, ...]


def join_by_name(images: Path, labels: Path, suffix: str | None = None) -> Joined:
    """Join photos and labels by name; ``_mask``, ``_L``, ... are taken off where names differ so.

    Args:
        images: a folder, or a pattern as :func:`files_of` takes it.
        labels: the same.
        suffix: how the names of labels end, such as ``_gtFine_labelIds.png``, where it is known.

    Raises:
        UserError: no name is in both.
    """
    label_files = files_of(labels) if suffix is None else index_folder(labels, suffix)
    taken = set(label_files.values())
    photos = {key: path for key, path in files_of(images).items() if path not in taken}
    if suffix is None:
        label_files = _without_common_ending(photos, label_files)
    keys = sorted(photos.keys() & label_files.keys())
    if not keys:
        raise UserError(
            f"no name in {images} is also in {labels}: "
            f"{next(iter(photos), 'nothing')} ... {next(iter(label_files), 'nothing')} ...",
            "photos and labels pair by name; name other folders with --images and --labels",
        )
    return Joined(
        tuple(Item(key, photos[key], label_files[key]) for key in keys),
        tuple(sorted(photos.keys() - label_files.keys())),
        tuple(sorted(label_files.keys() - photos.keys())),
    )


def choose_images(survey: Survey, labels: Path) -> Path:
    """The folder with the most names of the labels; JPEGs break a tie, for masks are lossless.

    Raises:
        UserError: there is none, or two would do.
    """
    label_keys = list(files_of(labels))
    others = [folder for folder in survey.image_folders() if folder != labels]
    if not others:
        raise UserError(
            f"{survey.root} holds masks ({labels.name}) but no photos",
            "name them with --images DIR",
        )
    scores = {folder: _matches(folder, label_keys) for folder in others}
    best = max(scores.values())
    close = [folder for folder in others if scores[folder] == best]
    if len(close) > 1 or best == (0, 0):
        names = ", ".join(str(f.relative_to(survey.root)) for f in close)
        raise UserError(
            f"cannot tell which folder holds the photos of {labels.name}: {names}",
            "choose one with --images DIR",
        )
    return close[0]


def existing(folder: Path | None) -> Path | None:
    """A folder or pattern that the user named.

    Raises:
        UserError: it is not there.
    """
    if folder is not None and _ANY in folder.name:
        if not files_of(folder):
            raise UserError(f"no image is called {folder}", "check the folder and the pattern")
    elif folder is not None and not folder.is_dir():
        raise UserError(f"{folder} is no folder" if folder.exists() else f"{folder} does not exist")
    return folder


def files_of(place: Path) -> dict[str, Path]:
    """Images of a folder and those below it by key, as :func:`index_folder` finds them.

    Args:
        place: the folder; or a pattern ``FOLDER/mask_*.png``, whose star then is the last part of
            the key.
    """
    if _ANY not in place.name:
        return index_folder(place)
    before, _, after = place.name.partition(_ANY)
    found = {}
    for path in index_folder(place.parent, "").values():
        name = path.name
        if name.startswith(before) and name.endswith(after) and len(name) > len(before + after):
            middle = name[len(before) : len(name) - len(after)]
            found[(path.relative_to(place.parent).parent / middle).as_posix()] = path
    return dict(sorted(found.items()))


def usual_lists(root: Path) -> Mapping[str, tuple[str, ...]]:
    """The names in the list files that lie where PASCAL VOC has them."""
    return {name: read_list(path)[0] for name, path in list_files(root).items()}


def _matches(folder: Path, label_keys: list[str]) -> tuple[int, int]:
    files = index_folder(folder)
    matches = sum(any(k in files for k in (key, *_stems(key))) for key in label_keys)
    lossy = sum(path.suffix.lower() in (".jpg", ".jpeg") for path in files.values())
    return matches, int(lossy > 0)


def _stems(key: str) -> list[str]:
    """A label's name without its last parts: ``a_b_mask`` -> ``a_b``, ``a``."""
    parts = key.split("_")
    return ["_".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]


def _without_common_ending(photos: dict[str, Path], labels: dict[str, Path]) -> dict[str, Path]:
    if photos.keys() & labels.keys():
        return labels
    endings = Counter(key[len(stem) :] for key in labels for stem in _stems(key) if stem in photos)
    if not endings:
        return labels
    ending = endings.most_common(1)[0][0]
    return {key.removesuffix(ending): path for key, path in labels.items() if key.endswith(ending)}
