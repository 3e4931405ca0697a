"""Text beside pictures: captions and legends. Nothing is ever written over a picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from segdata.classes import ClassMap, Color, Label
from segdata.resizing import fitting, resize_label, resize_photo

Photo = npt.NDArray[np.uint8]

_PAPER: Color = (252, 252, 253)
_INK: Color = (32, 36, 40)
_EDGE: Color = (120, 126, 132)
# Panels are made at least this wide, so that a caption fits, and at most this long.
_NARROWEST = 240
_LONGEST = 960
# Panels stand in one row up to this width; then in two.
_WIDEST_ROW = 2400
# Text is a 64th of the sheet's width, within what is legible.
_SMALLEST, _LARGEST = 14, 36


@dataclass(frozen=True)
class LegendEntry:
    """A class that a picture shows.

    Args:
        share: of the label's pixels.
        predicted: of the prediction's pixels, where one stands beside the label.
    """

    id: int
    name: str
    color: Color
    share: float
    predicted: float | None = None

    @property
    def text(self) -> str:
        """The name and the share: ``road 28.5 %``, or ``road 28.5 %, predicted 30.1 %``."""
        after = "" if self.predicted is None else f", predicted {_percent(self.predicted)}"
        return f"{self.name} {_percent(self.share)}{after}"


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


def draw_legend(entries: Sequence[LegendEntry], width: int) -> Photo:
    """Swatches with names and shares in columns.

    Args:
        width: of the picture, in pixels.

    Returns:
        ``uint8 H×width×3, RGB``; the height follows.
    """
    size = _text_size(width)
    font = ImageFont.load_default(size)
    gap, row = size, round(size * 1.8)
    texts = [_shortened(_legible(entry).text, font, width - 4 * gap) for entry in entries]
    column = 3 * gap + max((round(font.getlength(t)) for t in texts), default=0)
    columns = max(1, (width - gap) // column)
    rows = -(-len(entries) // columns)
    sheet = Image.new("RGB", (width, rows * row + gap), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, (entry, text) in enumerate(zip(entries, texts, strict=True)):
        x = gap + place % columns * column
        y = gap // 2 + place // columns * row
        box = (x, y + (row - size) // 2, x + size, y + (row + size) // 2)
        draw.rectangle(box, entry.color, _EDGE)
        draw.text((x + size + gap // 2, y + row // 2), text, _INK, font, anchor="lm")
    return np.asarray(sheet)


def side_by_side(panels: Sequence[Panel], *legends: Sequence[LegendEntry]) -> Photo:
    """Panels with captions above them and legends under all.

    Panels take the first one's size; that is enlarged or reduced to what a screen shows.

    Returns:
        ``uint8 H×W×3, RGB``.
    """
    height, width = _panel_size(panels[0].image)
    columns = len(panels) if width * len(panels) <= _WIDEST_ROW else min(2, len(panels))
    text_size = _text_size(columns * width)
    caption, gap = round(text_size * 2.2), text_size
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    sheet = Image.new(
        "RGB",
        (gap + columns * (width + gap), gap // 2 + len(rows) * (height + caption)),
        _PAPER,
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(text_size)
    for r, row in enumerate(rows):
        for c, panel in enumerate(row):
            x, y = gap + c * (width + gap), gap // 2 + r * (height + caption)
            text = _shortened(panel.caption, font, width)
            draw.text((x, y + caption // 2), text, _INK, font, anchor="lm")
            picture = _sized(panel.image, (height, width))
            sheet.paste(Image.fromarray(picture), (x, y + caption))
    return under(np.asarray(sheet), *legends)


def under(picture: Photo, *legends: Sequence[LegendEntry]) -> Photo:
    """A picture with legends under it; a narrow picture gets paper at its right."""
    width = max(picture.shape[1], _NARROWEST)
    keys = [draw_legend(entries, width) for entries in legends if entries]
    height = picture.shape[0] + sum(key.shape[0] for key in keys)
    out = np.full((height, width, 3), _PAPER, dtype=np.uint8)
    out[: picture.shape[0], : picture.shape[1]] = picture
    top = picture.shape[0]
    for key in keys:
        out[top : top + key.shape[0]] = key
        top += key.shape[0]
    return out


def _legible(entry: LegendEntry) -> LegendEntry:
    """The entry with a name that Pillow's own font has letters for: it knows ASCII only.

    Accents are taken off, other letters become question marks, a name of nothing else its id.
    """
    decomposed = unicodedata.normalize("NFKD", entry.name)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    plain = bare.encode("ascii", "replace").decode()
    return replace(entry, name=plain if plain.strip("? ") else f"class {entry.id}")


def _shares(label: Label) -> dict[int, float]:
    counts = np.bincount(label.ravel())
    return {int(i): int(counts[i]) / label.size for i in np.flatnonzero(counts)}


def _percent(share: float) -> str:
    return "<0.1 %" if 0 < share < 0.001 else f"{share * 100:.1f} %"


def _text_size(width: int) -> int:
    return max(_SMALLEST, min(_LARGEST, width // 64))


def _panel_size(image: Photo) -> tuple[int, int]:
    height, width = fitting(image.shape[0], image.shape[1], _LONGEST)
    times = -(-_NARROWEST // width)
    return height * times, width * times


def _sized(image: Photo, size: tuple[int, int]) -> Photo:
    if size[0] > image.shape[0]:
        planes = [resize_label(image[..., c], size) for c in range(3)]
        return np.stack(planes, axis=-1).astype(np.uint8, copy=False)
    return resize_photo(image, size)


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, cut with an ellipsis where it would be wider."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
