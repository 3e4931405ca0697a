"""What ``validate`` says of a data set: findings, what was accepted, and the outlook."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from segdata.accepted import Compared
from segdata.dataset import Dataset
from segdata.findings import CheckReport
from segdata.policy import Policy
from segdata.rules import FOLDER_SCOPES, Rule, all_rules
from segdata.statistics import Statistics


@dataclass(frozen=True, eq=False)
class Checked:
    """A data set that was checked.

    Args:
        policy: which rules spoke.
        found: every finding.
        statistics: what was counted on the way; no objects.
        dataset: its folders; None for shards.
        compared: with the baseline, if there is one.
    """

    policy: Policy
    found: CheckReport
    statistics: Statistics
    dataset: Dataset | None = None
    compared: Compared | None = None

    @property
    def report(self) -> CheckReport:
        """The findings that count: the new ones where there is a baseline."""
        if self.compared is None:
            return self.found
        return replace(self.found, findings=self.compared.new)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that judged."""
        return tuple(
            rule
            for rule in all_rules()
            if rule.scope in FOLDER_SCOPES and self.policy.hears(rule.id)
        )

    @property
    def exit_code(self) -> int:
        return self.report.exit_code

    def to_json(self) -> dict[str, Any]:
        """The form that ``--format json`` promises (docs/architecture.md, interfaces)."""
        return self.report.to_json() | {
            "baseline": None if self.compared is None else self.compared.to_json(),
            "before_training": self.statistics.before_training(),
        }
