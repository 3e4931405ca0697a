"""How a diagnosis looks: the verdict, the broken link, the cause, its facts, what mends it."""

from __future__ import annotations

import textwrap
from typing import Any

from rich.console import Console
from rich.text import Text

from segdata import exhibits
from segdata.chain import Link
from segdata.console.findings import STYLE
from segdata.console.half_blocks import can_show, render_exhibit
from segdata.console.paragraphs import instruction, kept, paragraph
from segdata.diagnosis import Cause, Diagnosis, Verdict
from segdata.findings import Finding, Level
from segdata.reports.diagnosis_words import cause_and_rest, facts, headline, sentence

_STYLES = {
    Verdict.HEALTHY: "bold green",
    Verdict.FAULT: "bold red",
    Verdict.DISPLAY_ONLY: "bold cyan",
    Verdict.RIGHTLY_CONSTANT: "bold cyan",
    Verdict.NOT_ENOUGH: "bold yellow",
}
# Facts of the cause, and other suspects, that are shown; all are in --format json.
_FACTS, _SUSPECTS = 3, 4


def to_json(diagnosis: Diagnosis) -> dict[str, Any]:
    return diagnosis.to_json()


def render(diagnosis: Diagnosis, console: Console) -> None:
    style = _STYLES[diagnosis.verdict]
    paragraph(Text(headline(diagnosis), style=style), console)
    if diagnosis.broken is not None:
        _render_chain(diagnosis.broken, style, console)
    cause, others = cause_and_rest(diagnosis)
    if cause is not None:
        _render_cause(cause, diagnosis, console)
    suspected = diagnosis.verdict is Verdict.FAULT
    _render_others(others, "other suspects" if suspected else "noticed", console)
    console.print()
    for line in diagnosis.looked_at:
        paragraph(Text(f"looked at {line}", style="dim"), console, hang=2)
    for what in diagnosis.missing:
        paragraph(Text(f"would tell more: {what}"), console, hang=2)


def _render_chain(broken: Link, style: str, console: Console) -> None:
    """All links in a row, the broken one in brackets and capitals."""
    arrow = " > " if console.options.ascii_only else " → "
    text = Text()
    for link in Link:
        if text:
            text.append(arrow, style="dim")
        if link is broken:
            text.append(f"[{link.label.upper()}]", style=style)
        else:
            text.append(link.label)
    console.print()
    paragraph(text, console)


def _render_cause(cause: Cause, diagnosis: Diagnosis, console: Console) -> None:
    finding = cause.finding
    console.print()
    line = Text(_heading(diagnosis), style="bold").append(
        sentence(finding.message), style="not bold"
    )
    paragraph(line.append(f" {_named(finding)}", style="not bold dim"), console, hang=2)
    if finding.path:
        paragraph(Text(kept(finding.path), style="dim"), console, indent=2)
    for fact in facts(finding, _FACTS):
        _one_line(fact, console)
    if can_show(console) and (exhibit := exhibits.of_cause(diagnosis)):
        render_exhibit(exhibit, console)
    if finding.fix:
        console.print()
        instruction(finding.fix, console)
    for symptom in cause.explains:
        said = f"explains {symptom.rule}: {symptom.message}"
        paragraph(Text(said, style="dim"), console, hang=2)


def _heading(diagnosis: Diagnosis) -> str:
    if diagnosis.verdict is not Verdict.FAULT:
        return "why: "
    return "seen: " if diagnosis.broken is None else "cause: "


def _render_others(causes: tuple[Cause, ...], heading: str, console: Console) -> None:
    if not causes:
        return
    console.print()
    console.print(Text(f"{heading}:", style="bold"))
    told: set[str] = set()
    for cause in causes[:_SUSPECTS]:
        finding = cause.finding
        text = Text(finding.level.label, style=STYLE[finding.level])
        text.append(f" {finding.message} {_named(finding)}", style="default not bold")
        paragraph(text, console, indent=2, hang=2)
        if finding.path and finding.level > Level.INFO:
            paragraph(Text(kept(finding.path), style="dim"), console, indent=4)
        if finding.level > Level.INFO and finding.fix and finding.fix not in told:
            paragraph(Text(f"fix: {_brief_fix(finding)}"), console, indent=4, hang=2)
        told.add(finding.fix)
    if len(causes) > _SUSPECTS:
        more = f"... and {len(causes) - _SUSPECTS} more: {kept('--format json')}"
        paragraph(Text(more), console, indent=2)


def _named(finding: Finding) -> str:
    return kept(f"({finding.rule}, {finding.certainty.label})")


def _brief_fix(finding: Finding) -> str:
    """Its commands, or else its first line."""
    lines = finding.fix.splitlines()
    commands = [line for line in lines if line.startswith("segdata ")]
    return kept(" && ".join(commands)) if commands else lines[0]


def _one_line(text: str, console: Console) -> None:
    room = max(20, console.width - 4)
    console.print(Text(f"  - {textwrap.shorten(text, room, placeholder=' ...')}"))
