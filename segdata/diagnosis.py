"""Diagnosis: findings of every link of the chain -> one verdict and ranked causes.

The chain runs labels, descriptor, pairs, shards, training, checkpoint, predictions, viewer. Rules
judge each link; here their findings are weighed against each other (fault catalogue, A9): what the
predictions themselves prove comes first, a proof about labels or the descriptor outranks anything
learned from the network, and a symptom is listed under its cause.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segdata.chain import Link, link_of
from segdata.classes import ClassMap
from segdata.dataset import Dataset
from segdata.evidence import CaseFacts
from segdata.findings import Certainty, Finding, Level


class Verdict(enum.StrEnum):
    """The answer in one word."""

    HEALTHY = "healthy"
    FAULT = "fault"
    DISPLAY_ONLY = "display-only"
    RIGHTLY_CONSTANT = "rightly-constant"
    NOT_ENOUGH = "not-enough-evidence"


class Evidence(enum.StrEnum):
    """What a diagnosis can rest on."""

    LABELS = "labels"
    SHARDS = "shards"
    RUN = "run"
    PREDICTIONS = "predictions"
    LOGITS = "logits"
    BATCH = "batch"
    WEIGHTS = "weights"
    LOG = "log"
    SCRIPT = "script"


@dataclass(frozen=True)
class Cause:
    """One cause, with what proves it and what follows from it."""

    finding: Finding
    explains: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.finding.rule,
            "certainty": self.finding.certainty.label,
            "level": self.finding.level.label,
            "summary": self.finding.message,
            "path": self.finding.path,
            "evidence": evidence_lines(self.finding),
            "fix": self.finding.fix,
            "explains": [finding.rule for finding in self.explains],
        }


@dataclass(frozen=True)
class Exhibits:
    """What a diagnosis can be shown with; nothing of it is weighed.

    Args:
        facts: the evidence as the rules judged it.
        dataset: where photos and labels lie; None where none was named.
        labels: label files by name.
        class_map: names and colors; None where nothing tells them.
    """

    facts: CaseFacts = field(default_factory=CaseFacts)
    dataset: Dataset | None = None
    labels: Mapping[str, Path] = field(default_factory=dict)
    class_map: ClassMap | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The verdict, the causes with the most likely first, and what would settle what is open."""

    verdict: Verdict
    causes: tuple[Cause, ...]
    missing: tuple[str, ...]
    looked_at: tuple[str, ...]
    exhibits: Exhibits = field(default_factory=Exhibits, compare=False, repr=False)

    @property
    def exit_code(self) -> int:
        return int(self.verdict is Verdict.FAULT)

    @property
    def broken(self) -> Link | None:
        """The first broken link, or the one that makes sound predictions look black."""
        if self.verdict not in (Verdict.FAULT, Verdict.DISPLAY_ONLY) or not self.causes:
            return None
        rule = self.answer.finding.rule
        return None if rule in _ANYWHERE else link_of(rule)

    @property
    def answer(self) -> Cause:
        """What the verdict rests on; doubts about the data are listed before what only looks black.

        Raises:
            IndexError: there is no cause.
        """
        said = _DISPLAY if self.verdict is Verdict.DISPLAY_ONLY else _RIGHTLY
        calm = self.verdict in (Verdict.DISPLAY_ONLY, Verdict.RIGHTLY_CONSTANT)
        found = (cause for cause in self.causes if calm and cause.finding.rule in said)
        return next(found, self.causes[0])

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": str(self.verdict),
            "broken": None if self.broken is None else self.broken.label,
            "diagnosis": [cause.to_json() for cause in self.causes],
            "missing": list(self.missing),
            "looked_at": list(self.looked_at),
        }


