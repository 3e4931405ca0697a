"""Small pictures in a terminal: every character is two pixels, one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from rich.console import Console
from rich.text import Text

from segdata.console.paragraphs import kept, paragraph
from segdata.exhibits import Exhibit, View
from segdata.exhibits.view import Pixels
from segdata.resizing import resize_photo

# Lines of a picture, and columns between two; with captions and legend it takes 12 lines.
_LINES, _BETWEEN, _INDENT = 10, 4, 2
_UPPER_HALF = "▀"


def can_show(console: Console) -> bool:
    """Whether it is a window with colors: in a file or a pipe pictures are noise."""
    return (
        console.is_terminal
        and console.color_system is not None
        and not console.no_color
        and not console.options.ascii_only
    )


def render_exhibit(exhibit: Exhibit, console: Console) -> None:
    """The last two views beside each other, and what the colors mean."""
    views = exhibit.views[-2:]
    columns = (console.width - _INDENT - _BETWEEN) // 2
    pictures = [_fitted(view, columns) for view in views]
    captions = [view.caption[:columns] for view in views]
    widths = [
        max(picture.shape[1], len(caption))
        for picture, caption in zip(pictures, captions, strict=True)
    ]
    console.print()
    _render_row([Text(caption, style="dim") for caption in captions], widths, console)
    for line in range(max(len(picture) for picture in pictures) // 2):
        _render_row([_line(picture, line) for picture in pictures], widths, console)
    legend = Text()
    for entry in exhibit.legend:
        legend.append("  " if legend else "")
        legend.append(kept("██ "), style=_hex(entry.color))
        legend.append(kept(f"{entry.label} {entry.share:.0%}"))
    if legend:
        paragraph(legend, console, indent=_INDENT)


def _render_row(parts: list[Text], widths: list[int], console: Console) -> None:
    row = Text(" " * _INDENT)
    for part, width in zip(parts, widths, strict=True):
        row.append_text(part).append(" " * (width - part.cell_len + _BETWEEN))
    row.rstrip()
    console.print(row)


def _fitted(view: View, columns: int) -> Pixels:
    """As large as the lines allow; an even number of rows."""
    height, width = view.pixels.shape[:2]
    scale = min(2 * _LINES / height, columns / width)
    rows = max(2, round(height * scale / 2) * 2)
    size = (rows, max(1, round(width * scale)))
    if not view.flat:
        return resize_photo(view.pixels, size)
    down, across = (
        (np.arange(new) * 2 + 1) * old // (2 * new)
        for new, old in zip(size, (height, width), strict=True)
    )
    return np.ascontiguousarray(view.pixels[down[:, None], across])


def _line(picture: Pixels, line: int) -> Text:
    text = Text()
    if 2 * line + 1 >= len(picture):
        return text
    rows = zip(picture[2 * line].tolist(), picture[2 * line + 1].tolist(), strict=True)
    for (above, below), cells in groupby(rows):
        blocks = _UPPER_HALF * len(list(cells))
        text.append(blocks, style=f"{_hex(above)} on {_hex(below)}")
    return text


def _hex(color: Sequence[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
