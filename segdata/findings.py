"""Findings: what a rule says about data, and the report that collects them.

A finding is a value. It is not printed here; ``segdata.console`` does that.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


class Level(enum.IntEnum):
    """How bad it is. Ordered, so that thresholds compare."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    @property
    def label(self) -> str:
        return self.name.lower()


class Certainty(enum.IntEnum):
    """How sure the evidence makes us (fault catalogue, evidence marks)."""

    HINT = 0
    MEDIUM = 1
    STRONG = 2
    PROOF = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One statement of one rule about one place.

    Args:
        rule: the id of the rule, such as ``"L01"``.
        level: how bad it is.
        certainty: how sure the evidence makes us.
        message: one sentence with the numbers in it.
        path: the file or folder it is about, as the user would type it.
        x: column of the first offending pixel, counted from 0 at the left.
        y: row of the first offending pixel, counted from 0 at the top.
        count: how many pixels, lines or files are concerned.
        evidence: numbers and names behind the message, JSON-able.
        fix: a command line that mends it, or an instruction in words.
        missing: evidence that would settle it, where it is less than a proof.
    """

    rule: str
    level: Level
    certainty: Certainty
    message: str
    path: str | None = None
    x: int | None = None
    y: int | None = None
    count: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fix: str = ""
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The form that ``--format json`` promises (docs/architecture.md, interfaces)."""
        return {
            "rule": self.rule,
            "level": self.level.label,
            "certainty": self.certainty.label,
            "path": self.path,
            "x": self.x,
            "y": self.y,
            "count": self.count,
            "message": self.message,
            "evidence": dict(self.evidence),
            "fix": self.fix,
        }


_UNREADABLE = "L27"


def _severity(finding: Finding) -> tuple[int, int, str, str]:
    # A file that cannot be read has no other faults yet: it comes first.
    rule = "" if finding.rule == _UNREADABLE else finding.rule
    return -finding.level, -finding.certainty, rule, finding.path or ""


@dataclass(frozen=True)
class CheckReport:
    """Findings in order of weight, what was looked at, and the exit code that follows.

    Args:
        findings: any order; kept sorted by level, certainty, rule (what cannot be read, L27, comes
            first) and path.
        checked: counts of what was looked at, such as ``{"pairs": 468}``.
        fail_on: the level from which the exit code is 1; None never fails.
    """

    findings: tuple[Finding, ...] = ()
    checked: Mapping[str, int] = field(default_factory=dict)
    fail_on: Level | None = Level.ERROR

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", tuple(sorted(self.findings, key=_severity)))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __add__(self, other: CheckReport) -> CheckReport:
        keys = self.checked.keys() | other.checked.keys()
        checked = {k: self.checked.get(k, 0) + other.checked.get(k, 0) for k in sorted(keys)}
        return CheckReport(self.findings + other.findings, checked, self.fail_on)

    def at_least(self, level: Level) -> tuple[Finding, ...]:
        """The findings of this level and worse ones."""
        return tuple(f for f in self.findings if f.level >= level)

    def count(self, level: Level) -> int:
        return sum(f.level == level for f in self.findings)

    @property
    def exit_code(self) -> int:
        """1 if there is a finding at or above ``fail_on``, else 0."""
        return int(self.fail_on is not None and bool(self.at_least(self.fail_on)))

    def to_json(self) -> dict[str, Any]:
        return {
            "findings": [finding.to_json() for finding in self.findings],
            "checked": dict(self.checked),
            "exit_code": self.exit_code,
        }
