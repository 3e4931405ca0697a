"""Findings as JUnit XML: one test case per rule, as continuous integration reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from segdata.checked import Checked
from segdata.findings import Finding, Level
from segdata.reports.places import base_of, place_below, sentence
from segdata.rules import Rule

# XML 1.0, section 2.2: characters that may not stand in a document, even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(checked: Checked) -> str:
    """A suite of the rules that judged; a rule fails where the exit code is 1 for it."""
    report = checked.report
    cases = [_case(rule, checked) for rule in checked.rules]
    failures = sum(case.find("failure") is not None for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0"}
    name = _clean(f"segdata validate {checked.statistics.name}")
    suites = Xml.Element("testsuites", {"name": name, **counts})
    suite = Xml.SubElement(suites, "testsuite", {"name": name, **counts, "time": "0"})
    looked_at = Xml.SubElement(suite, "properties")
    for what, count in report.checked.items():
        Xml.SubElement(looked_at, "property", {"name": what, "value": str(count)})
    suite.extend(cases)
    Xml.indent(suites, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(suites, "unicode")


def _case(rule: Rule, checked: Checked) -> Xml.Element:
    """The test case of one rule; findings that do not fail are in its output."""
    report = checked.report
    found = [finding for finding in report if finding.rule == rule.id]
    fails = [f for f in found if report.fail_on is not None and f.level >= report.fail_on]
    case = Xml.Element(
        "testcase",
        {"classname": f"segdata.{rule.scope}", "name": f"{rule.id} {rule.title}", "time": "0"},
    )
    if fails:
        kind = max(finding.level for finding in fails).label
        said = _clean(fails[0].message)
        more = f" (and {len(fails) - 1} more)" if len(fails) > 1 else ""
        failure = Xml.SubElement(case, "failure", {"type": kind, "message": said + more})
        failure.text = _text(fails, checked)
    mild = [finding for finding in found if finding not in fails]
    if mild:
        Xml.SubElement(case, "system-out").text = _text(mild, checked)
    return case


def _text(findings: Sequence[Finding], checked: Checked) -> str:
    base = base_of(checked)
    lines = []
    for finding in findings:
        where = "" if finding.path is None else f"{place_below(finding.path, base)}: "
        lines.append(f"{Level(finding.level).label}: {where}{sentence(finding)}")
        if finding.fix:
            lines.append(f"  fix: {finding.fix}")
    return _clean("\n".join(lines))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
