"""Photos and color masks in two folders, and a class file: the form most people start with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.images import NoIds, Unreadable, read_colors, read_palette, read_photo
from segdata.listing import index_folder
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.class_files import find_class_file, has_class_file, read_class_file
from segdata.sources.folders import choose_images, existing, join_by_name, usual_lists

# Masks looked at to tell a folder of masks from a folder of photos.
_SAMPLED = 5
# Two folders whose masks fit the class file about equally well are not told apart.
_TOO_CLOSE = 0.1
# Below this share of listed colors a folder holds something else.
_LEAST_SHARE = 0.5


def reject(survey: Survey, hints: Hints) -> str:
    """It has a class file with colors, and a folder of masks in these colors.

    Raises:
        UserError: the class file is wrong, or several folders fit.
    """
    if hints.classes is None and not has_class_file(survey.root):
        return "there is no class file"
    class_map = read_class_file(hints.classes or find_class_file(survey.root))
    if not any(c.color is not None for c in class_map.classes):
        return "the class file has no colors"
    if hints.labels is None and not survey.image_folders():
        return "there are no images"
    _choose_labels(survey, hints, class_map)
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Masks are told from photos by their pixels: how many have a color of the class file."""
    class_map = _classes(survey, hints)
    labels = _choose_labels(survey, hints, class_map)
    images = existing(hints.images) or choose_images(survey, labels)
    joined = join_by_name(images, labels)
    return Source(
        format=FORMAT.name,
        class_map=class_map,
        items=joined.items,
        read=partial(read_mask, class_map=class_map),
        images=images,
        labels=labels,
        images_only=joined.images_only,
        labels_only=joined.labels_only,
        lists=usual_lists(survey.root),
    )


FORMAT = Format("colors", "color masks with a class file", reject, open_folder)


def read_mask(item: Item, class_map: ClassMap) -> Reading:
    """Read one mask by its colors; what becomes of those of no class is not decided here.

    Raises:
        Unreadable: it is no whole image.
    """
    drawn = read_palette(item.label)
    if drawn is not None:
        indices, palette = drawn
        reading = class_map.palette_to_ids(indices, palette)
        return Reading(
            reading.label, reading.unknown, palette[indices] if reading.unknown else None
        )
    rgb = _read_colors(item.label)
    reading = class_map.to_ids(rgb)
    return Reading(reading.label, reading.unknown, rgb if reading.unknown else None)


def _read_colors(path: Path) -> npt.NDArray[np.uint8]:
    """The colors of a mask; compression may have changed those of a lossy one."""
    try:
        return read_colors(path)
    except NoIds as error:
        if error.kind == "lossy":
            return read_photo(path)
        raise


def _classes(survey: Survey, hints: Hints) -> ClassMap:
    class_map = read_class_file(hints.classes or find_class_file(survey.root))
    if not any(c.color is not None for c in class_map.classes):
        raise UserError("the class file has no colors")
    return class_map


def _choose_labels(survey: Survey, hints: Hints, class_map: ClassMap) -> Path:
    if hints.labels is not None:
        return existing(hints.labels) or hints.labels
    folders = survey.image_folders()
    if not folders:
        raise UserError(
            f"{survey.root} holds no images", "name the folder that holds photos and masks"
        )
    shares = {folder: _listed_share(folder, class_map) for folder in folders}
    best = max(shares.values())
    if best < _LEAST_SHARE:
        seen = ", ".join(f"{f.relative_to(survey.root)} {s:.0%}" for f, s in shares.items())
        raise UserError(
            f"no folder in {survey.root} has masks in the colors of the class file (share of "
            f"pixels with a listed color: {seen})",
            "check the colors in the class file, or name the folder with --labels DIR",
        )
    close = [folder for folder, share in shares.items() if share > best - _TOO_CLOSE]
    if len(close) > 1:
        names = " and ".join(str(f.relative_to(survey.root)) for f in close)
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
