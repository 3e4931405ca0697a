"""What a remedy is: from the findings of one rule to what is done about them.

A remedy is one decorated function for one rule. It looks at the data set as a whole and answers
with a :class:`Treatment`, or with a :class:`Refusal` that says why there is no safe one. To add
one, add a function to the file of its kind, and a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from segdata.dataset import Dataset, DatasetDescriptor
from segdata.facts import DatasetFacts, LabelForm, PairFacts
from segdata.findings import Finding
from segdata.mending.steps import LabelStep
from segdata.rules.labels.causes import IdSet, explained, ids_of


@dataclass(frozen=True, eq=False)
class Case:
    """What the remedy of one rule decides on.

    Args:
        dataset: as it is.
        facts: of all of it.
        findings: of that rule.
    """

    dataset: Dataset
    facts: DatasetFacts
    findings: tuple[Finding, ...]

    @property
    def descriptor(self) -> DatasetDescriptor:
        return self.facts.descriptor

    @cached_property
    def ids(self) -> IdSet:
        """The values of all labels whose form is sound."""
        return ids_of(self.facts)

    def forms(
        self, rule: str, also: Callable[[LabelForm], bool] | None = None
    ) -> frozenset[LabelForm]:
        """The forms that a rule explains, and sound ones that only other programs misread.

        Args:
            also: which sound forms the rule speaks about.
        """
        forms = {group.form for group in explained(self.facts, rule)}
        if also is not None:
            forms |= {g.form for g in explained(self.facts, None) if also(g.form)}
        return frozenset(forms)


@dataclass(frozen=True)
class Refusal:
    """There is no safe remedy here, and why."""

    why: str


@dataclass(frozen=True)
class TurnUpright:
    """The photo is written upright, its EXIF orientation applied to the pixels."""


@dataclass(frozen=True)
class LeaveOut:
    """The pair is not copied and taken off the lists, and why."""

    why: str


PairStep = Callable[[PairFacts], "TurnUpright | LeaveOut | None"]


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is done about the findings of one rule; parts that are None or empty change nothing.

    ``labels`` and ``pairs`` run where the work runs: functions of a module or frozen dataclasses.

    Args:
        does: in words, for people.
        labels: done to every label.
        pairs: what becomes of a pair, by its facts.
        descriptor: keys of the descriptor that change.
        drop: split -> name in its list -> why it is taken off.
        rewrite: splits whose lists are written anew even if their entries stay.
        adopt: file that is not found under its name -> the name that it gets in the new tree.
        lonely: photos and labels that have no partner are left out.
        settled: it is mended by copying only what counts.
    """

    does: str
    labels: LabelStep | None = None
    pairs: PairStep | None = None
    descriptor: Mapping[str, Any] = field(default_factory=dict)
    drop: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rewrite: frozenset[str] = frozenset()
    adopt: Mapping[Path, str] = field(default_factory=dict)
    lonely: bool = False
    settled: bool = False


Remedy = Callable[[Case], Treatment | Refusal]

_REMEDIES: dict[str, Remedy] = {}


def remedy(rule_id: str) -> Callable[[Remedy], Remedy]:
    """Register a function as the remedy of a rule."""

    def register(found: Remedy) -> Remedy:
        assert rule_id not in _REMEDIES, f"{rule_id} has a remedy"
        _REMEDIES[rule_id] = found
        return found

    return register


def remedies() -> Mapping[str, Remedy]:
    """Every remedy by rule, in the order in which they are applied."""
    # Their modules register them as they are imported.
    from segdata.mending import descriptor, edges, folders, labels, values  # noqa: F401

    return _REMEDIES
