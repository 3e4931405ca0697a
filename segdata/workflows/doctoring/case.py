"""What has been gathered so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from segdata import rules
from segdata.classes import ClassMap
from segdata.dataset import Dataset
from segdata.diagnosis import Diagnosis, Evidence, Exhibits, diagnose
from segdata.evidence import CaseFacts
from segdata.evidence.predictions import PredictionFacts
from segdata.executors import Executor, Serial
from segdata.findings import Finding
from segdata.progress import Watch
from segdata.rules.code.as_read import labels_as_read, settled
from segdata.workflows.doctoring.request import DoctorRequest
from segdata.workflows.runs import Run


@dataclass
class Case:
    """One patient.

    Args:
        request: what was given.
        watch: follows the work.
        facts: the evidence, for the rules that join several kinds.
        predictions: further predictions; each is judged with all other evidence.
        findings: of the rules about photos and labels.
        evidence: which kinds there are.
        looked_at: a line for each thing that was read, for people.
        undecided: a line for each thing that was named and could not be read.
        labels: label files by name, to compare predictions with.
        class_map: the classes, where something names them.
        dataset: the first data set, to show photos and labels of.
        runs: whose networks are asked when all else is known.
    """

    request: DoctorRequest
    watch: Watch
    facts: CaseFacts = field(default_factory=CaseFacts)
    predictions: list[PredictionFacts] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    evidence: set[Evidence] = field(default_factory=set)
    looked_at: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    labels: dict[str, Path] = field(default_factory=dict)
    class_map: ClassMap | None = None
    dataset: Dataset | None = None
    runs: list[Run] = field(default_factory=list)

    @property
    def executor(self) -> Executor:
        return self.request.executor or Serial()

    def add(self, evidence: Evidence, looked_at: str, **parts: Any) -> None:
        """Add parts of ``CaseFacts``; what is known already stays."""
        new = {name: part for name, part in parts.items() if not getattr(self.facts, name)}
        self.facts = replace(self.facts, **new)
        self.evidence.add(evidence)
        self.looked_at.append(looked_at)

    def diagnosis(self) -> Diagnosis:
        """What all rules say, weighed."""
        findings = settled(self.findings, self.facts)
        known = replace(self.facts, labels=labels_as_read(self.facts, findings))
        cases = [replace(known, predictions=one) for one in self.predictions]
        for case in cases or [known]:
            findings += [f for f in rules.judge_case(case) if f not in findings]
        found = diagnose(findings, self.evidence, self.looked_at, self.undecided)
        facts = cases[0] if cases else known
        return replace(found, exhibits=Exhibits(facts, self.dataset, self.labels, self.class_map))
