"""The worklist as pictures: each region in the photo, in the label and as the network sees it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap
from segdata.drawing import LegendEntry, Panel, legend, overlay, side_by_side
from segdata.images import encode_photo, read_photo
from segdata.resizing import resize_label, resize_photo
from segdata.worklist.looks import Shown
from segdata.worklist.ranking import Entry

Photo = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

# Panels of 4:3; three of them are as wide as a screen, and five rows a page.
_HEIGHT, _WIDTH = 315, 420
ON_A_PAGE = 5
# A region fills at most this share of what is shown around it, in height and width, and no fewer
# rows than this are shown: else nobody sees what surrounds it.
_FILLED, _LEAST = 0.4, 96
_OPACITY = 0.55
_PAPER = 252
# The region is outlined in both, so that it is seen on any photo.
_LIGHT, _DARK, _LINE = (255, 255, 255), (20, 20, 20), 2
# Classes that the legend names beside the two of the region, if they cover so much.
_NAMED, _COVERED = 6, 0.02
_RULE = 205


def row_of(entry: Entry, shown: Shown, class_map: ClassMap) -> Photo:
    """A row of a page: photo, label and prediction around a region, which is outlined in all.

    Returns:
        ``uint8 H×W×3, RGB``; all rows are equally wide.
    """
    one = entry.suspect
    part = _surroundings(entry, shown.label.shape)
    label, prediction = shown.label[part], entry.prediction[part]
    mask = _whole(entry, shown.label.shape)[part]
    colored = class_map.to_colors(label)
    photo = colored if shown.photo is None else read_photo(shown.photo)[part]
    pictures = {
        f"#{entry.rank}  {shown.key}": photo,
        f"label: {class_map.name(one.label)}": overlay(photo, label, class_map, _OPACITY),
        f"network: {class_map.name(one.suggestion)} ({one.confidence:.2f})": overlay(
            photo, prediction, class_map, _OPACITY
        ),
    }
    panels = [Panel(caption, _framed(picture, mask)) for caption, picture in pictures.items()]
    entries = legend(class_map, label, prediction)
    return side_by_side(panels, _most_important(entries, (one.label, one.suggestion)))


def _most_important(entries: Sequence[LegendEntry], pair: tuple[int, int]) -> Sequence[LegendEntry]:
    """The two classes of the region first, then those that cover most."""
    first = [entry for class_id in pair for entry in entries if entry.id == class_id]
    large = [e for e in entries if max(e.share, e.predicted or 0.0) >= _COVERED]
    return [*first, *(entry for entry in large if entry.id not in pair)][:_NAMED]


def page(rows: Sequence[Photo]) -> bytes:
    """Rows under each other, a line between them, as a PNG."""
    line = np.full((1, rows[0].shape[1], 3), _RULE, np.uint8)
    return encode_photo(np.concatenate([part for row in rows for part in (row, line)]))


def _surroundings(entry: Entry, size: tuple[int, ...]) -> tuple[slice, slice]:
    """What is shown around a region: 4:3 where the picture allows it."""
    one = entry.suspect
    height, width = one.mask.shape
    wanted = max(height / _FILLED, width / _FILLED * _HEIGHT / _WIDTH, _LEAST)
    tall, wide = min(size[0], round(wanted)), min(size[1], round(wanted * _WIDTH / _HEIGHT))
    top = min(max(0, one.top + (height - tall) // 2), size[0] - tall)
    left = min(max(0, one.left + (width - wide) // 2), size[1] - wide)
    return slice(top, top + tall), slice(left, left + wide)


def _whole(entry: Entry, size: tuple[int, ...]) -> Mask:
    one = entry.suspect
    whole = np.zeros(size, np.bool_)
    height, width = one.mask.shape
    whole[one.top : one.top + height, one.left : one.left + width] = one.mask
    return whole


def _framed(picture: Photo, mask: Mask) -> Photo:
    """A picture as large as a panel, under its caption, the region between two thin lines."""
    scale = min(_HEIGHT / picture.shape[0], _WIDTH / picture.shape[1])
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    large = resize_photo(picture, (height, width)).copy()
    inside = resize_label(mask.astype(np.uint8), (height, width))
    square = np.ones((3, 3), np.uint8)
    near = cv2.dilate(inside, square, iterations=_LINE)
    large[(near > 0) & (inside == 0)] = _LIGHT
    large[(cv2.dilate(near, square, iterations=_LINE) > 0) & (near == 0)] = _DARK
    out = np.full((_HEIGHT, _WIDTH, 3), _PAPER, np.uint8)
    out[:height, :width] = large
    return out
