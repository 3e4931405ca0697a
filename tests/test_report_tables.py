"""Reports for other programs: Markdown for pull requests, CSV for spreadsheets, JSON for all."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scored_reports import scored

from segdata.reports import write_report


def test_the_table_of_classes_is_read_back_as_it_was_measured(tmp_path: Path) -> None:
    report = scored(4, boundary=True, names=["a, b", 'the "c"', "Straße", "人行道"])
    write_report(report, tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [c.name for c in report.per_class]
    assert report.intervals is not None
    for row, score in zip(rows, report.per_class, strict=True):
        for field in ("iou", "dice", "precision", "recall", "boundary_iou"):
            assert float(row[field]) == pytest.approx(getattr(score, field), abs=1e-6)
        interval = report.intervals.iou[score.id]
        assert float(row["iou_low"]) == pytest.approx(interval.low, abs=1e-6)
        assert float(row["iou_high"]) == pytest.approx(interval.high, abs=1e-6)
        assert int(row["pixels"]) == score.pixels
    assert rows[0]["taken_for"] in {c.name for c in report.per_class[1:]}


def test_what_was_not_measured_is_an_empty_cell(tmp_path: Path) -> None:
    write_report(scored(2, images=1), tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert row["iou_low"] == row["boundary_iou"] == ""


def tables(text: str) -> list[list[list[str]]]:
    """The cells of the Markdown tables in a text, escaped bars left in their cells."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("| "):
            cells = line.replace("\\|", "\0").strip("|").split("|")
            found[-1].append([cell.strip().replace("\0", "|") for cell in cells])
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def test_markdown_is_whole_tables_whatever_classes_are_called(tmp_path: Path) -> None:
    names = ["a|b", "<script>", "*bold*", "new\nline"]
    report = scored(4, names=names, maps={"majority|map": np.zeros((2, 2), np.uint8)})
    write_report(report, tmp_path / "r.md")
    text = (tmp_path / "r.md").read_text("utf-8")
    scores, classes, rules = tables(text)
    for table in (scores, classes, rules):
        assert len({len(row) for row in table}) == 1
    assert scores[2][:2] == ["mean IoU", f"{report.miou:.3f}"]
    assert [row[0] for row in classes[2:]] == ["a|b", "\\<script\\>", "\\*bold\\*", "new line"]
    assert [row[0] for row in rules[2:]] == [
        f"**{name}**" if name == report.rule else name for name in report.rules
    ]
    assert "is taken for" in text
    assert "<script>" not in text


def test_json_keeps_the_cells_of_every_image_for_comparisons(tmp_path: Path) -> None:
    report = scored(3, 4)
    write_report(report, tmp_path / "r.json")
    data = json.loads((tmp_path / "r.json").read_text("utf-8"))
    promised = {"miou", "miou_rule", "pixel_accuracy", "mean_accuracy", "frequency_weighted_iou",
                "per_class", "confusion"}  # fmt: skip
    assert promised <= set(data)
    total = np.zeros_like(report.matrix.counts)
    for image in data["images"]:
        for truth, predicted, count in image["cells"]:
            total[truth, predicted] += count
    assert np.array_equal(total, report.matrix.counts)
