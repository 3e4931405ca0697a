"""Rules about labels that are being converted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from segdata.findings import Certainty, Level
from segdata.rules import Statement, rule
from segdata.rules.wording import counted, file_name, percent, several

if TYPE_CHECKING:
    from segdata.facts.colors import (
        ColorGroupFacts,
        Fate,
        MaskColorsFacts,
        PhantomFacts,
        UnknownColorFacts,
    )
    from segdata.facts.conversion import ConversionFacts

# Colors of one kind that are told one by one; more are told as one thing with totals.
_ONE_BY_ONE = 8
# Colors named in the evidence of a group.
_NAMED = 8
# With red and blue swapped at least this share of the unknown pixels must have a class.
_SWAPPED = 0.9

_LIES = {
    "area": "fills areas and is no class",
    "shade": "is no class, but nearly one",
    "edge": "is no class and lies along edges",
    "scattered": "is no class",
}
_LIE = {
    "area": "fill areas and are no class",
    "shade": "are shades of classes, as after JPEG compression",
    "edge": "lie along edges and are no class, as smoothed outlines do",
    "scattered": "are no class",
}
# As segdata.sources.id_tables names what no class has.
_ID = re.compile(r"id (?P<id>\d+)(?: \((?P<hint>.*)\))?")
_EXPORT = "export the masks without anti-aliasing"
_BECAME = {"nearest": "the nearest class", "ignored": "the ignore label", "refused": "no class"}


@rule("L05", level=Level.ERROR)
def unknown_color(facts: ConversionFacts) -> Iterator[Statement]:
    """A label has a color or a class that the class file lacks.

    What: pixels of a color mask have a color that the class file does not list. One that fills
    areas is a class that nobody wrote down, or a void border. Colors along edges are blends of an
    anti-aliased brush or of a resize; shades of a class are the trace of JPEG compression. If they
    are classes with red and blue swapped, the masks were written by OpenCV from RGB pixels. A
    labelling file can name a class, too, that the class file does not list, and a mask of ids hold
    an id that is no class.

    Why it hurts: scripts that start from an array of zeros turn such pixels into class 0, usually
    the background. The masks look converted, and the network learns that the object is background.
    Taking the nearest class is right for shades and for most of an edge; but between two classes
    it can hit a third whose color lies in the middle, and draws a thin line of it there.

    How to fix: add a line for a color that fills areas, for a name or for an id to the class file,
    `void` if it is to be ignored. For the rest of the colors, export the masks again without
    anti-aliasing and as PNG; or convert with `--on-unknown nearest` (up to `--max-distance`; areas
    stay refused unless `--areas` says otherwise), or with `--on-unknown ignore`. `segdata colors`
    lists the colors of a data set and writes a draft of the class file.
    """
    colors = facts.colors
    yield from _swapped(facts)
    # What swapped channels explain is not told color by color.
    for group in colors.groups if colors.swapped < _SWAPPED else ():
        if group.kind == "area" or group.colors <= _ONE_BY_ONE:
            yield from (_one(found, colors) for found in group.listed)
        if group.kind != "area" and group.colors > _ONE_BY_ONE:
            yield _many(group, colors)
        elif group.colors > len(group.listed):
            yield _hidden(group)
    if not colors.refused:
        yield from map(_phantom, colors.phantoms)
    yield from _too_close(facts)
    for name, met in facts.unlisted.items():
        yield Statement(
            message=f"{not_listed(name)}: {_pixels(met.count)} in {counted(met.files, 'label')}",
            path=met.first[0],
            count=met.count,
            evidence={"class": name, "files": met.files, "first_files": met.first},
            fix=_fix_of_name(name, colors.ignorable),
        )


@rule("L40", level=Level.WARNING)
def left_out(facts: ConversionFacts) -> Iterator[Statement]:
    """Something that was drawn cannot be made into pixels.

    What: a labelling file holds shapes that have no area, such as points, lines without a width, or
    polygons of two corners; or refers to what is not there. They were left out of the label.

    Why it hurts: the object is in the photo and not in the label, so the network learns that it is
    background. Some are slips of the mouse and mean nothing.

    How to fix: open the first file in the labelling program, and draw the shape as a polygon or
    delete it.
    """
    for what, met in facts.left_out.items():
        yield Statement(
            message=f"{met.count:,} {what} in {counted(met.files, 'label')} could not be drawn",
            path=met.first[0],
            count=met.count,
            evidence={"what": what, "files": met.files, "first_files": met.first},
            fix="draw them as polygons in the labelling program, or leave them out knowingly",
        )


def not_listed(name: str) -> str:
    """What the class file lacks; an id of a mask is called ``id 4``, perhaps with a hint."""
    found = _ID.fullmatch(name)
    if found is None:
        return f"class {name!r} is not in the class file"
    hint = f" ({found['hint']})" if found["hint"] else ""
    return f"id {found['id']} is not in the class file{hint}"


def _fix_of_name(name: str, ignorable: bool) -> str:
    found = _ID.fullmatch(name)
    line = f"{found['id']},NAME" if found else name
    ways = [f"add a line  {line}  to the class file", "change it in the labels"]
    how = "" if ignorable else "add a class  void  to the class file and "
    return "; or ".join([*ways, f"{how}convert with --on-unknown ignore"])


def _swapped(facts: ConversionFacts) -> Iterator[Statement]:
    share = facts.colors.swapped
    if share >= _SWAPPED:
        unknown = sum(group.pixels for group in facts.colors.groups)
        yield Statement(
            message=f"{percent(share)} of the pixels of unknown color are classes once red and "
            "blue are swapped: the masks were stored as BGR",
            path=facts.labels,
            count=unknown,
            evidence={"swapped_share": round(share, 4), "unknown_pixels": unknown},
            fix="swap the columns r and b in the class file (or write the masks again with red "
            "and blue in order) and convert again",
        )


def _one(found: UnknownColorFacts, colors: MaskColorsFacts) -> Statement:
    shades = f" (with {counted(found.shades, 'shade')} of it)" if found.shades else ""
    return Statement(
        message=f"color {found.color} {_LIES[found.kind]}: {_pixels(found.pixels)} "
        f"({percent(found.share)}) in {counted(found.files, 'file')}{shades}; the nearest is "
        f"{found.nearest}, {found.distance:.0f} away{_fate(found.fates)}",
        level=_level(found.kind, found.fates),
        path=found.mask,
        x=found.x,
        y=found.y,
        count=found.pixels,
        evidence=_evidence(found),
        fix=_fix(found, colors),
    )


def _many(group: ColorGroupFacts, colors: MaskColorsFacts) -> Statement:
    first = group.listed[0]
    return Statement(
        message=f"{group.colors:,} colors {_LIE[group.kind]}: {_pixels(group.pixels)} "
        f"({percent(group.share)}) in {counted(group.files, 'file')}, at most "
        f"{group.farthest:.0f} from a class{_fate(group.fates)}; the most frequent is "
        f"{first.color}",
        level=_level(group.kind, group.fates),
        path=first.mask,
        x=first.x,
        y=first.y,
        count=group.pixels,
        evidence={
            "kind": group.kind,
            "colors": group.colors,
            "files": group.files,
            "share": group.share,
            "farthest": round(group.farthest, 1),
            "fates": dict(group.fates),
            "most_frequent": [_evidence(found) for found in group.listed[:_NAMED]],
            "hidden": max(0, group.colors - _NAMED),
        },
        fix=_fix(replace(first, fates=group.fates, distance=group.farthest), colors, many=True),
    )


def _hidden(group: ColorGroupFacts) -> Statement:
    rest = group.colors - len(group.listed)
    return Statement(
        message=f"{rest:,} more colors {_LIE[group.kind]}; the {len(group.listed)} most frequent "
        "are listed",
        level=_level(group.kind, group.fates),
        path=group.listed[0].mask,
        count=rest,
        evidence={"kind": group.kind, "colors": group.colors, "listed": len(group.listed)},
        fix="check that these are masks and not photos, and that the class file is theirs",
    )


def _level(kind: str, fates: Mapping[Fate, int]) -> Level | None:
    """What is refused stops the conversion; an area that was given away is worth a warning."""
    if fates["refused"]:
        return None
    return Level.WARNING if kind == "area" else Level.INFO


def _fate(fates: Mapping[Fate, int]) -> str:
    """What became of the pixels, where something did."""
    became = {fate: n for fate, n in fates.items() if n}
    if set(became) == {"refused"}:
        return ""
    if len(became) == 1:
        (fate,) = became
        return f"; they became {_BECAME[fate]}"
    return "; " + ", ".join(f"{n:,} became {_BECAME[fate]}" for fate, n in became.items())


def _evidence(found: UnknownColorFacts) -> dict[str, object]:
    return {
        "color": list(found.color),
        "kind": found.kind,
        "pixels": found.pixels,
        "files": found.files,
        "share": found.share,
        "box": list(found.box),
        "box_of": found.mask,
        "edge_share": round(found.edge_share, 3),
        "shades": found.shades,
        "nearest_class": found.nearest,
        "distance": round(found.distance, 1),
        "fates": dict(found.fates),
    }


def _fix(found: UnknownColorFacts, colors: MaskColorsFacts, many: bool = False) -> str:
    red, green, blue = found.color
    if found.kind == "area":
        ways = [f"add a line  NAME,{red},{green},{blue}  to the class file (void if it is ignored)"]
        if colors.repaired:
            ways.append("convert with --areas nearest" + " or ignore" * colors.ignorable)
        elif colors.ignorable:
            ways.append("convert with --on-unknown ignore")
        return "; or ".join(ways)
    if colors.repaired and found.fates["refused"]:
        return f"raise the distance with --max-distance {ceil(found.distance)}; or add a line  " \
            "void,r,g,b  to the class file: what is too far from every class then becomes the " \
            "ignore label"  # fmt: skip
    if colors.repaired or found.fates["ignored"]:
        return f"{_EXPORT} and as PNG to have every pixel exact"
    far = "" if colors.ignorable else _distance(found, colors)
    ways = [f"{_EXPORT} and as PNG", f"convert with --on-unknown nearest{far}"]
    if not many:
        ways.append(f"add a line to the class file, such as  void,{red},{green},{blue}")
    if colors.ignorable:
        ways.append("convert with --on-unknown ignore")
    return "; or ".join(ways)


def _distance(found: UnknownColorFacts, colors: MaskColorsFacts) -> str:
    """The option that lets the nearest class reach as far as these colors."""
    return f" --max-distance {ceil(found.distance)}" if found.distance > colors.cap else ""


def _pixels(number: int) -> str:
    return f"{number:,} pixel{'s' * (number != 1)}"


def _phantom(found: PhantomFacts) -> Statement:
    return Statement(
        message=f"{found.name} may be a phantom in {counted(found.files, 'file')}: no pixel there "
        f"has its color, and it is nowhere three pixels wide; {_pixels(found.pixels)} have it as "
        f"their nearest class: {several([file_name(f) for f in found.first], found.files)}",
        certainty=Certainty.MEDIUM,
        level=Level.WARNING,
        path=found.first[0],
        count=found.pixels,
        evidence={
            "class": found.name,
            "files": found.files,
            "pixels": found.pixels,
            "first_files": list(found.first),
        },
        fix="look at the first file; a lower --max-distance leaves more of an edge to the ignore "
        "label",
    )


def _too_close(facts: ConversionFacts) -> Iterator[Statement]:
    close = facts.colors.close
    if close:
        named = ", ".join(f"{p.one} and {p.other} ({p.distance:.0f})" for p in close[:_NAMED])
        yield Statement(
            message=f"{counted(len(close), 'pair')} of classes have colors too alike for repair: "
            f"{named}{', ...' if len(close) > _NAMED else ''}",
            level=Level.WARNING,
            path=facts.labels,
            count=len(close),
            evidence={"pairs": [[p.one, p.other, round(p.distance, 1)] for p in close]},
            fix="a shade of one can be nearer to the other: check these classes in the result, or "
            "give one of them another color and export the masks again",
        )
