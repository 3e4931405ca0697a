"""Text beside pictures: captions and legends. Nothing is ever written over a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from segdata.classes import ClassMap, Color, Label
from segdata.drawing.patterns import PLAIN, Pattern
from segdata.drawing.styles import ink_on
from segdata.drawing.text import drawn_with, legible, shortened, text_size, width_of
from segdata.resizing import fitting, resize_label, resize_photo

Photo = npt.NDArray[np.uint8]

PAPER: Color = (252, 252, 253)
INK: Color = (32, 36, 40)
_EDGE: Color = (120, 126, 132)
# Panels are at least this wide, so that a caption fits, and none is enlarged beyond this length.
NARROWEST = 240
_LONGEST = 960
# Panels stand in one row up to this width; then in two.
_WIDEST_ROW = 2400


@dataclass(frozen=True)
class LegendEntry:
    """A class that a picture shows.

    Args:
        share: of the label's pixels.
        predicted: of the prediction's pixels, where one stands beside the label.
        pattern: what its color is hatched with.
    """

    id: int
    name: str
    color: Color
    share: float
    predicted: float | None = None
    pattern: Pattern = PLAIN

    @property
    def text(self) -> str:
        """The name and the share: ``road 28.5 %``, or ``road 28.5 %, predicted 30.1 %``."""
        return f"{self.name}{self.shares}"

    @property
    def shares(self) -> str:
        """What follows the name."""
        after = "" if self.predicted is None else f", predicted {percent(self.predicted)}"
        return f" {percent(self.share)}{after}"


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture and what stands above it. ``image: uint8 H×W×3, RGB``."""

    caption: str
    image: Photo


def legend(
    class_map: ClassMap, label: Label, prediction: Label | None = None
) -> tuple[LegendEntry, ...]:
    """The classes that a label and its prediction hold, the largest share of the label first.

    Args:
        label: ``uint8 or uint16 H×W, class ids``.
        prediction: the same.
    """
    shares = _shares(label)
    predicted = {} if prediction is None else _shares(prediction)
    return tuple(
        LegendEntry(
            i,
            class_map.name(i),
            class_map.color(i),
            shares.get(i, 0.0),
            None if prediction is None else predicted.get(i, 0.0),
        )
        for i in sorted(shares.keys() | predicted, key=lambda i: (-shares.get(i, 0.0), i))
    )


