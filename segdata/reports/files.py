"""Which report a file name asks for, and writing it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from segdata.errors import UserError
from segdata.files import write_file
from segdata.findings import Finding
from segdata.reports.page import render
from segdata.scores import EvalReport

SUFFIXES = (".html", ".json")


def check_suffix(path: Path) -> None:
    """Refuse a report that cannot be written, before any work is done.

    Raises:
        UserError: the suffix is none of ``SUFFIXES``.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(
            f"a report cannot be written as {path.name}",
            f"choose a name that ends in {' or '.join(SUFFIXES)}",
        )


def write_report(report: EvalReport, path: Path, findings: Sequence[Finding] = ()) -> None:
    """Write a report; the suffix chooses its form.

    Args:
        findings: what is known of the data, shown beside the scores.

    Raises:
        UserError: the suffix is none of ``SUFFIXES``, or the file cannot be written.
    """
    check_suffix(path)
    if path.suffix.lower() == ".html":
        text = render(report, findings)
    else:
        data = report.to_json() | {"findings": [f.to_json() for f in findings]}
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    write_file(path, text.encode())
