"""How findings look."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.findings import CheckReport, Finding, Level

STYLE = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.INFO: "cyan"}
# Findings of one rule that are written out; the others are counted.
_SHOWN = 5


def to_json(report: CheckReport) -> dict[str, Any]:
    return report.to_json()


def render(report: CheckReport, console: Console) -> None:
    """Findings grouped by rule, worst first, then the totals."""
    render_groups(report, console)
    looked_at = ", ".join(f"{count} {what}" for what, count in report.checked.items())
    counts = ", ".join(
        f"{report.count(level)} {level.label}{'s' if report.count(level) != 1 else ''}"
        for level in (Level.ERROR, Level.WARNING, Level.INFO)
        if report.count(level)
    )
    console.print(f"checked {looked_at}: {counts or 'nothing wrong'}")
    if counts:
        rules = dict.fromkeys(finding.rule for finding in report)
        console.print(f"what a rule means: segdata rules {next(iter(rules))}")


def render_groups(report: CheckReport, console: Console) -> None:
    """The first findings of each rule, worst rule first, and how many more there are."""
    for rule in dict.fromkeys(finding.rule for finding in report):
        group = [finding for finding in report if finding.rule == rule]
        render_findings(group[:_SHOWN], console)
        if len(group) > _SHOWN:
            console.print(f"      ... and {len(group) - _SHOWN} more of {rule}")


def render_findings(findings: Iterable[Finding], console: Console) -> None:
    """Each finding: rule, level, place, message, then its fix."""
    for finding in findings:
        line = Text(f"{finding.rule} ", style="bold")
        line.append(f"{finding.level.label}", style=STYLE[finding.level])
        line.append(f" ({finding.certainty.label}) {place(finding)}{finding.message}")
        console.print(line)
        if finding.fix:
            console.print(Text(indented(f"fix: {finding.fix}", 6)))


def place(finding: Finding) -> str:
    if finding.path is None:
        return ""
    if finding.x is None or finding.y is None:
        return f"{finding.path}: "
    return f"{finding.path} (x={finding.x}, y={finding.y}): "


def indented(text: str, columns: int) -> str:
    """Several lines at the same indent."""
    return textwrap.indent(text, " " * columns)
