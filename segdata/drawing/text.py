"""Names in pictures: fonts that have their letters, and names cut to the room there is."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

from PIL import ImageFont, features

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Text is a 64th of the sheet's width, within what is legible.
_SMALLEST, _LARGEST = 14, 36
# Fonts with many scripts that come with Linux, macOS and Windows; Pillow looks where each system
# keeps its fonts. The first one that has all letters of a text draws it.
_INSTALLED = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "FreeSans.ttf",
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "wqy-zenhei.ttc", "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf", "unifont.ttf", "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf", "NotoSansDevanagari-Regular.ttf", "NotoSansThai-Regular.ttf",
    "Arial Unicode.ttf", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "arial.ttf",
    "segoeui.ttf", "msyh.ttc", "YuGothM.ttc", "malgun.ttf", "Nirmala.ttf", "leelawui.ttf",
)  # fmt: skip
# Scripts that are written from the right, or whose letters join, need Raqm to lay them out.
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_JOINING = "Mc"
# Keeps a share that follows such a name at its right (Unicode 2.6, implicit directional marks).
_FROM_LEFT = "\u200e"
# No font has a letter for it (Unicode 23.7, noncharacters): it is drawn as a missing one.
_MISSING = "\uffff"


def text_size(width: int) -> int:
    """The height of text in a sheet, in pixels; ``width`` is the sheet's."""
    return max(_SMALLEST, min(_LARGEST, width // 64))


@lru_cache(maxsize=256)
def font_for(text: str, size: int) -> Font | None:
    """The font that draws a text: Pillow's own, or else an installed one; None if none can."""
    if text.isascii():
        return ImageFont.load_default(size)
    if not features.check("raqm") and any(_needs_layout(letter) for letter in text):
        return None
    return next((font for font in _installed(size) if _has_letters(font, text)), None)


def legible(text: str, size: int, otherwise: str) -> str:
    """The text in letters that some font has.

    Where none has them, accents are taken off and other letters become question marks; of a text
    of nothing else ``otherwise`` remains.
    """
    if font_for(text, size) is not None:
        backwards = any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)
        return f"{_FROM_LEFT}{text}" if backwards else text
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    plain = bare.encode("ascii", "replace").decode()
    return plain if plain.strip("? ") else otherwise


def shortened(text: str, size: int, width: float) -> str:
    """The text, cut with dots where it would be wider than ``width`` pixels."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(f"{text}...", size) > width:
        text = text[:-1]
    return f"{text}..."


def width_of(text: str, size: int) -> float:
    """How many pixels a legible text takes."""
    return drawn_with(text, size).getlength(text)


def drawn_with(text: str, size: int) -> Font:
    """The font of a text; Pillow's own where no font has its letters."""
    return font_for(text, size) or ImageFont.load_default(size)


@cache
def _installed(size: int) -> tuple[ImageFont.FreeTypeFont, ...]:
    found = []
    for name in _INSTALLED:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return tuple(found)


def _has_letters(font: ImageFont.FreeTypeFont, text: str) -> bool:
    missing = bytes(font.getmask(_MISSING))
    return all(bytes(font.getmask(c)) != missing for c in set(text) if not c.isspace())


def _needs_layout(letter: str) -> bool:
    script = unicodedata.bidirectional(letter)
    return script in _RIGHT_TO_LEFT or unicodedata.category(letter) == _JOINING
