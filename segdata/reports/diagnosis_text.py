"""A diagnosis as Markdown: what one puts into an issue, or sends to somebody who can help."""

from __future__ import annotations

from collections.abc import Iterator

from segdata.chain import Link
from segdata.diagnosis import Cause, Diagnosis
from segdata.reports.diagnosis_words import cause_and_rest, facts, headline, sentence

# Facts of the cause, and other suspects, that are listed.
_FACTS, _SUSPECTS = 6, 12


def diagnosis_markdown(diagnosis: Diagnosis) -> str:
    """Markdown as GitHub renders it."""
    return "\n".join(_lines(diagnosis)) + "\n"


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"### {headline(diagnosis)}"
    broken = diagnosis.broken
    if broken is not None:
        links = (f"**[{x.label.upper()}]**" if x is broken else x.label for x in Link)
        yield f"\n{' → '.join(links)}"
    cause, others = cause_and_rest(diagnosis)
    if cause is not None:
        yield from _cause(cause)
    if others:
        yield f"\n**{'Other suspects' if diagnosis.exit_code else 'Also noticed'}**\n"
    for other in others[:_SUSPECTS]:
        yield _listed(other)
    if len(others) > _SUSPECTS:
        yield f"- and {len(others) - _SUSPECTS} more"
    yield "\n**Looked at**\n"
    yield from (f"- {line}" for line in diagnosis.looked_at)
    yield from (f"- would tell more: {line}" for line in diagnosis.missing)


def _cause(cause: Cause) -> Iterator[str]:
    finding = cause.finding
    yield f"\n{sentence(finding.message)} ({finding.rule}, {finding.certainty.label})\n"
    if finding.path:
        yield f"- `{finding.path}`"
    yield from (f"- {fact}" for fact in facts(finding, _FACTS))
    if finding.fix:
        yield f"\n```\n{finding.fix}\n```"
    if cause.explains:
        yield "\n**Explains**\n"
    yield from (f"- {symptom.rule}: {symptom.message}" for symptom in cause.explains)


def _listed(cause: Cause) -> str:
    finding = cause.finding
    return f"- {finding.level.label} {finding.rule} ({finding.certainty.label}): {finding.message}"
