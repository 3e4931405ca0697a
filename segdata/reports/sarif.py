"""Findings as SARIF 2.1.0, the format that code hosts and editors read.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segdata import __version__
from segdata.accepted import Fingerprint
from segdata.checked import Checked
from segdata.findings import Finding, Level
from segdata.reports.places import as_uri, base_of, line_of, sentence
from segdata.rules import Rule

_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
_BASE = "BASE"


def as_sarif(checked: Checked) -> str:
    """One run with the rules that judged and what they found."""
    rules = checked.rules
    places = {rule.id: place for place, rule in enumerate(rules)}
    base = base_of(checked)
    run = {
        "tool": {
            "driver": {
                "name": "segdata",
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "originalUriBaseIds": {_BASE: {"uri": f"{base.as_uri()}/"}},
        "invocations": [{"executionSuccessful": True, "exitCode": checked.exit_code}],
        "columnKind": "utf16CodeUnits",
        "results": [
            _result(finding, state, checked, places, base)
            for finding, state in _with_states(checked)
        ],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, ensure_ascii=False, allow_nan=False, indent=1)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.page},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {"tags": [rule.scope]},
    }


def _with_states(checked: Checked) -> Iterator[tuple[Finding, str | None]]:
    """Findings, and where there is a baseline whether they are new."""
    if checked.compared is None:
        yield from ((finding, None) for finding in checked.found)
        return
    yield from ((finding, "new") for finding in checked.compared.new)
    yield from ((finding, "unchanged") for finding in checked.compared.known)


def _result(
    finding: Finding, state: str | None, checked: Checked, places: dict[str, int], base: Path
) -> dict[str, Any]:
    text = sentence(finding)
    properties = {
        "certainty": finding.certainty.label, "x": finding.x, "y": finding.y,
        "count": finding.count, "evidence": dict(finding.evidence), "fix": finding.fix or None,
    }  # fmt: skip
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.level],
        "message": {"text": f"{text}\nfix: {finding.fix}" if finding.fix else text},
        "partialFingerprints": {"segdata/v1": _fingerprint(finding, checked)},
        "properties": {key: value for key, value in properties.items() if value is not None},
    }
    if finding.rule in places:
        result["ruleIndex"] = places[finding.rule]
    if finding.path is not None:
        result["locations"] = [{"physicalLocation": _location(finding, finding.path, base)}]
    if state is not None:
        result["baselineState"] = state
    return result


def _location(finding: Finding, path: str, base: Path) -> dict[str, Any]:
    uri = as_uri(path, base)
    location: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if not uri.startswith("file:"):
        location["artifactLocation"]["uriBaseId"] = _BASE
    line = line_of(finding)
    if line is not None:
        location["region"] = {"startLine": line}
    return location


def _fingerprint(finding: Finding, checked: Checked) -> str:
    mine = Fingerprint.of(finding, checked.statistics.root)
    return hashlib.sha256(f"{mine.rule}\n{mine.path}\n{mine.kind}".encode()).hexdigest()[:32]
