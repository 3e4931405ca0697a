"""The worklist as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from segdata.classes import ClassMap
from segdata.worklist.ranking import Entry

COLUMNS = ("rank", "image", "label", "suggestion", "score", "confidence", "pixels", "left", "top",
           "width", "height")  # fmt: skip


def csv_of(entries: Sequence[Entry], class_map: ClassMap) -> bytes:
    """A line for each region, the worst first."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for entry in entries:
        one = entry.suspect
        height, width = one.mask.shape
        table.writerow(
            (entry.rank, entry.key, class_map.name(one.label), class_map.name(one.suggestion),
             f"{one.score:.4f}", f"{one.confidence:.4f}", one.pixels, one.left, one.top, width,
             height)
        )  # fmt: skip
    return out.getvalue().encode()
