"""The table of classes: ids, names and colors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from segdata.classes.colors import Color, ColorLookup, ColorReading, Label, color_lookup
from segdata.errors import UserError

# PASCAL VOC's void color (VOCdevkit VOClabelcolormap, entry 255).
VOID_COLOR: Color = (224, 224, 192)


@dataclass(frozen=True)
class SegClass:
    """One class: its id in label images, its name, and its color if it has one."""

    id: int
    name: str
    color: Color | None = None


@dataclass(frozen=True)
class ClassMap:
    """The classes of a data set in order of id.

    Args:
        classes: the classes, the ignored one included if it has a name or a color.
        ignore: the id that takes no part in training and scores; None ignores nothing.

    Raises:
        UserError: two classes share an id or a color, or an id does not fit 16 bits (65535 is
            kept for the ignore label).
    """

    classes: tuple[SegClass, ...]
    ignore: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(sorted(self.classes, key=lambda c: c.id)))
        _check_ids(self.classes, self.ignore)
        _check_distinct(self.classes)

    @cached_property
    def trained(self) -> tuple[SegClass, ...]:
        """The classes that a network learns: all but the ignored one."""
        return tuple(c for c in self.classes if c.id != self.ignore)

    @property
    def num_classes(self) -> int:
        """Channels that a network needs: the largest trained id plus one."""
        return max((c.id for c in self.trained), default=-1) + 1

    @cached_property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """The narrowest type that holds every id."""
        largest = max([c.id for c in self.classes] + [self.ignore or 0])
        return np.uint8 if largest <= np.iinfo(np.uint8).max else np.uint16

    @property
    def no_class(self) -> int:
        """What a pixel of no class becomes: of an unknown color, or of an id that is not listed."""
        if self.ignore is not None:
            return self.ignore
        small = np.iinfo(np.uint8).max
        fits = self.dtype is np.uint8 and small not in self.names
        return small if fits else np.iinfo(np.uint16).max

    @cached_property
    def names(self) -> Mapping[int, str]:
        return {c.id: c.name for c in self.classes}

    def name(self, class_id: int) -> str:
        """The name of an id, also of one that has none."""
        if class_id in self.names:
            return self.names[class_id]
        return "void" if class_id == self.ignore else f"class {class_id}"

    def color(self, class_id: int) -> Color:
        """The color of an id; PASCAL's bit pattern for one that has none."""
        for entry in self.classes:
            if entry.id == class_id and entry.color is not None:
                return entry.color
        return VOID_COLOR if class_id == self.ignore else pascal_color(class_id)

    def color_table(self) -> npt.NDArray[np.uint8]:
        """``uint8 N×3``: the color of every value that the dtype can hold (N = 256 or 65536)."""
        size = np.iinfo(self.dtype).max + 1
        table = np.array([pascal_color(i) for i in range(256)], dtype=np.uint8)
        table = np.resize(table, (size, 3))
        if self.ignore is not None:
            table[self.ignore] = VOID_COLOR
        for entry in self.classes:
            if entry.color is not None:
                table[entry.id] = entry.color
        return table

    def to_colors(self, label: Label) -> npt.NDArray[np.uint8]:
        """``label: uint8 or uint16 H×W`` -> ``uint8 H×W×3, RGB``."""
        table = self.color_table()
        return np.take(table, np.minimum(label, len(table) - 1), axis=0)

    def to_ids(self, rgb: npt.NDArray[np.uint8]) -> ColorReading:
        """Read a color mask.

        A table over all 2^24 colors is looked up: the cost does not depend on the number of classes
        or on the picture.

        Args:
            rgb: ``uint8 H×W×3, RGB``.

        Raises:
            UserError: no class has a color.
        """
        return self._lookup.read(rgb)

    def palette_to_ids(
        self, indices: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]
    ) -> ColorReading:
        """Read a color mask with a palette: what :meth:`to_ids` reads from its colors.

        The colors of the palette are looked up, not those of the pixels.

        Args:
            indices: ``uint8 H×W``.
            palette: ``uint8 256×3, RGB``.

        Raises:
            UserError: no class has a color.
        """
        return self._lookup.read_palette(indices, palette)

    @cached_property
    def _lookup(self) -> ColorLookup:
        colored = tuple((c.id, c.color) for c in self.classes if c.color is not None)
        if not colored:
            raise UserError(
                "no class has a color, so a color mask cannot be read",
                "give a class file with colors: segdata convert SRC OUT --classes classes.csv",
            )
        return color_lookup(colored, self.dtype is np.uint16, self.no_class)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self._packed,)

    @cached_property
    def _packed(self) -> str:
        return json.dumps(self.to_json(), default=int)

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change with any id, name, color or the ignore label."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        return {
            "ignore_label": self.ignore,
            "classes": [
                {"id": c.id, "name": c.name, "color": list(c.color) if c.color else None}
                for c in self.classes
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ClassMap:
        """The inverse of :meth:`to_json`."""
        classes = tuple(
            SegClass(c["id"], c["name"], _color(c["color"]) if c["color"] else None)
            for c in data["classes"]
        )
        return cls(classes, data["ignore_label"])


def pascal_color(class_id: int) -> Color:
    """The color that PASCAL VOC gives an id: its bits spread over the three channels.

    Source: VOCdevkit, ``VOClabelcolormap``.
    """
    red = green = blue = 0
    rest = class_id & 0xFF
    for bit in range(8):
        red |= (rest & 1) << (7 - bit)
        green |= (rest >> 1 & 1) << (7 - bit)
        blue |= (rest >> 2 & 1) << (7 - bit)
        rest >>= 3
    return red, green, blue


def _color(values: list[int]) -> Color:
    red, green, blue = values
    return red, green, blue


def _check_ids(classes: tuple[SegClass, ...], ignore: int | None) -> None:
    largest = np.iinfo(np.uint16).max
    if ignore is not None and not 0 <= ignore <= largest:
        raise UserError(f"the ignore label is {ignore}; ids are 0 to {largest}")
    for entry in classes:
        if not (0 <= entry.id < largest or entry.id == ignore):
            raise UserError(
                f"class {entry.name!r} has id {entry.id}; ids of classes are 0 to {largest - 1}"
            )


def _check_distinct(classes: tuple[SegClass, ...]) -> None:
    ids: dict[int, str] = {}
    colors: dict[Color, str] = {}
    for entry in classes:
        if entry.id in ids:
            raise UserError(
                f"id {entry.id} is given to both {ids[entry.id]!r} and {entry.name!r}",
                "give every class an id of its own",
            )
        ids[entry.id] = entry.name
        if entry.color is None:
            continue
        if entry.color in colors:
            raise UserError(
                f"color {entry.color} is given to both {colors[entry.color]!r} and {entry.name!r}",
                "give every class a color of its own",
            )
        colors[entry.color] = entry.name


@lru_cache(maxsize=8)
def _unpickled(packed: str) -> ClassMap:
    """One class map per process, however often it is sent: its tables are then made once."""
    return ClassMap.from_json(json.loads(packed))
