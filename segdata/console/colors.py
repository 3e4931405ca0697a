"""How the colors of a data set look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from segdata.coloring import ColorEntry, ColorSurvey
from segdata.palettes import Match

# Rows of the table; all are in the JSON.
_SHOWN = 40
_MATCHES = 2
_FORMS = {
    "color": "color masks",
    "palette": "palette PNGs",
    "grey": "with grey values",
    "photo": "photos left out",
    "unreadable": "unreadable",
}


def to_json(survey: ColorSurvey) -> dict[str, Any]:
    return {
        "source": str(survey.source),
        "files": survey.files,
        "looked_at": survey.looked_at,
        "forms": {form: count for form, count in survey.forms.items() if count},
        "by_value": survey.by_value,
        "pixels": survey.pixels,
        "colors": [_entry(entry) for entry in survey.entries],
        "hidden": survey.hidden,
        "blends": {"colors": survey.blends, "pixels": survey.blended},
        "palettes": [_match(match) for match in survey.matches],
        "lossy": survey.lossy,
        "clash": list(survey.clash) if survey.clash is not None else None,
    }


def render(survey: ColorSurvey, console: Console) -> None:
    for line in _told(survey):
        console.print(line)
    console.print(_table(survey))
    for line in _below(survey):
        console.print(line)


def _entry(entry: ColorEntry) -> dict[str, Any]:
    return {
        "color": list(entry.color) if entry.color is not None else None,
        "value": entry.value,
        "name": entry.name,
        "pixels": entry.pixels,
        "share": entry.share,
        "files": entry.files,
        "first": entry.file,
        "x": entry.x,
        "y": entry.y,
        "shades": entry.shades,
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "palette": match.palette.name,
        "title": match.palette.title,
        "swapped": match.swapped,
        "share": match.share,
        "colors_found": match.found,
        "sure": match.sure,
    }


def _told(survey: ColorSurvey) -> Iterator[str]:
    """What was looked at."""
    forms = ", ".join(f"{n} {_FORMS[form]}" for form, n in survey.forms.items() if n)
    looked = sum(survey.forms.values())
    sample = (
        f" (a sample of {looked} of {survey.files} files: --full)" if looked < survey.files else ""
    )
    yield f"{survey.source}: {forms}{sample}"
    if survey.lossy:
        yield "masks are JPEGs or the like: compression changed their colors"
    if survey.clash is not None:
        value, one, other = survey.clash
        yield f"index {value} has different colors in {one} and {other}: only colors tell classes"


def _table(survey: ColorSurvey) -> Table:
    table = Table("", *(["id"] if survey.by_value else []), "color", "pixels", "share", "files",
                  "name", box=None, pad_edge=False)  # fmt: skip
    for column in table.columns:
        if column.header in ("id", "pixels", "share", "files"):
            column.justify = "right"
    for entry in survey.entries[:_SHOWN]:
        red, green, blue = entry.color or (0, 0, 0)
        swatch = Text("██", Style(color=f"rgb({red},{green},{blue})")) if entry.color else Text("")
        told = f"{red},{green},{blue}" if entry.color else ""
        shades = f" +{entry.shades} shades" if entry.shades else ""
        table.add_row(
            swatch, *([str(entry.value)] if survey.by_value else []), told + shades,
            f"{entry.pixels:,}", f"{entry.share:.2%}", f"{entry.files:,}", entry.name or "",
        )  # fmt: skip
    return table


def _below(survey: ColorSurvey) -> Iterator[str]:
    more = len(survey.entries) - _SHOWN + survey.hidden
    if more > 0:
        yield f"... and {more:,} more: --format json"
    if survey.blends:
        share = survey.blended / max(1, survey.pixels)
        yield f"{survey.blends:,} more colors fill no area ({share:.2%} of the pixels): edges"
    for match in survey.matches[:_MATCHES]:
        sure = "" if match.sure else " (not enough to be sure)"
        yield (
            f"{match.title}: {match.share:.1%} of the pixels, "
            f"{match.found} of its {len(match.palette.colors)} colors{sure}"
        )
