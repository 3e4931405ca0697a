"""Reports of an evaluation: one self-contained HTML page for people, JSON for scripts."""

from __future__ import annotations

from segdata.reports.files import SUFFIXES, check_suffix, write_report
from segdata.reports.page import render

__all__ = ["SUFFIXES", "check_suffix", "render", "write_report"]
