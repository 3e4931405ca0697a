"""Pictures of the places that findings name: the label in its colors beside the photo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Label
from segdata.dataset import Dataset, Pair
from segdata.errors import UserError
from segdata.exhibits import loud_color
from segdata.findings import Finding
from segdata.images import Unreadable, encode_photo, read_label, read_photo
from segdata.reports.frame import Swatch, hex_color
from segdata.reports.thumbnails import Panel, address, jpeg_address
from segdata.resizing import fitting, resize_label, resize_photo

Photo = npt.NDArray[np.uint8]
# A file, and a pixel in it (x, y) where one is named.
_Place = tuple[str, int | None, int | None]

# Sides in pixels: of what is cut out around a place, and of a whole picture.
_CROP, _WHOLE = 96, 320
# Pictures for one rule, and bytes of all pictures, so that a page stays below 3 MB.
_PER_RULE, _ALL_BYTES = 3, 1_800_000
# Names in a legend.
_NAMED = 8


@dataclass(frozen=True)
class Shot:
    """What one file looks like where something is wrong.

    Args:
        file: the file that the finding names.
        place: where the cut is, for people.
        panels: label and photo, as far as they can be read.
        mark: the pixel, in per cent of the panels' width and height; None without one.
        legend: the values that the label's panel shows.
    """

    file: str
    place: str
    panels: tuple[Panel, ...]
    mark: tuple[float, float] | None
    legend: tuple[Swatch, ...]


def shots(findings: Sequence[Finding], dataset: Dataset) -> Mapping[str, tuple[Shot, ...]]:
    """Pictures by rule, the worst rule first, until the page has enough of them."""
    wanted: dict[str, list[_Place]] = {}
    for place in (_own_place, _other_places):
        for finding in findings:
            wanted.setdefault(finding.rule, []).extend(place(finding))
    pairs = _pairs_of(dataset, {path for places in wanted.values() for path, _, _ in places})
    out: dict[str, tuple[Shot, ...]] = {}
    spent = 0
    for rule, places in wanted.items():
        taken: dict[str, Shot] = {}
        for path, x, y in places:
            if path not in pairs or path in taken or spent > _ALL_BYTES or len(taken) >= _PER_RULE:
                continue
            shot = _shot(path, pairs[path], dataset.class_map, None if x is None else (x, y or 0))
            if shot is not None:
                taken[path] = shot
                spent += sum(len(panel.source) for panel in shot.panels)
        out[rule] = tuple(taken.values())
    return out


def _own_place(finding: Finding) -> Iterator[_Place]:
    if finding.path is not None:
        yield finding.path, finding.x, finding.y


def _other_places(finding: Finding) -> Iterator[_Place]:
    """The other files that a finding names."""
    files = finding.evidence.get("first_files")
    for file in files if isinstance(files, (list, tuple)) else ():
        yield str(file), None, None


def _pairs_of(dataset: Dataset, paths: set[str]) -> dict[str, Pair]:
    """The pairs that the files belong to."""
    found = {}
    for split in dataset.splits.values():
        for pair in split.pairs:
            for file in (pair.image, pair.label):
                if file is not None and str(file) in paths:
                    found[str(file)] = pair
    return found


def _shot(path: str, pair: Pair, class_map: ClassMap, place: tuple[int, int] | None) -> Shot | None:
    photo = _photo(pair.image)
    label, stored = _label(pair.label)
    seen = label if label is not None else stored
    if place is not None and not _fits(place, photo, seen):
        place = None
    box = None if place is None or seen is None else _box(seen.shape[:2], place)
    panels: list[Panel] = []
    legend: tuple[Swatch, ...] = ()
    if label is not None:
        part = _part(label, box)
        panels.append(Panel("label", _drawn(part, class_map), True))
        legend = tuple(_legend(part, class_map))
    elif stored is not None:
        picture = _reduced(_cut(stored, box), box)
        panels.append(Panel("label, as it is stored", address("png", encode_photo(picture)), True))
    if photo is not None:
        panels.append(Panel("photo", jpeg_address(_reduced(_cut(photo, box), box)), False))
    if not panels:
        return None
    return Shot(path, _told(place, box), tuple(panels), _mark(place, box), legend)


def _fits(place: tuple[int, int], photo: Photo | None, seen: Label | Photo | None) -> bool:
    """The place lies in the label, and the photo, if there is one, has the label's size."""
    if seen is None or (photo is not None and photo.shape[:2] != seen.shape[:2]):
        return False
    height, width = seen.shape[:2]
    return bool(0 <= place[0] < width and 0 <= place[1] < height)


def _photo(path: Path) -> Photo | None:
    try:
        return read_photo(path)
    except (Unreadable, OSError):
        return None


def _label(path: Path | None) -> tuple[Label | None, Photo | None]:
    """The ids, or what the file shows where it has none."""
    if path is None:
        return None, None
    try:
        return read_label(path), None
    except (UserError, OSError):
        return None, _photo(path)


Box = tuple[int, int, int, int]


def _box(shape: tuple[int, ...], place: tuple[int, int]) -> Box:
    """Left, top, right, bottom of the cut: the place in the middle as far as the picture allows."""
    height, width = shape
    left = max(0, min(place[0] - _CROP // 2, width - _CROP))
    top = max(0, min(place[1] - _CROP // 2, height - _CROP))
    return left, top, min(width, left + _CROP), min(height, top + _CROP)


def _cut(image: Photo, box: Box | None) -> Photo:
    return image if box is None else image[box[1] : box[3], box[0] : box[2]]


def _part(label: Label, box: Box | None) -> Label:
    if box is not None:
        return label[box[1] : box[3], box[0] : box[2]]
    return resize_label(label, fitting(label.shape[0], label.shape[1], _WHOLE))


def _reduced(image: Photo, box: Box | None) -> Photo:
    if box is not None:
        return np.ascontiguousarray(image)
    return resize_photo(image, fitting(image.shape[0], image.shape[1], _WHOLE))


def _drawn(label: Label, class_map: ClassMap) -> str:
    colors = class_map.to_colors(label)
    colors[_unknown(label, class_map)] = loud_color(class_map)
    return address("png", encode_photo(colors))


def _unknown(label: Label, class_map: ClassMap) -> npt.NDArray[np.bool_]:
    known = np.array([*class_map.names, *_ignored(class_map)], np.int64)
    return np.isin(label, known, invert=True)


def _ignored(class_map: ClassMap) -> Iterable[int]:
    return () if class_map.ignore is None else (class_map.ignore,)


def _legend(label: Label, class_map: ClassMap) -> Iterator[Swatch]:
    values, counts = np.unique(label, return_counts=True)
    strange = set(np.unique(label[_unknown(label, class_map)]).tolist())
    # What no class has comes first, then the largest areas.
    order = sorted(
        zip(values.tolist(), counts.tolist(), strict=True),
        key=lambda item: (item[0] not in strange, -item[1]),
    )
    for value, _ in order[:_NAMED]:
        if value in strange:
            yield Swatch(f"{value}: no class", hex_color(loud_color(class_map)))
        else:
            yield Swatch(class_map.name(value), hex_color(class_map.color(value)))


def _told(place: tuple[int, int] | None, box: Box | None) -> str:
    if place is None or box is None:
        return "the whole picture"
    return f"around x={place[0]}, y={place[1]}"


def _mark(place: tuple[int, int] | None, box: Box | None) -> tuple[float, float] | None:
    if place is None or box is None:
        return None
    left, top, right, bottom = box
    return (
        100 * (place[0] - left + 0.5) / (right - left),
        100 * (place[1] - top + 0.5) / (bottom - top),
    )
