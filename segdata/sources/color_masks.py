"""Photos and color masks in two folders, and a class file: the form most people start with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.errors import UserError
from segdata.facts import count_values
from segdata.facts.color_looks import SHADE, nearest_classes, pack, unpack
from segdata.images import (
    IMAGE_SUFFIXES,
    NoIds,
    Unreadable,
    read_colors,
    read_header,
    read_label,
    read_palette,
    read_photo,
)
from segdata.sources import Format, Hints, Item, Reading, Source, Survey
from segdata.sources.class_files import find_class_file, has_class_file, read_class_file
from segdata.sources.file_pairs import TwoMasks, pair_by_content
from segdata.sources.folders import files_of
from segdata.sources.known_colors import recognized
from segdata.sources.mask_folders import MaskReading, NoMasks, Pairs, find_pairs
from segdata.spread import spread

# Masks looked at to tell a folder of masks from a folder of photos.
_SAMPLED = 5
# Two folders whose masks fit the class file about equally well are not told apart.
_TOO_CLOSE = 0.1
# Below this share of listed colors a folder holds something else.
_LEAST_SHARE = 0.5
# Of each, so many pixels.
_SAMPLED_PIXELS = 1 << 16
# What JPEG makes of the inside of an area: one level in each of YCbCr's channels.
_VERY_NEAR = 3.5


def reject(survey: Survey, hints: Hints) -> str:
    """It has a class file with colors, and a folder of masks in these colors.

    Raises:
        UserError: the class file is wrong, or several folders fit.
    """
    if hints.labels is None and not survey.image_folders():
        return "there are no images"
    if hints.classes is None and not has_class_file(survey.root):
        if recognized(survey, hints) is None:
            return "there is no class file, and the colors are those of no known data set"
    elif not _has_colors(read_class_file(hints.classes or find_class_file(survey.root))):
        return "the class file has no colors"
    class_map, _ = _classes(survey, hints)
    if hints.labels is not None:
        return _ids_instead(hints.labels, class_map)
    try:
        _pairs(survey, hints, class_map)
    except NoMasks as error:
        return error.message
    return ""


def open_folder(survey: Survey, hints: Hints) -> Source:
    """Masks are told from photos by their pixels: how many have a color of the class file."""
    class_map, said = _classes(survey, hints)
    pairs = _pairs(survey, hints, class_map)
    reading = MaskReading(FORMAT.name, class_map, partial(read_mask, class_map=class_map))
    return pairs.source(survey, reading, said)


FORMAT = Format("colors", "color masks", reject, open_folder)


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


def _classes(survey: Survey, hints: Hints) -> tuple[ClassMap, dict[str, str]]:
    """The classes, and what was decided about them."""
    if hints.classes is None and not has_class_file(survey.root):
        found = recognized(survey, hints)
        if found is None:
            find_class_file(survey.root)  # says that there is none
        else:
            return found
    class_map = read_class_file(hints.classes or find_class_file(survey.root))
    if not _has_colors(class_map):
        raise UserError("the class file has no colors")
    return class_map, {}


def _has_colors(class_map: ClassMap) -> bool:
    return any(c.color is not None for c in class_map.classes)


def _pairs(survey: Survey, hints: Hints, class_map: ClassMap) -> Pairs:
    """Photos and masks in the colors of the class file.

    Raises:
        NoMasks: no folder holds such masks; what share of each one's pixels is listed.
        UserError: several folders fit.
    """
    if hints.labels is not None:
        return find_pairs(survey, hints, lambda path: True)
    folders = survey.image_folders()
    if not folders:
        raise UserError(
            f"{survey.root} holds no images", "name the folder that holds photos and masks"
        )
    shares = {folder: _folder_share(survey, folder, class_map) for folder in folders}
    least = max(shares.values()) - _TOO_CLOSE
    fits = partial(_fits, class_map=class_map, least=_LEAST_SHARE)
    # Of several folders one may fit clearly better; where folders do not tell, files may.
    ways: tuple[Callable[[], Pairs], ...] = (
        lambda: _one_mask_each(find_pairs(survey, hints, fits), survey, fits),
        lambda: find_pairs(survey, hints, partial(fits, least=max(least, _LEAST_SHARE))),
        lambda: Pairs(survey.root, survey.root, pair_by_content(survey, fits)),
    )
    if hints.images is not None:
        ways = ways[:2]
    said: list[UserError] = []
    for way in ways:
        try:
            return way()
        except TwoMasks:
            raise
        except UserError as error:
            said.append(error)
    if isinstance(said[0], NoMasks):
        seen = ", ".join(f"{_below(f, survey)} {s:.0%}" for f, s in shares.items())
        raise NoMasks(
            f"no folder in {survey.root} has masks in the colors of the class file (share of "
            f"pixels with a listed color: {seen})",
            "check the colors in the class file, or name the folder with --labels DIR",
        )
    raise said[0]


def _one_mask_each(pairs: Pairs, survey: Survey, fits: Callable[[Path], bool]) -> Pairs:
    """The pairs, if photos that have their masks beside them have one each.

    Raises:
        TwoMasks: one has several.
    """
    if pairs.images == pairs.labels:
        try:
            pair_by_content(survey, fits)
        except TwoMasks:
            raise
        except UserError:
            return pairs
    return pairs


def _fits(path: Path, class_map: ClassMap, least: float) -> bool:
    return _listed_share(path, class_map) >= least


def _below(folder: Path, survey: Survey) -> str:
    return folder.relative_to(survey.root).as_posix()


def _folder_share(survey: Survey, folder: Path, class_map: ClassMap) -> float:
    """The largest share of some of a folder's pictures: photos may lie among the masks."""
    names = survey.folders[folder.relative_to(survey.root).as_posix()]
    images = [folder / name for name in names if name.lower().endswith(IMAGE_SUFFIXES)]
    return max((_listed_share(path, class_map) for path in spread(images, _SAMPLED)), default=0.0)


