"""Rules: each judges facts and says what it found; it opens, prints and raises nothing.

A rule is one decorated function in the file of its scope; its docstring is its manual page. To add
one, add a function, a sample and a test. ``run`` is the only way to apply them. ``dataset`` and
``labels`` judge folders, the other packages what the doctor is shown beside them.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from segdata.chain import link_of
from segdata.errors import UserError
from segdata.findings import Certainty, Finding, Level

# Scopes of the rules that judge ``DatasetFacts``: photos, labels, lists and their descriptor.
FOLDER_SCOPES = (
    "dataset.names", "dataset.pairing", "dataset.lists", "dataset.files", "labels.storage",
    "labels.coloring", "labels.ids", "labels.numbering", "labels.masks", "labels.structure",
    "dataset.alignment", "dataset.descriptor", "dataset.splits", "dataset.shards",
)  # fmt: skip
# Scopes of the rules that judge ``CaseFacts``: what the doctor knows beyond photos and labels.
CASE_SCOPES = (
    "predictions.contents", "training.reading", "predictions.viewing", "predictions.predicting",
    "predictions.scores", "predictions.class_order", "predictions.misfit",
    "training.runs", "training.loss_settings", "code.commands", "code.own_code", "code.as_read",
    "training.setting_hints", "code.registered",
    "training.curves", "training.vanishing", "training.validation",
    "printed.logs", "printed.ids", "printed.files", "printed.weights",
    "weights.values", "weights.heads", "weights.restoring", "weights.beginnings",
    "network.logits", "network.decoding", "network.feeding", "network.batches",
    "network.one_class",
)  # fmt: skip
# What one rule says is the reason of what others would find, which then say nothing.
_REASONS = {
    "P11": frozenset({"L03", "L04"}),
    "S04": frozenset({"L03", "L04", "L11", "L13", "L14", "L15"}),
}


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a rule says; the engine makes a :class:`~segdata.findings.Finding` of it.

    Args:
        message: one sentence with the numbers in it.
        certainty: how sure the evidence makes us.
        level: where the same thing does less harm than the rule's own level says.
        path: file or folder.
        x: column of the first offending pixel.
        y: row of the first offending pixel.
        count: pixels, lines or files concerned.
        evidence: numbers and names behind the message, JSON-able.
        fix: what to do; a line that begins with ``segdata`` is a command.
        missing: evidence that would settle it, as ``evidence: how to give it``.
    """

    message: str
    certainty: Certainty = Certainty.PROOF
    level: Level | None = None
    path: str | None = None
    x: int | None = None
    y: int | None = None
    count: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fix: str = ""
    missing: tuple[str, ...] = ()


