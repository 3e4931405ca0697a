"""The HTML page of a check: verdict, findings with pictures and fixes, the outlook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from segdata import __version__
from segdata.checked import Checked
from segdata.findings import Finding, Level
from segdata.reports.crops import Shot, shots
from segdata.reports.frame import render_page
from segdata.reports.wording import different_fixes
from segdata.rules import Rule
from segdata.statistics import FORMULAS

# Findings of a rule that are listed, and findings inside the page as JSON: a page stays small.
_LISTED, _INSIDE = 30, 1000
# Rows of a table in the evidence.
_ROWS = 12


@dataclass(frozen=True)
class Group:
    """All findings of one rule.

    Args:
        rule: None where the finding's id is no rule.
        hidden: findings that are not listed.
        fixes: what to do, each once.
        evidence: of the first finding, name and text.
        manual: paragraphs of the manual page, without its title.
        shots: pictures.
    """

    id: str
    rule: Rule | None
    level: Level
    findings: tuple[Finding, ...]
    hidden: int
    fixes: tuple[str, ...]
    evidence: tuple[tuple[str, str], ...]
    manual: tuple[str, ...]
    shots: tuple[Shot, ...]


def render_findings(checked: Checked) -> str:
    """The page: one HTML text that refers to nothing outside itself."""
    report = checked.report
    dataset = checked.dataset
    pictures = {} if dataset is None else shots(report.findings, dataset)
    rules = {rule.id: rule for rule in checked.rules}
    return render_page(
        "findings.html.jinja",
        checked=checked,
        report=report,
        verdict=_verdict(checked),
        counts=[(level, report.count(level)) for level in reversed(Level)],
        groups=_groups(report.findings, rules, pictures),
        compared=checked.compared,
        statistics=checked.statistics,
        formulas=FORMULAS,
        version=__version__,
        data=_inside(checked),
    )


def _verdict(checked: Checked) -> tuple[str, str]:
    """In large letters, and in a sentence."""
    report = checked.report
    errors, warnings = report.count(Level.ERROR), report.count(Level.WARNING)
    new = "new " if checked.compared is not None else ""
    if errors:
        return (
            f"{errors} {new}error{'s' * (errors != 1)}",
            "Mend these before anything is trained on the data: a network learns what they say.",
        )
    if warnings:
        return (
            f"{warnings} {new}warning{'s' * (warnings != 1)}",
            "Nothing keeps the data from being used; look at these first.",
        )
    if len(report):
        return "Fine", "No error and no warning; what was noticed is below."
    return "Nothing wrong", "No rule found anything."


def _groups(
    findings: Sequence[Finding],
    rules: Mapping[str, Rule],
    pictures: Mapping[str, tuple[Shot, ...]],
) -> list[Group]:
    order = list(dict.fromkeys(finding.rule for finding in findings))
    ranked = sorted(findings, key=lambda finding: order.index(finding.rule))
    out = []
    for rule_id, members in groupby(ranked, key=lambda finding: finding.rule):
        group, rule = tuple(members), rules.get(rule_id)
        out.append(
            Group(
                rule_id,
                rule,
                group[0].level,
                group[:_LISTED],
                len(group) - len(group[:_LISTED]),
                tuple(different_fixes(group)),
                tuple(_evidence(group[0].evidence)),
                tuple(rule.page.split("\n\n")[1:]) if rule else (),
                pictures.get(rule_id, ()),
            )
        )
    return out


def _evidence(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    out = []
    for name, value in evidence.items():
        if isinstance(value, Mapping):
            rows = [f"{key}: {_short(row)}" for key, row in list(value.items())[:_ROWS]]
            more = len(value) - len(rows)
            text = ", ".join(rows) + (f" and {more} more" if more else "")
        elif isinstance(value, (list, tuple)):
            text = ", ".join(map(_short, value[:_ROWS]))
        else:
            text = _short(value)
        out.append((name.replace("_", " "), text))
    return out


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return json.dumps(value, ensure_ascii=False, default=str)


def _inside(checked: Checked) -> dict[str, Any]:
    data = checked.to_json()
    found = data["findings"]
    return data | {"findings": found[:_INSIDE], "more_findings": max(0, len(found) - _INSIDE)}
