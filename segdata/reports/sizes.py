"""The chart and the table of objects by their size."""

from __future__ import annotations

from dataclasses import dataclass

from segdata.scores import EvalReport, ObjectScores
from segdata.scores.objects import SIZE_LIMITS, SIZE_NAMES

# Width of the drawing that a phone shows unscaled; heights of a group, of a bar, of the text.
_WIDTH, _GROUP, _BAR, _ROOM = 360.0, 106.0, 14.0, 60.0


@dataclass(frozen=True)
class SizeBar:
    """One bar: what it tells, its share and of how many; ``width`` of the box."""

    name: str
    share: float
    of: int
    y: float
    width: float
    main: bool


@dataclass(frozen=True)
class SizeGroup:
    """The bars of one size of objects."""

    name: str
    meaning: str
    y: float
    bars: tuple[SizeBar, ...]


@dataclass(frozen=True)
class SizeChart:
    width: float
    height: float
    bar_height: float
    track: float
    groups: tuple[SizeGroup, ...]


@dataclass(frozen=True)
class SizeCell:
    """Of the objects of one class and size how many there are, how many were found, and shares."""

    objects: int
    found: float
    recall: float


@dataclass(frozen=True)
class SizeRow:
    id: int
    name: str
    cells: tuple[SizeCell, ...]


def size_chart(report: EvalReport) -> SizeChart | None:
    """Found and real objects by size, of all classes; None where they were not measured."""
    if report.objects is None:
        return None
    total = report.objects.of_classes([c.id for c in report.per_class])
    track = _WIDTH - _ROOM
    groups = tuple(
        SizeGroup(name, meaning, i * _GROUP, _bars(total, i, i * _GROUP, track))
        for i, (name, meaning) in enumerate(zip(SIZE_NAMES, _meanings(), strict=True))
    )
    return SizeChart(_WIDTH, len(groups) * _GROUP, _BAR, track, groups)


def size_rows(report: EvalReport) -> list[SizeRow]:
    """Every class that has objects, by id."""
    found = report.objects
    if found is None:
        return []
    shares, recall = found.found_share, found.recall
    return [
        SizeRow(
            c.id,
            c.name,
            tuple(
                SizeCell(int(count), float(share), float(part))
                for count, share, part in zip(
                    found.objects[c.id], shares[c.id], recall[c.id], strict=True
                )
            ),
        )
        for c in report.per_class
        if found.objects[c.id].any()
    ]


def _meanings() -> tuple[str, ...]:
    low, high = (round(limit**0.5) for limit in SIZE_LIMITS)
    return f"below {low}² pixels", f"{low}² to {high}² pixels", f"from {high}² pixels on"


def _bars(total: ObjectScores, size: int, top: float, track: float) -> tuple[SizeBar, ...]:
    rows = (
        ("of {:,} true objects were found", total.found_share, total.objects, True),
        ("of {:,} predicted objects are real", total.real_share, total.claimed, False),
    )
    return tuple(
        SizeBar(
            text.format(int(counts[0, size])),
            float(shares[0, size]),
            int(counts[0, size]),
            top + 24 + 34 * i,
            track * (float(shares[0, size]) if counts[0, size] else 0.0),
            main,
        )
        for i, (text, shares, counts, main) in enumerate(rows)
    )
