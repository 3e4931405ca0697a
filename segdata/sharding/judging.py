"""Whether records may be used: what the rules say, and what cannot be a record in any case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from segdata import rules
from segdata.dataset import Pair
from segdata.facts import DatasetFacts, FactsCollector, LabelFacts, PairFacts, PhotoFacts
from segdata.findings import Certainty, CheckReport, Finding, Level
from segdata.sharding.packing import writable
from segdata.sharding.plan import ShardPlan

# The rule (fault catalogue) behind each kind of problem of a file.
_RULES = {"unreadable": "L27", "color": "L04", "alpha": "L13", "lossy": "L11", "mode": "L27"}
_WIDE = "L14"


def judge_lists(plan: ShardPlan) -> CheckReport:
    """What the rules say of the lists alone; known before any file is opened."""
    return CheckReport(tuple(rules.run("dataset.pairing", _chosen(plan, _collector(plan)))))


@dataclass
class Judge:
    """Hears the facts of all records, each file once, and says what is wrong with them."""

    plan: ShardPlan
    _collector: FactsCollector = field(init=False)
    _splits: dict[tuple[str, str | None], tuple[str, ...]] = field(init=False)
    _unwritable: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._collector = _collector(self.plan)
        self._splits = {}
        for shard in self.plan.shards:
            for pair in shard.pairs:
                known = self._splits.get(_files(pair), ())
                self._splits[_files(pair)] = (*known, *{shard.split} - set(known))

    def hear(self, facts: Iterable[PairFacts]) -> None:
        """Take in the facts of a shard's records; a pair of several splits counts once."""
        for pair in facts:
            splits = self._splits.pop(_files_of(pair), None)
            if splits is None:
                continue
            self._collector.add(pair, splits)
            if not writable(pair, wide_labels=self.plan.request.wide_labels):
                self._unwritable += _reasons(pair)

    def report(self) -> CheckReport:
        """All findings; an error means that the records may not be used."""
        findings = tuple(self._ruled()) if self.plan.request.check else ()
        if self._unwritable and not CheckReport(findings).exit_code:
            findings += tuple(self._unwritable)
        return CheckReport(findings, {"pairs": self.plan.samples})

    def _ruled(self) -> Iterator[Finding]:
        for finding in rules.judge_folder(_chosen(self.plan, self._collector)):
            if not (self.plan.request.wide_labels and finding.rule == _WIDE):
                yield finding


def _collector(plan: ShardPlan) -> FactsCollector:
    # However their trainer reads files: here segdata reads the lists, and labels become 8-bit grey.
    descriptor = plan.dataset.descriptor.model_copy(update={"label_decoder": "indices"})
    return FactsCollector(descriptor, str(plan.dataset.root))


def _chosen(plan: ShardPlan, collector: FactsCollector) -> DatasetFacts:
    """The facts collected, and those of the lists that the plan takes."""
    facts = collector.facts(plan.dataset)
    names = {split.name for split in plan.splits}
    return replace(facts, splits=tuple(split for split in facts.splits if split.name in names))


def _files(pair: Pair) -> tuple[str, str | None]:
    return str(pair.image), str(pair.label) if pair.label else None


def _files_of(facts: PairFacts) -> tuple[str, str | None]:
    return facts.photo.path, facts.label.path if facts.label else None


def _reasons(facts: PairFacts) -> Iterator[Finding]:
    for file in (facts.photo, facts.label):
        if file is not None and file.problem is not None:
            yield _unwritable(_RULES[file.problem.kind], file, file.problem.message)
    label = facts.label
    if label is not None and label.problem is None and label.form.wide:
        largest = max(label.ids or {})
        yield _unwritable(_WIDE, label, f"its ids go up to {largest}, those of records to 255")


def _unwritable(rule: str, file: PhotoFacts | LabelFacts, why: str) -> Finding:
    remedy = file.problem.remedy if file.problem else ""
    return Finding(
        rule=rule,
        level=Level.ERROR,
        certainty=Certainty.PROOF,
        message=f"this file cannot be written to a record: {why}",
        path=file.path,
        fix=remedy or "number the classes from 0 to 255, or allow 16-bit labels: wide_labels=True",
    )
