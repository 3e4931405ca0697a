"""Labels that look wrong, in a terminal: by class, by pair of classes, and the worst regions."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.console.paragraphs import kept, paragraph
from segdata.rules.wording import command
from segdata.worklist import TABLE, Worklist

# Pairs of classes and regions that are shown; JSON and the table have all.
_PAIRS, _REGIONS = 5, 10


def to_json(worklist: Worklist) -> dict[str, Any]:
    ranking = worklist.ranking
    name = ranking.class_map.name
    return {
        "out": str(worklist.out),
        "images": ranking.images,
        "sheets": worklist.sheets,
        "tasks": dict.fromkeys(worklist.programs, worklist.tasks),
        "classes": [
            {"id": c.id, "name": name(c.id), "pixels": c.pixels, "share_wrong": c.share}
            for c in ranking.classes
        ],
        "confusions": [
            {"label": name(c.label), "suggestion": name(c.suggestion), "pixels": c.pixels}
            for c in ranking.confusions
        ],
        "regions": [
            {
                "rank": entry.rank,
                "image": entry.key,
                "label": name(entry.suspect.label),
                "suggestion": name(entry.suspect.suggestion),
                "score": entry.suspect.score,
                "confidence": entry.suspect.confidence,
                "pixels": entry.suspect.pixels,
            }
            for entry in ranking.entries
        ],
    }


def render(worklist: Worklist, console: Console) -> None:
    console.print(_classes(worklist))
    if not worklist.ranking.entries:
        console.print(f"no region of {worklist.ranking.images} images looks wrong")
        return
    _pairs(worklist, console)
    console.print(_regions(worklist))
    _places(worklist, console)


def _classes(worklist: Worklist) -> Table:
    table = Table("class", "labelled pixels", "look wrong", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for noise in worklist.ranking.classes:
        share = "not known" if noise.share is None else f"{noise.share:.1%}"
        name = Text(worklist.ranking.class_map.name(noise.id))
        table.add_row(name, f"{noise.pixels:,}", share)
    return table


def _pairs(worklist: Worklist, console: Console) -> None:
    ranking = worklist.ranking
    named = [
        f"{ranking.class_map.name(pair.label)} that looks like "
        f"{ranking.class_map.name(pair.suggestion)} ({pair.pixels:,} px)"
        for pair in ranking.confusions[:_PAIRS]
        if pair.pixels
    ]
    if named:
        paragraph(Text(f"most often: {'; '.join(named)}"), console)
    note = "shares and counts leave the borders between classes out, and hold what the network "
    note += "itself gets wrong: they are upper limits"
    paragraph(Text(note, "dim"), console)


def _regions(worklist: Worklist) -> Table:
    table = Table("", "image", "label", "looks like", "sure", "pixels", box=None, pad_edge=False)
    for place in (0, 4, 5):
        table.columns[place].justify = "right"
    name = worklist.ranking.class_map.name
    for entry in worklist.ranking.entries[:_REGIONS]:
        one = entry.suspect
        table.add_row(
            f"#{entry.rank}", Text(entry.key), Text(name(one.label)), Text(name(one.suggestion)),
            f"{one.confidence:.2f}", f"{one.pixels:,}",
        )  # fmt: skip
    return table


def _places(worklist: Worklist, console: Console) -> None:
    out, count = worklist.out, len(worklist.ranking.entries)
    console.print(f"{count} regions of {worklist.ranking.images} images in {out / TABLE}")
    console.print(f"{worklist.sheets} pages of pictures in {out / 'sheets'}")
    for program in worklist.programs:
        console.print(f"{worklist.tasks} images as tasks in {out / program}")
    if worklist.programs:
        first, classes = str(out / worklist.programs[0]), str(out / "classes.toml")
        read = command("convert", first, "corrected", "--classes", classes)
        paragraph(Text(f"when they are corrected: {kept(read)}"), console, hang=2)