def draw_legend(entries: Sequence[LegendEntry], width: int, size: int | None = None) -> Photo:
    """Swatches with names and shares in columns.

    Args:
        width: of the picture, in pixels.
        size: of the text; None takes what suits the width.

    Returns:
        ``uint8 H×width×3, RGB``; the height follows.
    """
    size = size or text_size(width)
    gap, row = size, round(size * 1.8)
    texts = [_fitted(entry, size, width - 5 * gap) for entry in entries]
    column = 4 * gap + max((round(width_of(text, size)) for text in texts), default=0)
    columns = max(1, (width - gap) // column)
    rows = -(-len(entries) // columns)
    sheet = Image.new("RGB", (width, rows * row + gap), PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, (entry, text) in enumerate(zip(entries, texts, strict=True)):
        x = gap + place % columns * column
        y = gap // 2 + place // columns * row
        sheet.paste(Image.fromarray(_swatch(entry, size)), (x, y + (row - size) // 2))
        at = (x + 2 * size + gap // 2, y + row // 2)
        draw.text(at, text, INK, drawn_with(text, size), anchor="lm")
    return np.asarray(sheet)


def side_by_side(panels: Sequence[Panel], *legends: Sequence[LegendEntry]) -> Photo:
    """Panels with captions above them and legends under all.

    Panels take the first one's size; that is enlarged or reduced to what a screen shows.

    Returns:
        ``uint8 H×W×3, RGB``.
    """
    height, width = _panel_size(panels[0].image)
    column = max(width, NARROWEST)
    columns = len(panels) if column * len(panels) <= _WIDEST_ROW else min(2, len(panels))
    size = text_size(columns * column)
    caption, gap = round(size * 2.2), size
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    sheet = Image.new(
        "RGB",
        (gap + columns * (column + gap), gap // 2 + len(rows) * (height + caption)),
        PAPER,
    )
    draw = ImageDraw.Draw(sheet)
    for r, row in enumerate(rows):
        for c, panel in enumerate(row):
            x, y = gap + c * (column + gap), gap // 2 + r * (height + caption)
            text = shortened(panel.caption, size, column)
            draw.text((x, y + caption // 2), text, INK, drawn_with(text, size), anchor="lm")
            picture = _sized(panel.image, (height, width))
            sheet.paste(Image.fromarray(picture), (x, y + caption))
    return under(np.asarray(sheet), *legends)


def under(picture: Photo, *legends: Sequence[LegendEntry]) -> Photo:
    """A picture with legends under it; a narrow one is enlarged, so that they fit."""
    wide = wide_enough(picture)
    strips = [draw_legend(entries, wide.shape[1]) for entries in legends if entries]
    return under_with(wide, *strips)


def under_with(picture: Photo, *strips: Photo) -> Photo:
    """A picture with others, as wide as it is, under it."""
    return np.concatenate([picture, *strips])


def wide_enough(picture: Photo) -> Photo:
    """The picture with room for text under it.

    Where it is too narrow each pixel becomes a square of several; paper fills what is left beside
    one that is tall already.
    """
    times = _enlarged(*picture.shape[:2])
    wide = picture if times == 1 else picture.repeat(times, axis=0).repeat(times, axis=1)
    room = NARROWEST - wide.shape[1]
    if room <= 0:
        return wide
    paper = np.full((wide.shape[0], room, 3), PAPER, np.uint8)
    return np.concatenate([wide, paper], axis=1)


def _fitted(entry: LegendEntry, size: int, room: int) -> str:
    """The entry's text, the name shortened where both do not fit: shares are always told."""
    name = legible(entry.name, size, f"class {entry.id}")
    text = replace(entry, name=name).text
    if width_of(text, size) <= room:
        return text
    left = room - width_of(entry.shares, size)
    return shortened(replace(entry, name=shortened(name, size, left)).text, size, room)


def _swatch(entry: LegendEntry, size: int) -> Photo:
    """A color and its pattern with an edge around them: ``uint8 size×2·size×3``."""
    swatch = np.full((size, 2 * size, 3), entry.color, np.uint8)
    rows, columns = np.ogrid[:size, : 2 * size]
    swatch[entry.pattern.mask(rows, columns, max(4, size // 3))] = ink_on(swatch[0, 0])
    swatch[[0, -1]] = swatch[:, [0, -1]] = _EDGE
    return swatch


def _shares(label: Label) -> dict[int, float]:
    counts = np.bincount(label.ravel())
    return {int(i): int(counts[i]) / label.size for i in np.flatnonzero(counts)}


def percent(share: float) -> str:
    """A share in words, as ``28.5 %``."""
    return "<0.1 %" if 0 < share < 0.001 else f"{share * 100:.1f} %"


def _panel_size(image: Photo) -> tuple[int, int]:
    height, width = fitting(image.shape[0], image.shape[1], _LONGEST)
    times = _enlarged(height, width)
    return height * times, width * times


def _enlarged(height: int, width: int) -> int:
    """How many times a picture is enlarged: a column of few pixels must not become a tower."""
    return max(1, min(-(-NARROWEST // width), _LONGEST // height))


def _sized(image: Photo, size: tuple[int, int]) -> Photo:
    if size[0] > image.shape[0]:
        planes = [resize_label(image[..., c], size) for c in range(3)]
        return np.stack(planes, axis=-1).astype(np.uint8, copy=False)
    return resize_photo(image, size)
