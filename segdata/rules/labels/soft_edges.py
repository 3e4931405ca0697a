"""What the edges of labels tell: interpolation, JPEG, a soft brush."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segdata.facts.structure import StructureFacts
    from segdata.rules.labels.idset import IdSet

# Share of ribbons between values (facts.ribbons.Meetings.blended). With the ids of CamVid and of
# rendered streets numbered in 300 ways: 0.13 at most as drawn; 0.36 to 0.98 after bilinear, area or
# cubic resizing by 0.4 to 2, or a blur. Fewer ribbons than these are no evidence.
_BLENDED, _RIBBONS = 0.25, 30
# Meetings at the borders of blocks of 8, to the most anywhere else: JPEG of quality 95 and less has
# 1.22 and more; labels as drawn, resized or blurred 1.03 at most.
_BLOCKY = 1.12
# Without ribbons to confirm it, and with enough meetings to tell.
_VERY_BLOCKY, _MEETINGS = 1.3, 1000
# What is at edges only has few pixels whose neighbors are all like them.
_AT_EDGES = 0.1
# A class that is drawn with a brush has this share of the pixels that are not at an edge.
_PLAIN = 0.01
# Three classes that lie inside each other leave ribbons of one value only. That they come of
# interpolation is likely where that value has areas of its own, too.
_FEW, _STEPPED, _AREAS = 4, 0.3, 0.3
# Two classes, 0 and 2, halved in size: 1 stands between them at half of the places, and they meet
# at the others (0.40); where a border is drawn they meet nowhere.
_OPEN = 0.2


def shape_of(facts: StructureFacts, ids: IdSet) -> str | None:
    """The rule that explains the edges of labels: L10, L11 or L12; None where they are clean."""
    meetings = facts.meetings
    if _blocks_outside(facts, ids):
        return "L11"
    if meetings.blended < _BLENDED or meetings.ribbons < _RIBBONS:
        return None
    clean = sum(facts.clean.values())
    drawn = [v for v in ids.inside if facts.clean.get(v, 0) >= _PLAIN * clean]
    blocky = meetings.blockiness >= _BLOCKY
    if not drawn and ids.outside:
        return "L11" if blocky else "L12"
    if blocky and meetings.jumps:
        return "L11"
    return "L10" if meetings.leaps else None


def areas_of(facts: StructureFacts) -> tuple[int, ...]:
    """The values that fill areas."""
    clean = sum(facts.clean.values())
    return tuple(sorted(v for v, n in facts.clean.items() if n >= _PLAIN * clean))


def _blocks_outside(facts: StructureFacts, ids: IdSet) -> bool:
    """Two classes leave no ribbons: JPEG makes of 0 and 1 some 2, at edges, in blocks."""
    blocky = facts.meetings.blockiness >= _VERY_BLOCKY and facts.meetings.total >= _MEETINGS
    at_edges = all(
        facts.clean.get(value, 0) <= _AT_EDGES * facts.pixels.get(value, 0) for value in ids.outside
    )
    return bool(ids.outside) and blocky and at_edges


def only_ribbons(facts: StructureFacts, ids: IdSet) -> int | None:
    """The one value that is nowhere but in ribbons between others, which also meet without it.

    A border that is drawn around objects lies all around them.
    """
    meetings, value = facts.meetings, facts.meetings.main
    few = len(ids.trained) <= _FEW
    if value is None or meetings.between[value] < _RIBBONS or value not in ids.trained or not few:
        return None
    drawn = facts.clean.get(value, 0) > _AT_EDGES * facts.pixels.get(value, 0)
    open_ = meetings.crisp >= _OPEN * (meetings.crisp + meetings.between[value])
    elsewhere = meetings.beyond.get(value, 0) > _AT_EDGES * meetings.between[value]
    return None if drawn or elsewhere or not open_ else value


def in_doubt(facts: StructureFacts, ids: IdSet) -> int | None:
    """The one value between others whose ribbons may come of interpolation."""
    meetings, value = facts.meetings, facts.meetings.main
    if value is None or meetings.between[value] < _RIBBONS or len(ids.trained) > _FEW:
        return None
    own = facts.clean.get(value, 0) >= _AREAS * facts.pixels.get(value, 0)
    return value if own and meetings.stepped >= _STEPPED else None
