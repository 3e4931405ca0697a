"""How a comparison looks: the verdict, the means, and the classes by their difference."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segdata.reports.wording import score
from segdata.scores import Change, Comparison, Difference
from segdata.scores import comparison_words as words

_MARKS = {"better": "▲ better", "worse": "▼ worse", "unclear": "", "too few": "too few",
          "same": "the same", "undefined": ""}  # fmt: skip
_STYLES = {"better": "bold green", "worse": "bold red"}
# Images and groups that are named at each end.
_NAMED = 3


def to_json(found: Comparison) -> dict[str, Any]:
    return found.to_json()


def render(found: Comparison, console: Console) -> None:
    console.print(f"A: {found.a.path}\nB: {found.b.path}")
    console.print(_classes(found))
    for warning in words.warnings(found):
        console.print(Text(f"note: {warning}", style="yellow"))
    for name, one in found.means.items():
        if name != "miou":
            console.print(f"{words.SCORES[name]}: {_both(one)}")
    console.print(f"{len(found.images)} images, rule {found.rule}: {words.image_verdict(found)}")
    for what, ranked in (("image", found.images), ("group", found.groups)):
        if ranked:
            console.print(_ends(what, ranked))
    if words.influence(found):
        console.print(words.influence(found))
    if words.class_verdict(found):
        console.print(words.class_verdict(found))
    console.print(f"mIoU: {_both(found.miou)}")
    console.print(Text(words.verdict(found), style=_STYLES.get(found.outcome, "bold")))


def _classes(found: Comparison) -> Table:
    level = words.share(max((row.iou.level for row in found.per_class), default=0.0))
    table = Table(
        "id", "class", "IoU of A", "IoU of B", "B − A", f"in {level}", "", found.unit,
        box=None, pad_edge=False,
    )  # fmt: skip
    for column in (0, 2, 3, 4, 7):
        table.columns[column].justify = "right"
    for row in found.per_class:
        table.add_row(
            str(row.id), row.name, score(row.iou.a), score(row.iou.b), words.signed(row.iou.value),
            words.ends(row.iou), Text(_MARKS[row.iou.outcome], _STYLES.get(row.iou.outcome, "")),
            f"{row.iou.units:,}",
        )  # fmt: skip
    return table


def _both(one: Difference) -> str:
    told = f"{score(one.a)} → {score(one.b)}, {words.signed(one.value)}"
    return told if one.interval is None else f"{told} ({words.spelled(one)})"


def _ends(what: str, changes: tuple[Change, ...]) -> str:
    """The ones that gained and lost most."""
    ranked = sorted((c for c in changes if not math.isnan(c.value)), key=lambda c: -c.value)
    up = [c for c in ranked if c.value > 0][:_NAMED]
    down = [c for c in reversed(ranked) if c.value < 0][:_NAMED]
    told = [
        f"{word}: " + ", ".join(f"{c.key} {words.signed(c.value)}" for c in ends)
        for word, ends in ((f"{what}s that gained most", up), (f"{what}s that lost most", down))
        if ends
    ]
    return "; ".join(told) or f"no {what} changed"
