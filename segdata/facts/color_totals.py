"""Unknown colors of all masks together, in memory that does not grow with the masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap, Color
from segdata.facts.color_looks import SHADE, ColorRows, nearest_classes, unpack
from segdata.facts.colors import FATES, KINDS, ColorGroupFacts, Fate, Kind, UnknownColorFacts

_ALL_COLORS = 1 << 24
# Colors that are followed one by one, 80 bytes each; later new ones are only counted.
_FOLLOWED = 1 << 20
# Colors of a kind that are listed; the others are counted.
_LISTED = 32
_EDGE_SHARE = 0.5
# Areas whose shades are looked for; masks that are photos have thousands of areas.
_WITH_SHADES = 256

_ROW = np.dtype(
    [
        ("packed", np.uint32),
        ("file", np.int32),
        ("pixels", np.int64),
        ("fates", np.int64, (len(FATES),)),
        ("files", np.int32),
        ("x", np.int32),
        ("y", np.int32),
        ("box", np.int32, (4,)),
        ("edge", np.int64),
        ("area", np.bool_),
    ]
)


@dataclass(frozen=True)
class MaskFile:
    """A mask and its photo, as the user would type them."""

    mask: str
    photo: str


class ColorTotals:
    """Adds up the unknown colors of masks, in the order of the masks.

    Totals are exact. Up to a million different colors are followed one by one; beyond them, new
    ones are counted as one more color of the kind ``scattered``.
    """

    def __init__(self) -> None:
        # The row of a color, plus one. Pages that are never touched take no memory.
        self._slots: npt.NDArray[np.int32] | None = None
        self._rows = np.empty(0, dtype=_ROW)
        self._count = 0
        self._files: list[MaskFile] = []
        self._masks_of_kind = dict.fromkeys(KINDS, 0)
        self._others = np.zeros(len(FATES), dtype=np.int64)
        self._other_colors = np.zeros(0, dtype=np.bool_)

    def add(self, file: MaskFile, seen: ColorRows, fates: npt.NDArray[np.uint8]) -> None:
        """Add a mask.

        Args:
            fates: for each row of ``seen`` an index into ``FATES``.
        """
        if not len(seen.packed):
            return
        if self._slots is None:
            self._slots = np.zeros(_ALL_COLORS, dtype=np.int32)
        for kind, present in _kinds_here(seen):
            self._masks_of_kind[kind] += present
        new = np.flatnonzero(self._slots[seen.packed] == 0)
        self._follow(file, seen, new[: _FOLLOWED - self._count])
        slots = self._slots[seen.packed] - 1
        followed = slots >= 0
        self._add_up(slots[followed], seen, fates, followed)
        if not followed.all():
            self._add_others(seen, fates, ~followed)

    def areas(self) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
        """The colors that were followed, and for each the row of the larger area that it is a
        shade of; -1 of areas themselves, -2 of what belongs to none."""
        rows = self._rows[: self._count]
        kinds = np.where(rows["area"], KINDS.index("area"), KINDS.index("scattered"))
        of_area = _shades_of_areas(rows, kinds)
        of_area[_classes_of_near_colors(rows, of_area)] = -1
        return rows, np.where((of_area < 0) & ~rows["area"], -2, of_area)

    def file_of(self, row: np.void) -> MaskFile:
        """The first mask with a color."""
        return self._files[int(row["file"])]

    def groups(self, class_map: ClassMap, pixels: int) -> tuple[ColorGroupFacts, ...]:
        """What was seen, by kind.

        Args:
            class_map: whose colors the unknown ones are compared with.
            pixels: of all masks, those without unknown colors included.
        """
        rows = self._rows[: self._count]
        if not len(rows):
            return ()
        nearest, distance = nearest_classes(rows["packed"], class_map)
        kinds = _kinds(rows, distance)
        of_area = _shades_of_areas(rows, kinds)
        kinds[of_area >= 0] = KINDS.index("area")
        view = _View(rows, nearest, distance, of_area, class_map, pixels, self._files)
        groups = [self._group(view, kind, np.flatnonzero(kinds == n))
                  for n, kind in enumerate(KINDS)]  # fmt: skip
        return tuple(group for group in groups if group is not None)

    def swapped_share(self, class_map: ClassMap) -> float:
        """Share of the unknown pixels that have a class's color with red and blue swapped."""
        rows = self._rows[: self._count]
        colors = {c.color[::-1] for c in class_map.classes if c.color is not None}
        packed = [red | green << 8 | blue << 16 for red, green, blue in colors]
        total = int(rows["pixels"].sum() + self._others.sum())
        return float(rows["pixels"][np.isin(rows["packed"], packed)].sum() / max(1, total))

    def _follow(self, file: MaskFile, seen: ColorRows, new: npt.NDArray[np.int64]) -> None:
        """Give new colors a row, with the place where they are met first."""
        if not len(new):
            return
        assert self._slots is not None
        self._files.append(file)
        end = self._count + len(new)
        if end > len(self._rows):
            grown = np.zeros(max(end, 2 * len(self._rows)), dtype=_ROW)
            grown[: self._count] = self._rows[: self._count]
            self._rows = grown
        rows = self._rows[self._count : end]
        rows["packed"] = seen.packed[new]
        rows["file"] = len(self._files) - 1
        rows["y"], rows["x"] = np.divmod(seen.first[new], seen.width)
        rows["box"] = seen.boxes[new]
        self._slots[seen.packed[new]] = np.arange(self._count + 1, end + 1)
        self._count = end

    def _add_up(
        self, slots: npt.NDArray[np.int32], seen: ColorRows, fates: npt.NDArray[np.uint8],
        which: npt.NDArray[np.bool_],
    ) -> None:  # fmt: skip
        rows = self._rows
        rows["pixels"][slots] += seen.pixels[which]
        rows["fates"][slots, fates[which]] += seen.pixels[which]
        rows["files"][slots] += 1
        rows["edge"][slots] += seen.edge[which]
        rows["area"][slots] |= seen.area[which]

    def _add_others(
        self, seen: ColorRows, fates: npt.NDArray[np.uint8], which: npt.NDArray[np.bool_]
    ) -> None:
        if not len(self._other_colors):
            self._other_colors = np.zeros(_ALL_COLORS, dtype=np.bool_)
        self._other_colors[seen.packed[which]] = True
        weights = seen.pixels[which]
        self._others += np.bincount(fates[which], weights, len(FATES)).astype(np.int64)

    def _group(
        self, view: _View, kind: Kind, members: npt.NDArray[np.int64]
    ) -> ColorGroupFacts | None:
        rows = view.rows[members]
        fates, colors = rows["fates"].sum(0), len(members)
        if kind == "scattered":
            fates = fates + self._others
            colors += int(np.count_nonzero(self._other_colors))
        if not fates.any():
            return None
        leaders = members[view.of_area[members] < 0]
        pixels = view.rows["pixels"]
        order = np.lexsort((view.rows["packed"][leaders], -pixels[leaders]))[:_LISTED]
        return ColorGroupFacts(
            kind=kind,
            colors=len(leaders) if kind == "area" else colors,
            pixels=int(fates.sum()),
            share=int(fates.sum()) / max(1, view.total),
            files=max(self._masks_of_kind[kind], int(rows["files"].max(initial=0))),
            farthest=float(view.distance[members].max(initial=0)),
            fates=_fates(fates),
            listed=tuple(view.facts(int(row), kind) for row in leaders[order]),
        )


