"""Reports: self-contained HTML pages for people, JSON and the formats of others for programs."""

from __future__ import annotations

from segdata.reports.context import Context, TrainingCourse
from segdata.reports.files import (
    DIAGNOSIS_SUFFIXES,
    EVALUATION_SUFFIXES,
    FINDINGS_SUFFIXES,
    STATISTICS_SUFFIXES,
    SUFFIXES,
    check_suffix,
    write_diagnosis,
    write_findings,
    write_report,
    write_statistics,
)
from segdata.reports.github import as_github
from segdata.reports.junit import as_junit
from segdata.reports.page import render
from segdata.reports.sarif import as_sarif

__all__ = [
    "DIAGNOSIS_SUFFIXES",
    "EVALUATION_SUFFIXES",
    "FINDINGS_SUFFIXES",
    "STATISTICS_SUFFIXES",
    "SUFFIXES",
    "Context",
    "TrainingCourse",
    "as_github",
    "as_junit",
    "as_sarif",
    "check_suffix",
    "render",
    "write_diagnosis",
    "write_findings",
    "write_report",
    "write_statistics",
]
