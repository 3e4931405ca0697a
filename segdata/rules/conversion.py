"""Rules about masks that are being converted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from segdata.findings import Level
from segdata.rules import Statement, rule

if TYPE_CHECKING:
    from segdata.facts.colors import UnknownColorFacts


@rule("L05", level=Level.ERROR)
def unknown_color(colors: Iterable[UnknownColorFacts]) -> Iterator[Statement]:
    """A mask has a color that no class has.

    What: pixels of a color mask have a color that the class file does not list. It may be a class
    that nobody wrote down, a void border, the blended edge of an anti-aliased brush, or the trace
    of JPEG compression.

    Why it hurts: scripts that start from an array of zeros turn such pixels into class 0, usually
    the background. The masks look converted, and the network learns that the object is background.

    How to fix: add a line with the color to the class file, `void` if it is to be ignored; or
    convert with `--on-unknown ignore`, which gives these pixels the ignore label. If there are
    hundreds of such colors along edges, export the masks without anti-aliasing.
    """
    for found in colors:
        red, green, blue = found.color
        yield Statement(
            message=f"color {found.color} is no class: {found.pixels} pixels in {found.files} files"
            + ("; they became the ignore label" if found.ignored else ""),
            level=Level.INFO if found.ignored else None,
            path=found.first[0],
            x=found.x,
            y=found.y,
            count=found.pixels,
            evidence={
                "color": list(found.color),
                "files": found.files,
                "share": found.share,
                "first_files": list(found.first),
                "nearest_class": found.nearest,
                "distance": round(found.distance, 1),
            },
            fix=f"add a line to the class file, such as  void,{red},{green},{blue}  (the nearest "
            f"listed color is that of {found.nearest}, {found.distance:.0f} away)"
            + (", or convert with --on-unknown ignore" if found.ignorable else ""),
        )