# The order in which links are tried, by the letter of their rules (fault catalogue, A9): labels and
# descriptor, the records made of them, pairs, training, checkpoint, inference, viewer, machine.
_CHAIN = "LDSPTCIVM"
# Answers that the predictions alone give: they are not black at all, or they are rightly so. The
# other rules about viewing (V03, V04, V05, V09) are faults: the files are not what was predicted.
_DISPLAY = frozenset({"V01", "V02", "V06", "V07", "V08"})
_RIGHTLY = frozenset({"I10"})
# What a person sees, not why: explained by any fault that comes earlier in the chain. That black is
# right is one of them when the labels themselves are at fault: they look black for that reason.
_SYMPTOMS = frozenset({"I07", "I10", "I11", "T12", "C07"})
# Of these, that numbers ran away: for a reason of its own, or for one of labels.
_NUMBERS = frozenset({"T12", "C07"})
# What would be a cause of its own, but follows where an earlier link is surely broken: labels that
# teach one class look imbalanced, and a network that cannot learn looks as if it had not learned
# long enough, at a wrong rate, or from the wrong weights (fault catalogue, facts 2 to 4).
_CONSEQUENCES = _SYMPTOMS | {"T01", "T02", "T03", "T05", "T10", "T11", "T20", "L26", "C08", "P09"}
# What follows of one cause only: a label that is lost shifts all that come after it.
_FOLLOWS = {"P07": frozenset({"P02"})}
# Some pictures are missing or seen twice for their names, lists or splits: nothing that a network
# does follows from it.
_PARTIAL = frozenset({"P03", "P04", "P05", "P06", "P07", "P08", "P09", "P12"})
# A leak flatters scores, and never is why predictions are black.
_LEAKS = frozenset({"P08"})
# Records that are older than the labels: whatever is wrong with the labels in them, they have to be
# made anew first.
_STALE = frozenset({"S01"})
# That predictions are of one class, or no better than that, says that some link is broken, not
# which.
_ANYWHERE = frozenset({"I07", "I11"})
# Hints of these say that predictions do not fit their labels, and not why: nothing is known to be
# wrong, and neither is that they are only drawn dark.
_DOUBTS = frozenset({"C01", "I01", "I02"})
# Worth a look, and never why predictions are black: after all that might be.
_NOTES = frozenset({"D02", "L29", "L30", "L31", "L32", "L33", "L34"})

_MISSING = {
    Evidence.LABELS: "the labels: add the dataset folder or the shards to the command",
    Evidence.PREDICTIONS: "the predictions: --predictions DIR with the predicted PNGs",
    Evidence.RUN: "the training run: add the run folder to the command",
}


def diagnose(
    findings: Iterable[Finding],
    evidence: Iterable[Evidence],
    looked_at: Sequence[str] = (),
    undecided: Sequence[str] = (),
) -> Diagnosis:
    """Weigh the findings.

    Args:
        findings: of all rules on all the evidence.
        evidence: which kinds of evidence were there at all.
        looked_at: a line for each thing that was read, for people.
        undecided: a line for each thing that was named and could not be read.
    """
    ranked = list(_once_each(sorted(findings, key=_rank)))
    given = set(evidence)
    verdict = _verdict(ranked, given)
    if undecided and verdict is Verdict.HEALTHY:
        verdict = Verdict.NOT_ENOUGH
    causes = _causes(ranked, verdict)
    settles = [line for cause in causes[:1] for line in cause.finding.missing]
    missing = dict.fromkeys([*undecided, *settles, *_open(verdict, given)])
    return Diagnosis(verdict, causes, tuple(missing), tuple(looked_at))


def evidence_lines(finding: Finding) -> list[str]:
    """The evidence of a finding as short lines: ``name: value``."""
    return [
        f"{name.replace('_', ' ')}: {_brief(value)}" for name, value in finding.evidence.items()
    ]


def _rank(finding: Finding) -> tuple[int, int, int, int, int]:
    """Errors before warnings, proofs before hints, causes before what may follow from them, early
    links before late ones. A hint is no more than a doubt about labels that is surer."""
    hint = finding.level is Level.ERROR and finding.certainty is Certainty.HINT
    level = 2 * finding.level + int(_is_doubt(finding)) - int(hint)
    note = int(finding.rule in _NOTES | _LEAKS)
    follows = int(finding.rule in _CONSEQUENCES)
    return -level, note, -finding.certainty, follows, _place(finding)


def _is_doubt(finding: Finding) -> bool:
    """A warning about labels or the descriptor that is more than a hint."""
    labels = finding.level is Level.WARNING and finding.rule[0] in "LD"
    return labels and finding.certainty > Certainty.HINT


def _verdict(ranked: list[Finding], evidence: set[Evidence]) -> Verdict:
    rules = {finding.rule for finding in ranked}
    faults = [finding for finding in ranked if finding.level >= Level.ERROR]
    # What labels and descriptor hold is a fault whatever a viewer shows.
    surely = any(f.rule not in _SYMPTOMS and (_explains(f) or f.rule[0] in "LD") for f in faults)
    if rules & _DISPLAY and not surely:
        return Verdict.DISPLAY_ONLY
    if faults:
        return Verdict.FAULT
    if any(f.rule in _DOUBTS and f.certainty is Certainty.HINT for f in ranked):
        return Verdict.NOT_ENOUGH
    if rules & _RIGHTLY:
        return Verdict.RIGHTLY_CONSTANT
    return Verdict.HEALTHY if evidence else Verdict.NOT_ENOUGH


