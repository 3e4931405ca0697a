"""What a class file says of each class, before ids are settled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from segdata.classes import ClassMap, Color, SegClass
from segdata.errors import UserError

# Names of the row that is the ignore label; labelme writes the underscored one.
VOID_NAMES = frozenset({"void", "ignore", "unlabelled", "unlabeled", "__ignore__"})

# Ids are 16-bit; 65535 is kept for the ignore label (segdata.classes).
_LARGEST_ID = 65535
# What people ignore where their table gives no id that fits a picture (Cityscapes, PASCAL).
USUAL_IGNORE = 255
_HEX = re.compile(r"(?:#|0x)([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?|([0-9a-fA-F]{6})")
_SHORT_HEX = re.compile(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])")
_TRIPLE = re.compile(
    r"(?:rgb)?[(\[{]?\s*(\d{1,3})\s*[,;\s-]\s*(\d{1,3})\s*[,;\s-]\s*(\d{1,3})\s*[)\]}]?"
)


@dataclass(frozen=True)
class Entry:
    """One class as a file has it.

    Args:
        name: as written.
        where: its place: ``line 3: 'road,1,2,3'``.
        id: None where only its place in the file tells.
        color: None where there is none.
    """

    name: str
    where: str
    id: int | None = None
    color: Color | None = None


def packed_color(text: str, *, marked: bool = False) -> Color | None:
    """A color in one cell: ``#1e90ff``, ``#fff``, ``30 144 255``, ``(30, 144, 255)``.

    Args:
        marked: only what cannot be anything but a color; six digits alone may be an id.
    """
    text = text.strip()
    match = _HEX.fullmatch(text)
    if match and (match[1] or not marked):
        digits = match[1] or match[2]
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    match = _SHORT_HEX.fullmatch(text)
    if match:
        return int(match[1] * 2, 16), int(match[2] * 2, 16), int(match[3] * 2, 16)
    match = _TRIPLE.fullmatch(text)
    if match and all(int(channel) <= 255 for channel in match.groups()):
        return int(match[1]), int(match[2]), int(match[3])
    return None


def channel(value: Any) -> int:
    """A color channel of 0 to 255.

    Raises:
        ValueError: it is none.
    """
    return whole_number(value, 255)


def whole_number(value: Any, largest: int) -> int:
    """A number, or the text of one.

    Raises:
        ValueError: it is none, or too large.
    """
    text = str(value).strip() if isinstance(value, str) else ""
    if isinstance(value, int) and not isinstance(value, bool):
        # A number of a million digits is never turned into text.
        text = str(value) if 0 <= value <= largest else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= largest):
        raise ValueError(f"{_short(value)} is not a whole number from 0 to {largest}")
    return int(text)


def class_id(value: Any, name: str) -> int:
    """The id of a class; -1 is allowed for what is ignored, and becomes 255.

    Raises:
        ValueError: it is none.
    """
    if name.lower() in VOID_NAMES and value in (-1, "-1"):
        return USUAL_IGNORE
    return whole_number(value, _LARGEST_ID)


def build(entries: Iterable[Entry], source: str) -> ClassMap:
    """Settle ids and the ignore label.

    Ids are places in the file unless the file gives them. labelme lists ``__ignore__`` first and
    counts from -1: then the class behind it has id 0.

    Raises:
        UserError: two classes share a name, an id or a color, with both places; or several are
            to be ignored.
    """
    entries = list(entries)
    first = -1 if entries and entries[0].name == "__ignore__" and entries[0].id is None else 0
    placed = [
        (entry, entry.id if entry.id is not None else _placed(place, source))
        for place, entry in enumerate(entries, first)
    ]
    _refuse_twins(placed, source)
    ignored = [number for entry, number in placed if entry.name.lower() in VOID_NAMES]
    if len(ignored) > 1:
        raise UserError(f"{source} names {len(ignored)} classes void or ignore", "keep one of them")
    classes = tuple(SegClass(number, entry.name, entry.color) for entry, number in placed)
    try:
        return ClassMap(classes, ignored[0] if ignored else None)
    except UserError as error:
        raise UserError(f"{source}: {error.message}", error.remedy) from None


def _placed(place: int, source: str) -> int:
    if place > _LARGEST_ID:
        raise UserError(f"{source} lists more than {_LARGEST_ID} classes")
    return USUAL_IGNORE if place < 0 else place


def _refuse_twins(placed: list[tuple[Entry, int]], source: str) -> None:
    keys: dict[str, list[Any]] = {
        "name": [entry.name for entry, _ in placed],
        "id": [number for _, number in placed],
        "color": [entry.color for entry, _ in placed],
    }
    for what, values in keys.items():
        seen: dict[Any, Entry] = {}
        for (entry, _), value in zip(placed, values, strict=True):
            if value is None:
                continue
            if value in seen:
                first = seen[value]
                raise UserError(
                    f"{source}: {what} {value} is given to both {first.name!r} and {entry.name!r} "
                    f"({first.where}; {entry.where})",
                    f"give every class a {what} of its own",
                )
            seen[value] = entry


def _short(value: Any) -> str:
    if isinstance(value, int):
        return "the number" if abs(value) > 1 << 64 else str(value)
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def fold(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Keys in lower case with single blanks, as :data:`ROLES` spells them."""
    return {" ".join(str(key).lower().replace("_", " ").split()): data[key] for key in data}


# What columns and keys are called, best name first.
ROLES: dict[str, tuple[str, ...]] = {
    "name": ("name", "class name", "label name", "classname", "readable", "title", "class",
             "label", "category", "category name", "classes", "labels", "names"),
    "id": ("id", "class id", "label id", "classid", "category id", "index", "idx", "pixel value",
           "value", "class index", "png index", "gray", "grey", "gray value"),
    "r": ("r", "red"),
    "g": ("g", "green"),
    "b": ("b", "blue"),
    "color": ("color", "colour", "rgb", "hex", "color rgb", "rgb color", "color hex", "hex color",
              "rgb values", "palette"),
}  # fmt: skip
