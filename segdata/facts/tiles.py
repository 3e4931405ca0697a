"""Tiles of one scene, told by the coordinates in their names: ``scene_0_512``, ``a_x0_y256``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import PurePath

_NAME = re.compile(
    r"(?P<scene>.*?)[-_. ]*(?:x|r|row|top|left)?[-_]?(?P<first>\d+)[-_. x]+"
    r"(?:y|c|col|top|left)?[-_]?(?P<second>\d+)",
    re.IGNORECASE,
)
# Tiles of a scene of one list that are compared with one tile; a row of neighbors has fewer.
_NEIGHBORS = 8


@dataclass(frozen=True, slots=True)
class Tile:
    """Where a tile lies in its scene, in pixels, if its name means that."""

    scene: str
    first: int
    second: int
    width: int
    height: int

    @classmethod
    def of(cls, path: str, width: int, height: int) -> Tile | None:
        """The tile that a file's name tells of; None where it has no coordinates."""
        pure = PurePath(path)
        match = _NAME.fullmatch(pure.stem)
        if match is None:
            return None
        # The file's folder and the part before the coordinates.
        scene = str(pure.parent / match["scene"])
        return cls(scene, int(match["first"]), int(match["second"]), width, height)

    @property
    def cell(self) -> tuple[str, int, int]:
        """Where it lies in a grid of its size; tiles that overlap lie in one cell or beside."""
        side = max(1, self.width, self.height)
        return self.scene, self.first // side, self.second // side


def overlapping(
    mine: Iterable[tuple[int, Tile]], theirs: Iterable[tuple[int, Tile]]
) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Numbers of two tiles of one scene that overlap, and where the second lies in the first.

    Names do not say which coordinate counts columns, so both readings are proposed.
    """
    cells: dict[tuple[str, int, int], list[tuple[int, Tile]]] = defaultdict(list)
    for entry in mine:
        cells[entry[1].cell].append(entry)
    for j, tile in theirs:
        scene, row, column = tile.cell
        near = ((scene, row + y, column + x) for y, x in product((0, -1, 1), repeat=2))
        beside = (entry for cell in near for entry in cells.get(cell, ()))
        found = ((i, j, offset) for i, other in beside for offset in _offsets(other, tile))
        yield from islice(found, _NEIGHBORS)


def _offsets(one: Tile, other: Tile) -> Iterator[tuple[int, int]]:
    """(dx, dy) of the second tile in the first, where they overlap and are not the same place."""
    a, b = other.first - one.first, other.second - one.second
    for dx, dy in dict.fromkeys([(a, b), (b, a)]):
        # Next to nothing in common decides nothing.
        if abs(dx) + abs(dy) > 0 and abs(dx) < 0.9 * one.width and abs(dy) < 0.9 * one.height:
            yield dx, dy
