"""How a diagnosis looks: the verdict, the cause, its facts, the command."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from segdata.console.findings import STYLE, indented
from segdata.diagnosis import Cause, Diagnosis, Verdict, evidence_lines

_VERDICTS = {
    Verdict.HEALTHY: ("healthy", "bold green", "nothing that was looked at explains a fault"),
    Verdict.FAULT: ("fault", "bold red", "the first broken link is below"),
    Verdict.DISPLAY_ONLY: ("display-only", "bold cyan", "the predictions are not black"),
    Verdict.RIGHTLY_CONSTANT: ("rightly-constant", "bold cyan", "one class is right here"),
    Verdict.NOT_ENOUGH: (
        "not-enough-evidence",
        "bold yellow",
        "what was named could not be read",
    ),
}
# Facts of a cause that are shown; the others are in --format json.
_FACTS = 4


def to_json(diagnosis: Diagnosis) -> dict[str, Any]:
    return diagnosis.to_json()


def render(diagnosis: Diagnosis, console: Console) -> None:
    word, style, meaning = _VERDICTS[diagnosis.verdict]
    console.print(Text.assemble("verdict: ", (word, style), f", {meaning}"))
    for line in diagnosis.looked_at:
        console.print(Text(f"  looked at {line}", style="dim"))
    for number, cause in enumerate(diagnosis.causes, 1):
        _render_cause(number, cause, console)
    for what in diagnosis.missing:
        console.print(f"would tell more: {what}")


def _render_cause(number: int, cause: Cause, console: Console) -> None:
    finding = cause.finding
    line = Text(f"{number}. {finding.rule} ", style="bold")
    line.append(f"{finding.level.label} ({finding.certainty.label}) ", style=STYLE[finding.level])
    line.append(finding.message, style="not bold")
    console.print(line)
    if finding.path:
        console.print(Text(f"     where: {finding.path}"))
    for fact in evidence_lines(finding)[:_FACTS]:
        console.print(Text(f"     {fact}", style="dim"))
    for symptom in cause.explains:
        console.print(Text(f"     explains {symptom.rule}: {symptom.message}"))
    if finding.fix:
        console.print(Text(indented(f"fix: {finding.fix}", 5), style="bold"))