@dataclass(frozen=True, eq=False)
class _View:
    """The rows with what was worked out about them."""

    rows: npt.NDArray[np.void]
    nearest: npt.NDArray[np.uint16]
    distance: npt.NDArray[np.float32]
    of_area: npt.NDArray[np.int64]
    class_map: ClassMap
    total: int
    files: Sequence[MaskFile]

    def facts(self, row: int, kind: Kind) -> UnknownColorFacts:
        """One color; an area together with its shades."""
        entry = self.rows[row]
        shades = np.flatnonzero(self.of_area == row)
        family = self.rows[np.append(shades, row)]
        pixels = int(family["pixels"].sum())
        file = self.files[entry["file"]]
        left, top, right, bottom = (int(v) for v in entry["box"])
        return UnknownColorFacts(
            color=_color(entry["packed"]),
            kind=kind,
            pixels=pixels,
            share=pixels / max(1, self.total),
            files=int(family["files"].max()),
            mask=file.mask,
            photo=file.photo,
            x=int(entry["x"]),
            y=int(entry["y"]),
            box=(left, top, right, bottom),
            edge_share=float(family["edge"].sum() / pixels),
            shades=len(shades),
            nearest=self.class_map.name(int(self.nearest[row])),
            distance=float(self.distance[row]),
            fates=_fates(family["fates"].sum(0)),
        )


def _kinds_here(seen: ColorRows) -> Iterator[tuple[Kind, bool]]:
    """Which kinds one mask shows."""
    shade = ~seen.area & (seen.distance <= SHADE)
    edge = ~seen.area & ~shade & (seen.edge >= _EDGE_SHARE * seen.pixels)
    yield "area", bool(seen.area.any())
    yield "shade", bool(shade.any())
    yield "edge", bool(edge.any())
    yield "scattered", bool((~seen.area & ~shade & ~edge).any())


def _kinds(rows: npt.NDArray[np.void], distance: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """For each color an index into ``KINDS``."""
    conditions = [rows["area"], distance <= SHADE, rows["edge"] >= _EDGE_SHARE * rows["pixels"]]
    return np.select(conditions, [0, 1, 2], default=3)


def _shades_of_areas(
    rows: npt.NDArray[np.void], kinds: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """For each color the row of the larger area that it is a shade of; -1 for none."""
    of_area = np.full(len(rows), -1, dtype=np.int64)
    colors = unpack(rows["packed"]).astype(np.float32)
    areas = np.flatnonzero(kinds == KINDS.index("area"))
    free = kinds != KINDS.index("shade")
    for row in areas[np.argsort(-rows["pixels"][areas], kind="stable")][:_WITH_SHADES]:
        if of_area[row] >= 0:
            continue
        near = free & (((colors - colors[row]) ** 2).sum(1) <= SHADE**2)
        near[row] = False
        of_area[near] = row
        free &= ~near
        free[row] = False
    return of_area


def _classes_of_near_colors(
    rows: npt.NDArray[np.void], of_area: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Areas that are no shades: their neighbor among the colors has hardly any but areas.

    Compression makes hundreds of shades, of which one in a hundred fills an area.
    """
    shades = of_area >= 0
    areas = shades & rows["area"]
    of_each = np.bincount(of_area[shades], minlength=len(rows))
    areas_of_each = np.bincount(of_area[areas], minlength=len(rows))
    return np.asarray(areas & (2 * areas_of_each >= of_each)[of_area], np.bool_)


def _fates(counts: npt.NDArray[np.int64]) -> dict[Fate, int]:
    return {fate: int(n) for fate, n in zip(FATES, counts, strict=True)}


def _color(packed: np.uint32) -> Color:
    return int(packed) & 255, int(packed) >> 8 & 255, int(packed) >> 16