def _causes(ranked: list[Finding], verdict: Verdict) -> tuple[Cause, ...]:
    """What is behind the verdict; a note that does no harm is no cause of a fault."""
    if verdict is Verdict.FAULT:
        ranked = [f for f in ranked if f.level > Level.INFO or may_matter(f)]
        ranked.sort(key=_is_symptom)
    elif verdict in (Verdict.DISPLAY_ONLY, Verdict.RIGHTLY_CONSTANT):
        said = _DISPLAY | _RIGHTLY
        ranked = sorted(ranked, key=lambda f: f.rule not in said and not _is_doubt(f))
    old = [f for f in ranked if f.rule in _STALE and _explains(f)]
    rules = {f.rule for f in ranked if _explains(f)}
    follows = {rule for rule, causes in _FOLLOWS.items() if causes & rules}
    behind = _CONSEQUENCES | follows
    first = next((f for f in [*old, *ranked] if f.rule not in behind), None)
    if verdict is not Verdict.FAULT or first is None or not _explains(first):
        return tuple(Cause(finding) for finding in ranked)
    behind = _SYMPTOMS - _NUMBERS if first.rule in _PARTIAL else behind
    follow = tuple(
        f for f in ranked
        if (f.rule in behind and _later(f, first)) or (old and _in_record(f))
    )  # fmt: skip
    rest = [finding for finding in ranked if finding is not first and finding not in follow]
    return (Cause(first, follow), *(Cause(finding) for finding in rest))


def may_matter(finding: Finding) -> bool:
    """Whether what is no fault for segdata may be one for another trainer, or is what one sees."""
    note = finding.rule in _NOTES | _CONSEQUENCES
    return finding.rule in _SYMPTOMS or (finding.rule[0] in "LDPS" and not note)


def _is_symptom(finding: Finding) -> bool:
    """Whether causes are named before it: proven NaN in weights or in a log is no worse a cause
    than a doubt about the training."""
    proven = finding.rule in ("C07", "T12") and finding.certainty is Certainty.PROOF
    return finding.rule in _SYMPTOMS and not proven


def _once_each(ranked: list[Finding]) -> Iterator[Finding]:
    """Several kinds of evidence may tell the same cause, and shards what their data set tells; the
    surest is kept. Of errors in files each stays."""
    said: set[tuple[str, ...]] = set()
    errors: set[str] = set()
    for finding in ranked:
        of_files = finding.rule[0] in "LDSP" and finding.level > Level.INFO
        key = (finding.rule, finding.path or "", finding.message) if of_files else (finding.rule,)
        doubt = finding.level < Level.ERROR and finding.rule in errors
        if key not in said and not doubt:
            said.add(key)
            errors |= {finding.rule} if finding.level >= Level.ERROR else set()
            yield finding


def _in_record(finding: Finding) -> bool:
    """Whether it is about labels in shards."""
    return finding.rule[0] in "LD" and ", record " in (finding.path or "")


def _explains(finding: Finding) -> bool:
    return finding.level >= Level.ERROR and finding.certainty >= Certainty.STRONG


def _later(finding: Finding, cause: Finding) -> bool:
    """Whether it comes after the cause in the chain, or is no more than what a person sees."""
    return finding.rule in _SYMPTOMS or _place(finding) >= _place(cause)


def _place(finding: Finding) -> int:
    return _CHAIN.find(finding.rule[0])


def _open(verdict: Verdict, evidence: set[Evidence]) -> tuple[str, ...]:
    """What was not there and would make the verdict surer."""
    missing = []
    if not evidence & {Evidence.LABELS, Evidence.SHARDS}:
        missing.append(_MISSING[Evidence.LABELS])
    if Evidence.PREDICTIONS not in evidence and verdict is not Verdict.FAULT:
        missing.append(_MISSING[Evidence.PREDICTIONS])
    if Evidence.RUN not in evidence and verdict is not Verdict.FAULT:
        missing.append(_MISSING[Evidence.RUN])
    return tuple(missing)


def _brief(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_brief(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_brief(item) for item in value)
    return str(value)
