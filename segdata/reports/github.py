"""Findings as workflow commands of GitHub Actions, which become annotations.

Source: GitHub Docs, "Workflow commands for GitHub Actions"; escapes as in actions/toolkit.
"""

from __future__ import annotations

from segdata.checked import Checked
from segdata.findings import Finding, Level
from segdata.reports.places import base_of, line_of, place_below, sentence

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice"}


def as_github(checked: Checked) -> str:
    """A line for every finding that counts, the worst first: GitHub shows ten of each level."""
    base, titles = base_of(checked), {rule.id: rule.title for rule in checked.rules}
    lines = []
    for finding in checked.report:
        title = f"{finding.rule} {titles.get(finding.rule, '')}".strip()
        properties = {"title": title}
        if finding.path is not None:
            properties = {"file": place_below(finding.path, base), **properties}
        line = line_of(finding)
        if line is not None:
            properties["line"] = str(line)
        listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        lines.append(f"::{_COMMANDS[finding.level]} {listed}::{_data(_said(finding))}")
    return "\n".join(lines)


def _said(finding: Finding) -> str:
    return sentence(finding) + (f"\nfix: {finding.fix}" if finding.fix else "")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
