"""Which report a file name asks for, and writing it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from segdata.checked import Checked
from segdata.diagnosis import Diagnosis
from segdata.errors import UserError
from segdata.files import write_file
from segdata.reports.context import Context
from segdata.reports.diagnosis_page import render_diagnosis
from segdata.reports.diagnosis_text import diagnosis_markdown
from segdata.reports.findings_page import render_findings
from segdata.reports.junit import as_junit
from segdata.reports.page import render
from segdata.reports.sarif import as_sarif
from segdata.reports.statistics_page import render_statistics
from segdata.reports.tables import class_table, markdown
from segdata.scores import EvalReport
from segdata.statistics import FORMULAS, Statistics

SUFFIXES = (".html", ".json")
EVALUATION_SUFFIXES = (".html", ".json", ".md", ".csv")
FINDINGS_SUFFIXES = (".html", ".json", ".sarif", ".xml")
STATISTICS_SUFFIXES = (".html", ".json", ".csv")
DIAGNOSIS_SUFFIXES = (".html", ".json", ".md")


def check_suffix(path: Path, suffixes: Sequence[str] = SUFFIXES) -> None:
    """Refuse a report that cannot be written, before any work is done.

    Raises:
        UserError: the suffix is none of these.
    """
    if path.suffix.lower() not in suffixes:
        raise UserError(
            f"a report cannot be written as {path.name}",
            f"choose a name that ends in {' or '.join(suffixes)}",
        )


def write_report(report: EvalReport, path: Path, context: Context | None = None) -> None:
    """Write the report of an evaluation; the suffix chooses its form.

    ``.json`` holds every image's confusion matrix, which ``segdata compare`` reads; ``.md`` is for
    pull requests, ``.csv`` the table of classes.

    Args:
        context: what is known of the data and the training, shown beside the scores.

    Raises:
        UserError: the suffix is none of ``EVALUATION_SUFFIXES``, or the file cannot be written.
    """
    forms = {
        ".html": lambda: render(report, context),
        ".json": lambda: _lines(_whole(report, context or Context())),
        ".md": lambda: markdown(report),
        ".csv": lambda: class_table(report),
    }
    _write(path, forms)


def _whole(report: EvalReport, context: Context) -> dict[str, Any]:
    findings = [finding.to_json() for finding in context.findings or ()]
    return report.to_json(cells=True) | {"findings": findings}


def write_findings(checked: Checked, path: Path) -> None:
    """Write the report of a check; ``.xml`` is JUnit.

    Raises:
        UserError: the suffix is none of ``FINDINGS_SUFFIXES``, or the file cannot be written.
    """
    forms = {
        ".html": lambda: render_findings(checked),
        ".json": lambda: _json(checked.to_json()),
        ".sarif": lambda: f"{as_sarif(checked)}\n",
        ".xml": lambda: f"{as_junit(checked)}\n",
    }
    _write(path, forms)


def write_statistics(statistics: Statistics, path: Path) -> None:
    """Write statistics; ``.csv`` is the table of classes with their weights.

    Raises:
        UserError: the suffix is none of ``STATISTICS_SUFFIXES``, or the file cannot be written.
    """
    forms = {
        ".html": lambda: render_statistics(statistics),
        ".json": lambda: _json(statistics.to_json()),
        ".csv": lambda: weights_table(statistics),
    }
    _write(path, forms)


def write_diagnosis(diagnosis: Diagnosis, path: Path) -> None:
    """Write what the doctor found; ``.md`` is for issues and questions to others.

    Raises:
        UserError: the suffix is none of ``DIAGNOSIS_SUFFIXES``, or the file cannot be written.
    """
    forms = {
        ".html": lambda: render_diagnosis(diagnosis),
        ".json": lambda: _json(diagnosis.to_json()),
        ".md": lambda: diagnosis_markdown(diagnosis),
    }
    _write(path, forms)


def weights_table(statistics: Statistics) -> str:
    """CSV: the classes of the split that is learned from, and their weights by every formula."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["id", "name", "pixels", "share", "images", *FORMULAS])
    for entry in statistics.learned.classes:
        weights = ["" if entry.weights[f] is None else f"{entry.weights[f]:.6g}" for f in FORMULAS]
        table.writerow(
            [entry.id, entry.name, entry.pixels, f"{entry.share:.6g}", entry.images, *weights]
        )
    return out.getvalue()


def _write(path: Path, forms: Mapping[str, Callable[[], str]]) -> None:
    check_suffix(path, tuple(forms))
    write_file(path, forms[path.suffix.lower()]().encode())


def _lines(data: Mapping[str, Any]) -> str:
    """JSON with a line for every key: matrices of thousands of images have millions of numbers."""
    lines = (
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for key, value in data.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
