"""One predicted file: what it holds, what a viewer shows of it, how it fits what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Color, Label
from segdata.evidence.label_fit import LabelFit
from segdata.evidence.name_fit import thumbnails
from segdata.evidence.predicted_arrays import bytes_of, is_array
from segdata.evidence.predicted_crops import PredictedCrops
from segdata.evidence.predicted_edges import PredictedEdges
from segdata.evidence.predicted_sizes import PredictedSizes, Size, best_fit
from segdata.evidence.predicted_twins import mark_of
from segdata.evidence.score_readings import CutScores, read_scores
from segdata.facts import count_values
from segdata.facts.decoders import palette_of
from segdata.images import (
    LOSSY_FORMATS,
    PNG_PALETTE,
    NoIds,
    Stored,
    Unreadable,
    ids_of,
    read_header,
    read_label,
    read_photo,
    read_stored,
)

# Colors of a picture that are kept: masks have few, and photos would fill the memory.
_COLORS = 256
# Channels of a grey picture that JPEG saved in color differ by a little.
_GRAY = 8
# A figure's margin is white, or nearly so after compression.
_WHITE = 250


@dataclass(frozen=True, slots=True)
class Beside:
    """A predicted file and what belongs to it.

    Args:
        scores: probabilities of the same name.
        ignore: the ignore label of the labels.
        class_map: the colors that color pictures may have.
        closely: look at edges as well.
    """

    path: Path
    label: Path | None = None
    photo: Path | None = None
    scores: Path | None = None
    ignore: int | None = None
    class_map: ClassMap | None = None
    closely: bool = False


@dataclass(frozen=True, slots=True)
class PredictedFile:
    """What was found in one file.

    Args:
        name: without its folder.
        readable: it is a whole image.
        lossy: its format changes values.
        array: it is no picture but an array of ids.
        colored: it is a color picture; values are then packed colors, ``r | g << 8 | b << 16``.
        palette: its ids have a palette.
        counts: pixels by value, the 256 most frequent of colors.
        shown: the color that a viewer gives each value.
        edges: of ids, where they were looked at; ``label_edges`` those of the label.
        sizes: where the label's or the photo's size is known.
        fit: against its label.
        crops: whether it ends before its picture.
        thumbnails: of itself and its label.
        cut: against its probabilities.
        mark: what only equal pictures share.
    """

    name: str
    readable: bool = True
    lossy: bool = False
    array: bool = False
    colored: bool = False
    palette: bool = False
    counts: Mapping[int, int] = field(default_factory=dict)
    shown: Mapping[int, Color] = field(default_factory=dict)
    edges: PredictedEdges | None = None
    label_edges: PredictedEdges | None = None
    sizes: PredictedSizes | None = None
    fit: LabelFit | None = None
    crops: PredictedCrops | None = None
    thumbnails: tuple[bytes, bytes] | None = None
    cut: CutScores | None = None
    mark: bytes | None = None


def look_at_file(beside: Beside) -> PredictedFile:
    """Look at one predicted file; what cannot be read is told, not raised."""
    name = beside.path.name
    try:
        data = bytes_of(beside.path)
        stored = read_stored(data)
        rgb, ids = _as_colors(stored, data)
    except (OSError, Unreadable):
        return PredictedFile(name, readable=False)
    lossy = stored.header.format in LOSSY_FORMATS
    if ids is None:
        assert rgb is not None
        found = replace(_of_colors(name, rgb), lossy=lossy)
        ids = _named_colors(rgb, beside.class_map)
        rim: npt.NDArray[np.generic] = rgb
    else:
        shown = _shown(stored, data, count_values(ids))
        found = PredictedFile(
            name,
            lossy=lossy,
            array=is_array(beside.path),
            palette=stored.header.png_color_type == PNG_PALETTE,
            counts=count_values(ids),
            shown=shown,
            edges=PredictedEdges.of(ids) if beside.closely else None,
        )
        rim = ids
    found = replace(found, mark=mark_of(rim, len(found.counts)))
    framed = _is_framed(rim) and len(found.counts) > 1
    height, width = rim.shape[:2]
    return _with_others(found, ids, (height, width), framed, beside)


def _as_colors(stored: Stored, data: bytes) -> tuple[npt.NDArray[np.uint8] | None, Label | None]:
    """The colors of a color picture, or the values of one that is grey or has a palette."""
    try:
        return None, ids_of(stored)
    except NoIds:
        rgb = read_photo(data)
    low, high = rgb.min(axis=2), rgb.max(axis=2)
    if int((high - low).max(initial=0)) <= _GRAY:
        return None, np.ascontiguousarray(rgb[..., 1])
    return rgb, None


def _of_colors(name: str, rgb: npt.NDArray[np.uint8]) -> PredictedFile:
    packed = rgb.reshape(-1, 3).astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16])
    values, counts = np.unique(packed, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_COLORS]
    table = dict(zip(values[order].tolist(), counts[order].tolist(), strict=True))
    return PredictedFile(
        name, colored=True, counts=table, shown={value: unpacked(value) for value in table}
    )


def unpacked(value: int) -> Color:
    """The color of a packed value."""
    return value & 0xFF, value >> 8 & 0xFF, value >> 16


def _named_colors(rgb: npt.NDArray[np.uint8], class_map: ClassMap | None) -> Label | None:
    """The ids of a picture all of whose colors are classes'."""
    if class_map is None or not any(entry.color for entry in class_map.classes):
        return None
    reading = class_map.to_ids(rgb)
    return None if reading.unknown else reading.label