def _listed_share(path: Path, class_map: ClassMap) -> float:
    """Share of a picture's pixels whose color is in the class file; 0 where it holds ids.

    Also counted are colors with red and blue swapped, and, where most are very near, the shades
    that compression makes of colors: a picture of either kind is still a mask, and told to be one.
    """
    try:
        rgb = _read_colors(path)
    except (Unreadable, NoIds):
        return 0.0
    step = max(1, int((rgb.shape[0] * rgb.shape[1] / _SAMPLED_PIXELS) ** 0.5))
    colors, counts = np.unique(pack(rgb[::step, ::step]), return_counts=True)
    distance = nearest_classes(colors, class_map)[1]
    swapped = nearest_classes(pack(unpack(colors)[:, ::-1]), class_map)[1]
    exact, total = int(counts[distance == 0].sum()), int(counts.sum())
    if exact < total and _are_ids(path, class_map):
        return 0.0
    shades = counts[distance <= SHADE].sum()
    compressed = shades if counts[distance <= _VERY_NEAR].sum() >= shades / 2 else 0
    return float(max(exact, counts[swapped == 0].sum(), compressed) / max(1, total))


def _are_ids(path: Path, class_map: ClassMap) -> bool:
    """Whether a grey picture holds ids of the classes; 0 alone could also be black."""
    try:
        return read_header(path).mode != "P" and set(count_values(read_label(path))) <= (
            set(class_map.names) | {class_map.ignore, 255}
        )
    except (Unreadable, NoIds):
        return False


def _ids_instead(labels: Path, class_map: ClassMap) -> str:
    """Why the folder that the user names holds no colors."""
    paths = spread(list(files_of(labels).values()), _SAMPLED)
    if paths and all(
        _listed_share(path, class_map) < _LEAST_SHARE and _are_ids(path, class_map)
        for path in paths
    ):
        return f"{labels.name} holds ids of classes, not their colors"
    return ""