Judge = Callable[[Any], Iterable[Statement]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Args:
        id: as in the fault catalogue, such as ``L01``.
        scope: what it judges: the module it stands in, such as ``labels.ids``.
        level: how bad it is, unless a statement says it is milder.
        title: the first line of its manual page.
        page: the manual page: what, why it hurts training, how to fix.
        judge: facts of the scope -> statements.
    """

    id: str
    scope: str
    level: Level
    title: str
    page: str
    judge: Judge

    def apply(self, facts: Any) -> Iterator[Finding]:
        """The findings of this rule about the facts of its scope."""
        yield from map(self.finding, self.judge(facts))

    def finding(self, said: Statement) -> Finding:
        """A statement in this rule's name and at its level."""
        return Finding(
            rule=self.id,
            level=self.level if said.level is None else said.level,
            certainty=said.certainty,
            message=said.message,
            path=said.path,
            x=said.x,
            y=said.y,
            count=said.count,
            evidence=said.evidence,
            fix=said.fix,
            missing=said.missing,
        )

    def to_json(self) -> dict[str, str]:
        return {
            "rule": self.id,
            "scope": self.scope,
            "link": link_of(self.id).label,
            "level": self.level.label,
            "title": self.title,
            "page": self.page,
        }


@dataclass(frozen=True)
class Manual:
    """The pages of some rules, or of one."""

    rules: tuple[Rule, ...]

    def to_json(self) -> list[dict[str, str]]:
        return [rule.to_json() for rule in self.rules]


_RULES: dict[str, Rule] = {}
# Scope, id and judge of what other evidence says in a rule's name.
_FURTHER: list[tuple[str, str, Judge]] = []
# Rules that are proposed for a misspelt id.
_NAMED = 3


def rule(rule_id: str, *, level: Level) -> Callable[[Judge], Judge]:
    """Register a function as a rule.

    Args:
        rule_id: a letter and two digits; each id is given once.
        level: how bad what it finds is.
    """

    def register(judge: Judge) -> Judge:
        page = inspect.getdoc(judge) or ""
        assert rule_id not in _RULES, f"{rule_id} is taken"
        title = page.partition("\n")[0].rstrip(".")
        _RULES[rule_id] = Rule(rule_id, _scope(judge), level, title, page, judge)
        return judge

    return register


def further(rule_id: str) -> Callable[[Judge], Judge]:
    """Register a function that tells the same cause from other evidence than its rule.

    A shuffled list is P01 where photos and labels show it, and where only a log hints at it. The
    manual page stays the rule's.
    """

    def register(judge: Judge) -> Judge:
        _FURTHER.append((_scope(judge), rule_id, judge))
        return judge

    return register


def _scope(judge: Judge) -> str:
    return judge.__module__.removeprefix(f"{__name__}.")


def run(scope: str, facts: Any) -> Iterator[Finding]:
    """Apply every rule of a scope.

    Args:
        scope: a module below this package, such as ``dataset.pairing``.
        facts: what the rules of that scope judge.
    """
    import_module(f"{__name__}.{scope}")
    for found in sorted(_RULES.values(), key=lambda r: r.id):
        if found.scope == scope:
            yield from found.apply(facts)
    for place, rule_id, judge in _FURTHER:
        if place == scope:
            yield from map(get(rule_id).finding, judge(facts))


def judge_folder(facts: Any) -> Iterator[Finding]:
    """What all rules about photos, labels, lists and the descriptor find.

    Args:
        facts: :class:`segdata.facts.DatasetFacts`.
    """
    findings = [finding for scope in FOLDER_SCOPES for finding in run(scope, facts)]
    said = {finding.rule for finding in findings if finding.level >= Level.WARNING}
    known = frozenset().union(*(rules for reason, rules in _REASONS.items() if reason in said))
    yield from (finding for finding in findings if finding.rule not in known)


def judge_case(case: Any) -> Iterator[Finding]:
    """What all rules find about predictions, training, commands, logs, weights and logits.

    Args:
        case: :class:`segdata.evidence.CaseFacts`.
    """
    for scope in CASE_SCOPES:
        yield from run(scope, case)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        import_module(module.name)
    return tuple(sorted(_RULES.values(), key=lambda r: r.id))


def get(rule_id: str) -> Rule:
    """The rule of that id; ``l1`` is ``L01``.

    Raises:
        UserError: there is none; names the nearest.
    """
    known = {found.id: found for found in all_rules()}
    meant = rule_id[:1].upper() + rule_id[1:].zfill(2)
    if meant in known:
        return known[meant]
    near = [known_id for known_id in known if _alike(known_id, meant) == 2]
    hint = f"did you mean {', '.join(near[:_NAMED])}? " if near else ""
    raise UserError(f"there is no rule {rule_id!r}", f"{hint}segdata rules lists them all")


def _alike(one: str, other: str) -> int:
    """Characters that stand at the same place."""
    return sum(a == b for a, b in zip(one, other, strict=False))


def manual(rule_id: str | None = None) -> Manual:
    """The manual of all rules, or the page of one.

    Raises:
        UserError: there is no such rule.
    """
    return Manual(all_rules() if rule_id is None else (get(rule_id),))