def _shown(stored: Stored, data: bytes, counts: Mapping[int, int]) -> dict[int, Color]:
    """What a viewer makes of each id: its palette's color, or a grey."""
    if stored.header.png_color_type == PNG_PALETTE:
        colors = palette_of(data)
        return {i: colors[i] if i < len(colors) else (0, 0, 0) for i in counts}
    top = 2**stored.header.bit_depth - 1
    return {value: (gray, gray, gray) for value in counts if (gray := value * 255 // top) >= 0}


def _is_framed(pixels: npt.NDArray[np.generic]) -> bool:
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return bool(np.all(rim >= _WHITE)) and rim.dtype == np.uint8


def _with_others(
    found: PredictedFile, ids: Label | None, size: Size, framed: bool, beside: Beside
) -> PredictedFile:
    """Join what the label, the photo and the scores tell."""
    truth = _label_of(beside)
    cut = None
    if ids is not None and beside.scores is not None:
        scores = read_scores(beside.scores)
        cut = None if scores is None else CutScores.of(ids, scores)
    if truth is None:
        wanted = _photo_size(beside.photo, size)
        sizes = PredictedSizes.of(found.name, size, wanted, framed) if wanted else None
        return replace(found, sizes=sizes, cut=cut)
    same = ids is not None and ids.shape == truth.shape
    lies = None if ids is None or same else best_fit(ids, truth)
    (height, width) = truth.shape
    return replace(
        found,
        label_edges=PredictedEdges.of(truth) if beside.closely else None,
        sizes=PredictedSizes.of(found.name, size, (height, width), framed, lies),
        fit=None if ids is None else LabelFit.of(ids, truth, beside.ignore),
        crops=PredictedCrops.of(ids, truth, beside.ignore) if ids is not None and same else None,
        thumbnails=thumbnails(ids, truth) if ids is not None and same else None,
        cut=cut,
    )


def _label_of(beside: Beside) -> Label | None:
    if beside.label is None:
        return None
    try:
        return read_label(beside.label)
    except (Unreadable, NoIds, OSError):
        return None


def _photo_size(photo: Path | None, size: Size) -> Size | None:
    """Height and width of a photo; if it lies on its side, either way it may be turned is right."""
    if photo is None:
        return None
    try:
        header = read_header(photo)
    except (Unreadable, OSError):
        return None
    wanted = header.height, header.width
    turned = header.orientation > 4 and size == wanted[::-1]
    return size if turned else wanted
