"""Names of classes as labeling tools keep them, and the class map that is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import overload

import numpy as np

from segdata.classes import ClassMap, Color, SegClass
from segdata.sources import Hints
from segdata.sources.class_files import VOID_NAMES, read_class_file

BACKGROUND = "background"
_BACKGROUND_NAMES = frozenset({"background", "_background_"})
# LabelMe's examples begin their lists of labels with it.
_VOID_NAMES = VOID_NAMES | {"__ignore__"}
_LONGEST_NAME = 200


def class_map_of(
    names: Iterable[str],
    hints: Hints,
    colors: Mapping[str, Color] | None = None,
    *,
    background: bool = True,
) -> ClassMap:
    """The classes of the user's class file, or those that a source names, in its order.

    Background is id 0, whatever the source calls it; what it calls void or ignore is the ignore
    label, 255 (65535 where there are more classes than 8 bits hold).

    Args:
        names: of classes, in order; a name that is repeated is one class.
        colors: of names that have one.
        background: whether pixels can lie under no shape.

    Raises:
        UserError: the class file is wrong, or there are more classes than 16 bits hold.
    """
    if hints.classes is not None:
        return read_class_file(hints.classes)
    listed = dict.fromkeys(cleaned(name) for name in names)
    drawn = [name for name in listed if plain(name) != BACKGROUND and not _is_void(name)]
    grounds = [name for name in listed if plain(name) == BACKGROUND]
    if background or grounds:
        drawn = [*(grounds[:1] or [BACKGROUND]), *drawn]
    fits = len(drawn) <= np.iinfo(np.uint8).max
    ignore = int(np.iinfo(np.uint8 if fits else np.uint16).max)
    free = _free_colors(drawn, colors or {})
    classes = [SegClass(number, name, free.get(name)) for number, name in enumerate(drawn)]
    voids = [SegClass(ignore, name) for name in listed if _is_void(name)][:1]
    return ClassMap((*classes, *voids), ignore)


def ids_by_name(class_map: ClassMap) -> dict[str | None, int]:
    """The id of each name, as :func:`plain` spells it; None is what takes no part."""
    known: dict[str | None, int] = {plain(entry.name): entry.id for entry in class_map.classes}
    known[None] = class_map.no_class
    return known


@overload
def plain(name: str) -> str | None: ...
@overload
def plain(name: None) -> None: ...
def plain(name: str | None) -> str | None:
    """A name as classes are compared: background is one whatever it is called, void is None."""
    if name is None or _is_void(name):
        return None
    name = cleaned(name)
    return BACKGROUND if name.lower() in _BACKGROUND_NAMES else name


def cleaned(name: object) -> str:
    """A name that can be printed and written: without control characters and lone surrogates."""
    text = str(name)[:_LONGEST_NAME].encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else "?" for c in text).strip() or "unnamed"


def _is_void(name: str) -> bool:
    return name.strip().lower() in _VOID_NAMES


def _free_colors(names: list[str], colors: Mapping[str, Color]) -> dict[str, Color]:
    """Colors that no earlier class has: two classes of one color could not be told apart."""
    taken: dict[Color, str] = {}
    for name in names:
        if name in colors:
            taken.setdefault(colors[name], name)
    return {name: color for color, name in taken.items()}
