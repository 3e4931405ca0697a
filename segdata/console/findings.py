"""How findings look."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from segdata import rules
from segdata.console.paragraphs import instruction, kept, paragraph
from segdata.findings import CheckReport, Finding, Level
from segdata.reports.wording import different_fixes

STYLE = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.INFO: "cyan"}
# Findings of one rule, and different fixes for them, that are written out; others are counted.
_SHOWN, _FIXES = 5, 3


def to_json(report: CheckReport) -> dict[str, Any]:
    return report.to_json()


def render(report: CheckReport, console: Console) -> None:
    """Findings grouped by rule, worst first, then the totals."""
    render_groups(report, console)
    render_totals(report, console)


def render_totals(report: CheckReport, console: Console) -> None:
    """What was looked at, how many findings there are, and where their manual is."""
    looked_at = ", ".join(
        f"{count} {what}" for what, count in report.checked.items() if what != "sampled"
    )
    # Nothing was opened where names alone stop a command.
    said = f"checked {looked_at}" if looked_at else "found"
    paragraph(Text(f"{said}: {counted(report)}"), console)
    if len(report):
        first = next(iter(report)).rule
        paragraph(Text(f"what a rule means: {kept(f'segdata rules {first}')}"), console)


def counted(report: CheckReport) -> str:
    """``3 errors, 1 warning``, or that nothing is wrong."""
    return ", ".join(
        f"{report.count(level)} {level.label}{'s' if report.count(level) != 1 else ''}"
        for level in (Level.ERROR, Level.WARNING, Level.INFO)
        if report.count(level)
    ) or "nothing wrong"  # fmt: skip


def render_groups(
    report: CheckReport, console: Console, shown: int | None = _SHOWN, *, selects: bool = False
) -> None:
    """Each rule, the worst first, with its first findings and how many more there are.

    Args:
        shown: findings of a rule that are written out; None shows all.
        selects: the command can be asked for one rule alone.
    """
    titles = {rule.id: rule.title for rule in rules.all_rules()}
    for number, rule in enumerate(dict.fromkeys(finding.rule for finding in report)):
        if number:
            console.print()
        group = [finding for finding in report if finding.rule == rule]
        _render_group(group, titles.get(rule, ""), console, shown)
        hidden = len(group) - len(group[:shown])
        if hidden:
            option = kept(f"--select {rule}" if selects else "--format json")
            more = Text(f"... and {hidden} more of {rule}; see all with {option}")
            paragraph(more, console, indent=2, hang=2)
        _render_fixes(group, console)


def _render_group(
    group: Sequence[Finding], title: str, console: Console, shown: int | None
) -> None:
    first = group[0]
    head = Text(f"{first.rule} ", style="bold")
    head.append(first.level.label, style=STYLE[first.level])
    head.append(f" ({first.certainty.label}) {title}", style="not bold")
    paragraph(head, console, hang=4)
    for finding in group[:shown]:
        paragraph(_line(finding, first), console, indent=2, hang=2)


def _render_fixes(group: Sequence[Finding], console: Console) -> None:
    fixes = different_fixes(group)
    for fix in fixes[:_FIXES]:
        instruction(fix, console, indent=2)
    if len(fixes) > _FIXES:
        paragraph(Text(f"({len(fixes) - _FIXES} more fixes: --format json)"), console, indent=2)


def _line(finding: Finding, first: Finding) -> Text:
    """Where and what; how bad and how sure only where that differs from the group's first."""
    line = Text()
    if finding.level != first.level:
        line.append(f"{finding.level.label} ", style=STYLE[finding.level])
    if finding.certainty != first.certainty:
        line.append(f"({finding.certainty.label}) ")
    return line.append(kept(place(finding)).removesuffix(kept(" ")) + " ").append(finding.message)


def place(finding: Finding) -> str:
    if finding.path is None:
        return ""
    if finding.x is None or finding.y is None:
        return f"{finding.path}: "
    return f"{finding.path} (x={finding.x}, y={finding.y}): "


def indented(text: str, columns: int) -> str:
    """Several lines at the same indent."""
    return textwrap.indent(text, " " * columns)
