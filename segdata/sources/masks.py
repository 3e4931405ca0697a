"""Two folders, photos and masks, paired by name: the form most people start with."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from segdata.classes import ClassMap, ColorReading
from segdata.dataset import list_files
from segdata.errors import UserError
from segdata.images import (
    LOSSY_FORMATS,
    NoIds,
    Unreadable,
    read_header,
    read_label,
    read_photo,
)
from segdata.listing import index_folder, read_list
from segdata.sources import Layout, SourcePair

# Masks looked at to tell a folder of masks from a folder of photos.
_SAMPLED = 5
# Two folders whose masks fit the class file about equally well are not told apart.
_TOO_CLOSE = 0.1
# Below this share of listed colors a folder holds something else.
_LEAST_SHARE = 0.5


def find_layout(
    root: Path, class_map: ClassMap, images: Path | None = None, labels: Path | None = None
) -> Layout:
    """Find photos and masks below a folder.

    Masks are told from photos by their pixels: how many have a color of the class file.

    Args:
        root: the user's folder.
        class_map: the classes of the masks.
        images: the folder of photos, if it is known.
        labels: the folder of masks, if it is known.

    Raises:
        UserError: nothing is found, or more than one folder would do; names the option to use.
    """
    if not root.is_dir():
        raise UserError(f"{root} is no folder" if root.exists() else f"{root} does not exist")
    folders = _image_folders(root)
    if not folders:
        raise UserError(f"{root} holds no images", "name the folder that holds photos and masks")
    labels = _existing(labels) or _choose_labels(folders, class_map, root)
    images = _existing(images) or _choose_images(folders, labels, root)
    image_files = index_folder(images)
    label_files = _without_common_suffix(image_files, index_folder(labels))
    keys = sorted(image_files.keys() & label_files.keys())
    if not keys:
        raise UserError(
            f"no name in {images} is also in {labels}: "
            f"{next(iter(image_files), 'nothing')} ... {next(iter(label_files), 'nothing')} ...",
            "photos and masks pair by name; name other folders with --images and --labels",
        )
    return Layout(
        images,
        labels,
        tuple(SourcePair(key, image_files[key], label_files[key]) for key in keys),
        tuple(sorted(image_files.keys() - label_files.keys())),
        tuple(sorted(label_files.keys() - image_files.keys())),
        {name: read_list(path)[0] for name, path in list_files(root).items()},
    )


def read_mask(path: Path, class_map: ClassMap) -> ColorReading:
    """Read one mask: by color where the classes have colors, else its ids as they are.

    Raises:
        Unreadable: it is no whole image.
        NoIds: it is lossy, or the classes have no colors and the pixels cannot be ids.
    """
    if read_header(path).format in LOSSY_FORMATS:
        raise NoIds(
            f"{path} is a JPEG or another lossy format: compression changes colors and ids",
            "export the masks again as PNG",
            "lossy",
        )
    if any(c.color is not None for c in class_map.classes):
        return class_map.to_ids(read_photo(path))
    return ColorReading(read_label(path), ())


def _existing(folder: Path | None) -> Path | None:
    if folder is not None and not folder.is_dir():
        raise UserError(f"{folder} is no folder" if folder.exists() else f"{folder} does not exist")
    return folder


def _image_folders(root: Path) -> list[Path]:
    """Folders that hold image files directly, the root included."""
    found = []
    for parent, folders, _ in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        if any("/" not in key for key in index_folder(Path(parent))):
            found.append(Path(parent))
    return found


def _choose_labels(folders: list[Path], class_map: ClassMap, root: Path) -> Path:
    if not any(c.color is not None for c in class_map.classes):
        raise UserError(
            "the class file has no colors, so masks cannot be told from photos",
            "name the folder of masks with --labels DIR",
        )
    shares = {folder: _listed_share(folder, class_map) for folder in folders}
    best = max(shares.values())
    if best < _LEAST_SHARE:
        seen = ", ".join(f"{f.relative_to(root)} {s:.0%}" for f, s in shares.items())
        raise UserError(
            f"no folder in {root} has masks in the colors of the class file (share of pixels "
            f"with a listed color: {seen})",
            "check the colors in the class file, or name the folder with --labels DIR",
        )
    close = [folder for folder, share in shares.items() if share > best - _TOO_CLOSE]
    if len(close) > 1:
        names = " and ".join(str(f.relative_to(root)) for f in close)
        raise UserError(f"{names} both hold masks that fit", "choose one with --labels DIR")
    return close[0]


def _listed_share(folder: Path, class_map: ClassMap) -> float:
    """Share of sampled pixels whose color is in the class file."""
    paths = [path for key, path in index_folder(folder).items() if "/" not in key]
    step = max(1, len(paths) // _SAMPLED)
    listed = total = 0
    for path in paths[::step][:_SAMPLED]:
        try:
            reading = class_map.to_ids(read_photo(path))
        except Unreadable:
            continue
        total += reading.label.size
        listed += reading.label.size - sum(u.count for u in reading.unknown)
    return listed / total if total else 0.0


def _choose_images(folders: list[Path], labels: Path, root: Path) -> Path:
    """The folder with the most names of the masks; JPEGs break a tie, masks are lossless."""
    label_keys = list(index_folder(labels))
    others = [folder for folder in folders if folder != labels]
    if not others:
        raise UserError(
            f"{root} holds masks ({labels.name}) but no photos", "name them with --images DIR"
        )
    scores = {folder: _matches(folder, label_keys) for folder in others}
    best = max(scores.values())
    close = [folder for folder in others if scores[folder] == best]
    if len(close) > 1 or best == (0, 0):
        names = ", ".join(str(f.relative_to(root)) for f in close)
        raise UserError(
            f"cannot tell which folder holds the photos of {labels.name}: {names}",
            "choose one with --images DIR",
        )
    return close[0]


def _matches(folder: Path, label_keys: list[str]) -> tuple[int, int]:
    files = index_folder(folder)
    matches = sum(any(k in files for k in (key, *_stems(key))) for key in label_keys)
    lossy = sum(path.suffix.lower() in (".jpg", ".jpeg") for path in files.values())
    return matches, int(lossy > 0)


def _stems(key: str) -> list[str]:
    """A mask's name without its last parts: ``a_b_mask`` -> ``a_b``, ``a``."""
    parts = key.split("_")
    return ["_".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]


def _without_common_suffix(images: dict[str, Path], labels: dict[str, Path]) -> dict[str, Path]:
    """Take ``_mask``, ``_L``, ... off the masks' names where that is how they pair."""
    if images.keys() & labels.keys():
        return labels
    endings = Counter(key[len(stem) :] for key in labels for stem in _stems(key) if stem in images)
    if not endings:
        return labels
    ending = endings.most_common(1)[0][0]
    return {key.removesuffix(ending): path for key, path in labels.items() if key.endswith(ending)}
