"""Writing a comparison: a page, JSON, Markdown for pull requests, CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from pathlib import Path

from segdata.files import write_file
from segdata.reports.comparison_page import TOLD, render_comparison
from segdata.reports.files import check_suffix
from segdata.reports.wording import score
from segdata.scores import Comparison, Difference
from segdata.scores import comparison_words as words

COMPARISON_SUFFIXES = (".html", ".json", ".md", ".csv")


def write_comparison(found: Comparison, path: Path) -> None:
    """Write a comparison; the suffix chooses its form.

    Raises:
        UserError: the suffix is none of ``COMPARISON_SUFFIXES``, or the file cannot be written.
    """
    check_suffix(path, COMPARISON_SUFFIXES)
    forms = {
        ".html": render_comparison,
        ".json": comparison_text,
        ".md": comparison_markdown,
        ".csv": comparison_table,
    }
    write_file(path, forms[path.suffix.lower()](found).encode())


def comparison_text(found: Comparison) -> str:
    """JSON: everything but the pictures."""
    return json.dumps(found.to_json(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def comparison_table(found: Comparison) -> str:
    """CSV: the means and the classes; what is undefined is empty."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(
        ["what", "id", "name", "a", "b", "difference", "low", "high", "level", "units", "outcome"]
    )
    for name, one in found.means.items():
        table.writerow(["mean", "", name, *_cells(one)])
    for row in found.per_class:
        table.writerow(["class", row.id, row.name, *_cells(row.iou)])
    return out.getvalue()


def comparison_markdown(found: Comparison) -> str:
    """Markdown: the verdict, the means and the classes."""
    lines = [
        f"**{_text(words.verdict(found))}**",
        "",
        f"A: {_text(found.a.path)}, B: {_text(found.b.path)}; {len(found.images)} images, "
        f"rule {found.rule}. {_text(words.class_verdict(found))}",
        "",
        *[f"> {_text(note)}\n" for note in words.warnings(found)],
        *_rows([(words.SCORES[name], one) for name, one in found.means.items()], "score"),
        "",
        *_rows([(row.name, row.iou) for row in found.per_class], "IoU of"),
    ]
    return "\n".join(lines) + "\n"


def _rows(differences: Sequence[tuple[str, Difference]], head: str) -> list[str]:
    share = words.share(max((one.level for _, one in differences), default=0.0))
    out = [f"| {head} | A | B | B − A | {share} of draws | |", "|---|---:|---:|---:|---|---|"]
    for name, one in differences:
        out.append(
            f"| {_text(name)} | {score(one.a)} | {score(one.b)} | {words.signed(one.value)} "
            f"| {words.ends(one)} | {TOLD[one.outcome]} |"
        )
    return out


def _cells(one: Difference) -> list[object]:
    low, high = (one.interval.low, one.interval.high) if one.interval else (math.nan, math.nan)
    numbers = (one.a, one.b, one.value, low, high)
    return [*map(_number, numbers), f"{one.level:.6g}", one.units, one.outcome]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6f}"


def _text(text: str) -> str:
    """Text without what Markdown or HTML would read."""
    text = " ".join(text.split()).replace("&", "&amp;")
    for sign in "\\`*_[]<>|#~":
        text = text.replace(sign, f"\\{sign}")
    return text
