"""Contact sheets: many images on a page, the worst first."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageDraw

from segdata.classes import ClassMap, Label
from segdata.confusion import ConfusionMatrix
from segdata.drawing.kinds import CONTACT_SHEET, both, over_photo
from segdata.drawing.picture import Photo, Picture, PictureOptions
from segdata.drawing.sheets import INK, PAPER, LegendEntry, draw_legend, percent, under_with
from segdata.drawing.text import drawn_with, legible, shortened
from segdata.errors import UserError
from segdata.images import encode_photo, read_photo
from segdata.resizing import resize_label, resize_photo

# A thumbnail's room, and the page's width: what a laptop's screen shows.
_HEIGHT, _WIDTH, _PAGE = 180, 240, 1552
_ROWS = 8
_GAP, _TEXT, _HEADING = 16, 16, 22
# A thumbnail with two lines of text under it.
_CELL = _HEIGHT + round(3.7 * _TEXT)


@dataclass(frozen=True)
class Thumbnail:
    """One image of a contact sheet.

    Args:
        key: its name.
        score: what orders it, the lowest first; None, where it has none, comes last.
        caption: the score in words.
        picture: what is drawn, as JPEG.
        labels: how many pictures stand beside each other in it.
    """

    key: str
    score: float | None
    caption: str
    picture: bytes
    labels: int


@dataclass(frozen=True)
class _Entry:
    """A thumbnail that lies in the file of a contact sheet."""

    key: str
    score: float | None
    caption: str
    start: int
    length: int


def thumbnail(item: Picture, class_map: ClassMap, options: PictureOptions) -> Thumbnail:
    """Truth and prediction over the photo, as far as they are known, and the image's score."""
    labels = [label for label in (item.truth, item.prediction) if label is not None]
    small = [_small(item.image, label, class_map, options) for label in labels]
    gap = np.full((small[0].shape[0], _GAP // 4, 3), PAPER, np.uint8)
    strip = small[0] if len(small) == 1 else np.concatenate([small[0], gap, small[1]], axis=1)
    score, caption = _score(item, class_map, options)
    return Thumbnail(item.key, score, caption, encode_photo(strip, "jpeg"), len(labels))


class ContactSheet:
    """Thumbnails in a temporary file, so that memory does not grow with the size of images."""

    def __init__(self, title: str, file: BinaryIO) -> None:
        """``title`` stands above every page; ``file`` is written and read."""
        self._title = title
        self._file = file
        self._entries: list[_Entry] = []
        self._width = _WIDTH

    def add(self, thumb: Thumbnail) -> None:
        """Keep one; the order does not matter."""
        start = self._file.seek(0, io.SEEK_END)
        self._file.write(thumb.picture)
        entry = _Entry(thumb.key, thumb.score, thumb.caption, start, len(thumb.picture))
        self._entries.append(entry)
        self._width = max(self._width, thumb.labels * (_WIDTH + _GAP // 4) - _GAP // 4)

    def pages(self, legend: Sequence[LegendEntry]) -> Iterator[tuple[str, bytes]]:
        """PNGs by their names, one at a time; ``legend`` stands under each."""
        found = sorted(self._entries, key=_order)
        columns = max(1, (_PAGE - _GAP) // (self._width + _GAP))
        most = columns * _ROWS
        count = -(-len(found) // most)
        keys = [draw_legend(legend, self._sheet_width(columns), _TEXT)] if legend else []
        for page in range(count):
            part = found[page * most : (page + 1) * most]
            span = f"{page * most + 1} to {page * most + len(part)} of {len(found)}"
            sides = "; left the truth, right the prediction" if self._width > _WIDTH else ""
            drawn = self._page(part, f"{self._title}, images {span}{sides}", columns)
            number = str(page + 1).zfill(len(str(count)))
            yield f"{CONTACT_SHEET}/page_{number}.png", encode_photo(under_with(drawn, *keys))

    def _page(self, entries: Sequence[_Entry], heading: str, columns: int) -> Photo:
        rows, top = -(-len(entries) // columns), 2 * _HEADING
        size = (self._sheet_width(columns), top + rows * _CELL)
        sheet = Image.new("RGB", size, PAPER)
        draw = ImageDraw.Draw(sheet)
        fitted = shortened(legible(heading, _HEADING, ""), _HEADING, size[0] - 2 * _GAP)
        draw.text((_GAP, top // 2), fitted, INK, drawn_with(fitted, _HEADING), anchor="lm")
        for number, entry in enumerate(entries):
            x = _GAP + number % columns * (self._width + _GAP)
            y = top + number // columns * _CELL + _HEIGHT
            picture = self._read(entry)
            sheet.paste(Image.fromarray(picture), (x, y - picture.shape[0]))
            for line, text in enumerate((entry.key, entry.caption)):
                fitted = shortened(legible(text, _TEXT, "?"), _TEXT, self._width)
                at = (x, y + round(_TEXT * (0.9 + 1.3 * line)))
                draw.text(at, fitted, INK, drawn_with(fitted, _TEXT), anchor="lm")
        return np.asarray(sheet)

    def _sheet_width(self, columns: int) -> int:
        return _GAP + columns * (self._width + _GAP)

    def _read(self, entry: _Entry) -> Photo:
        self._file.seek(entry.start)
        return read_photo(self._file.read(entry.length))


def list_pages(out: Path) -> set[Path]:
    """The pages that lie in a folder: an earlier sheet of more images had more of them."""
    found = (out / CONTACT_SHEET).glob("page_*.png")
    return {path for path in found if path.stem.removeprefix("page_").isdecimal()}


def _order(entry: _Entry) -> tuple[float, str]:
    return math.inf if entry.score is None else entry.score, entry.key


def title_of(class_map: ClassMap, options: PictureOptions) -> str:
    """In which order the images stand, in words."""
    if options.order == "class":
        return f"By class: {class_map.name(_chosen(options))}"
    return "By name" if options.order == "name" else "The lowest IoU first"


def _small(
    photo: Photo | None, label: Label, class_map: ClassMap, options: PictureOptions
) -> Photo:
    """Reduced first and drawn then, so that lines stay as wide as they are meant to be."""
    height, width = label.shape
    scale = min(_HEIGHT / height, _WIDTH / width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = None if photo is None else resize_photo(photo, size)
    return over_photo(small, resize_label(label, size), class_map, options)


def _score(item: Picture, class_map: ClassMap, options: PictureOptions) -> tuple[float | None, str]:
    """What orders an image, and what its caption says of it."""
    known = item.truth is not None and item.prediction is not None
    if options.order == "class" and not known:
        return _share_of_class(item.label, class_map, _chosen(options))
    if options.order == "name" and not known:
        return None, ""
    matrix = _matrix(item, class_map)
    if options.order == "class":
        return _iou_of_class(matrix, class_map, _chosen(options))
    if not matrix.counts.any():
        return None, "nothing to score"
    mean = matrix.mean_iou()
    return None if options.order == "name" else mean, f"mean IoU {percent(mean)}"


def _matrix(item: Picture, class_map: ClassMap) -> ConfusionMatrix:
    pair = both(item, "an order by IoU")
    try:
        return ConfusionMatrix.of(*pair, class_map.num_classes, class_map.ignore)
    except UserError as error:
        raise UserError(
            f"{item.key}: {error.message}",
            "every id must be a class or the ignore label; segdata validate finds such labels",
        ) from error


def _share_of_class(label: Label, class_map: ClassMap, class_id: int) -> tuple[float | None, str]:
    """The largest share comes first."""
    share, name = float((label == class_id).mean()), class_map.name(class_id)
    return (-share, f"{name} {percent(share)}") if share else (None, f"no {name}")


def _iou_of_class(
    matrix: ConfusionMatrix, class_map: ClassMap, class_id: int
) -> tuple[float | None, str]:
    iou, name = float(matrix.iou[class_id]), class_map.name(class_id)
    return (None, f"no {name}") if math.isnan(iou) else (iou, f"{name} IoU {percent(iou)}")


def _chosen(options: PictureOptions) -> int:
    if options.by_class is None:
        raise UserError("an order by class needs a class", "name it: --class NAME")
    return options.by_class
