"""Hatching: a pattern of its own for every class, told apart without any color."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from segdata.classes import ClassMap

Mask = npt.NDArray[np.bool_]
_Grid = npt.NDArray[np.int64]

# A picture holds about so many periods of the densest pattern along the root of its area, which
# keeps lines apart in a thumbnail and in print; below this many pixels they run together.
_PERIODS, _SMALLEST = 56, 6
# Directions as (dx, dy) of small whole numbers: every pattern is exact on the pixel grid. The four
# that the eye separates best come first.
_DIRECTIONS = ((1, 1), (1, -1), (0, 1), (1, 0), (1, 2), (2, -1), (2, 1), (1, -2))
# Periods, and shares of a period that are ink: the first is light, the second heavy.
_SCALES, _INK = (1.0, 1.6, 2.4), (0.22, 0.45)


@dataclass(frozen=True)
class Pattern:
    """Where ink is.

    Args:
        family: ``plain``, ``lines``, ``cross``, ``dots``, ``dashes``, ``pairs`` or ``rings``.
        direction: across the lines, ``(dx, dy)``.
        scale: of the period.
        ink: share of the period.
    """

    family: str = "plain"
    direction: tuple[int, int] = (1, 1)
    scale: float = 1.0
    ink: float = _INK[0]

    def mask(self, rows: _Grid, columns: _Grid, unit: int) -> Mask:
        """``bool``, the shape that ``rows`` and ``columns`` have together: True is ink.

        Args:
            rows, columns: coordinates of pixels, such as :func:`numpy.ogrid` gives.
            unit: pixels of the smallest period.
        """
        return _FAMILIES[self.family](self, rows, columns, unit)


PLAIN = Pattern()
_IGNORED = Pattern("dots", (0, 1), 2.0, 0.1)


def unit_of(height: int, width: int) -> int:
    """The period of the densest pattern in pixels, in proportion to the picture."""
    return max(_SMALLEST, round(math.sqrt(height * width) / _PERIODS))


@cache
def patterns() -> tuple[Pattern, ...]:
    """All patterns, the most different first; the first one has no ink."""
    lines, more = _DIRECTIONS[:4], _DIRECTIONS[4:]
    crossed = ((1, 1), (0, 1), (1, 2), (2, 1))
    first = [Pattern("lines", d) for d in lines]
    first += [Pattern("cross", d) for d in crossed[:2]]
    first += [Pattern("dots", (0, 1)), Pattern("rings", (0, 1), 1.6)]
    found = [PLAIN, *first]
    for scale, ink in ((s, i) for s in (*_SCALES[1:], _SCALES[0]) for i in reversed(_INK)):
        found += [Pattern(f, d, scale, ink) for f in ("lines", "dashes", "pairs") for d in lines]
        found += [Pattern("cross", d, scale, ink) for d in crossed]
        found += [Pattern(f, (0, 1), scale, ink) for f in ("dots", "rings")]
        found += [Pattern(f, d, scale, ink) for f in ("lines", "dashes", "pairs") for d in more]
    return tuple(dict.fromkeys(found))


def patterns_of(class_map: ClassMap) -> dict[int, Pattern]:
    """A pattern for every class, by id: the first one has no ink, what is ignored sparse dots.

    Beyond the number of patterns they repeat, in other colors.
    """
    inked = patterns()[1:]
    found = {entry.id: PLAIN for entry in class_map.trained[:1]}
    for place, entry in enumerate(class_map.trained[1:]):
        found[entry.id] = inked[place % len(inked)]
    if class_map.ignore is not None:
        found[class_map.ignore] = _IGNORED
    return found


def _phase(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> tuple[_Grid, int]:
    """How far each pixel is into its period, and the period, both along the direction."""
    dx, dy = pattern.direction
    period = max(2, round(unit * pattern.scale * (dx * dx + dy * dy) ** 0.5))
    return (columns * dx + rows * dy) % period, period


def _thickness(pattern: Pattern, period: int) -> int:
    return max(1, round(period * pattern.ink))


def _plain(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> Mask:
    return np.zeros(np.broadcast_shapes(rows.shape, columns.shape), dtype=bool)


def _lines(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> Mask:
    phase, period = _phase(pattern, rows, columns, unit)
    return phase < _thickness(pattern, period)


def _across(pattern: Pattern) -> Pattern:
    dx, dy = pattern.direction
    return Pattern(pattern.family, (-dy, dx), pattern.scale, pattern.ink)


def _cross(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> Mask:
    return _lines(pattern, rows, columns, unit) | _lines(_across(pattern), rows, columns, unit)


def _dots(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> Mask:
    return _radius(pattern, rows, columns, unit) < 0.15 + pattern.ink * 0.45


def _rings(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> Mask:
    radius = _radius(pattern, rows, columns, unit)
    return (radius < 0.45) & (radius > 0.42 - pattern.ink * 0.6)


def _radius(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> npt.NDArray[np.float64]:
    """Distance to the middle of a square of a lattice, in periods; every other row is shifted."""
    period = max(4, round(unit * pattern.scale * 1.2))
    shifted = columns + (rows // period % 2) * (period // 2)
    x = (shifted % period - (period - 1) / 2) / period
    y = (rows % period - (period - 1) / 2) / period
    return np.sqrt(x * x + y * y)


def _dashes(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> Mask:
    """Lines with gaps of half a dash, shifted from line to line."""
    phase, period = _phase(_across(pattern), rows, columns, unit)
    dx, dy = pattern.direction
    line = (columns * dx + rows * dy) // period
    along = (phase + line % 2 * (period // 2)) % period
    return _lines(pattern, rows, columns, unit) & (along < period * 0.6)


def _pairs(pattern: Pattern, rows: _Grid, columns: _Grid, unit: int) -> Mask:
    """Two lines near each other, then a gap of a period."""
    wide = Pattern(pattern.family, pattern.direction, pattern.scale * 2, pattern.ink)
    phase, period = _phase(wide, rows, columns, unit)
    thick = max(1, round(period * pattern.ink / 2.6))
    return (phase < thick) | ((phase >= 2 * thick) & (phase < 3 * thick))


_FAMILIES: Final[dict[str, Callable[[Pattern, _Grid, _Grid, int], Mask]]] = {
    "plain": _plain,
    "lines": _lines,
    "cross": _cross,
    "dots": _dots,
    "dashes": _dashes,
    "pairs": _pairs,
    "rings": _rings,
}
