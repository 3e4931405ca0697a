"""The HTML page of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence

from segdata.findings import Finding
from segdata.scores import EvalReport


def render(report: EvalReport, findings: Sequence[Finding] = ()) -> str:
    """The page: one HTML text that refers to nothing outside itself."""
    return f"<!doctype html><title>mIoU {report.miou:.3f} {len(findings)}</title>"
