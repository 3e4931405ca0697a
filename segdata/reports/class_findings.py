"""Which findings about the data concern which class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segdata.findings import Finding, Level
from segdata.scores import ClassScore

# Where rules write the classes that they speak about; other ids are all that a label holds.
_KEYS = ("class", "classes", "value", "unseen", "classes_beyond", "trained_classes", "kinds")
LEVEL_NAMES = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}


@dataclass(frozen=True)
class LinkedFinding:
    """A finding, its place on the page, and the ids and names of the classes it concerns."""

    anchor: str
    level: str
    finding: Finding
    classes: tuple[tuple[int, str], ...]


def linked(findings: Sequence[Finding], classes: Sequence[ClassScore]) -> list[LinkedFinding]:
    """The findings, the worst first."""
    ordered = sorted(findings, key=lambda f: -f.level)
    return [
        LinkedFinding(f"finding-{i}", LEVEL_NAMES[f.level], f, tuple(_concerned(f, classes)))
        for i, f in enumerate(ordered, 1)
    ]


def by_class(found: Sequence[LinkedFinding]) -> dict[int, list[LinkedFinding]]:
    """The findings of every class that has any."""
    out: dict[int, list[LinkedFinding]] = {}
    for one in found:
        for class_id, _ in one.classes:
            out.setdefault(class_id, []).append(one)
    return out


def _concerned(finding: Finding, classes: Sequence[ClassScore]) -> Iterator[tuple[int, str]]:
    words = {str(word) for key in _KEYS for word in _words(finding.evidence.get(key))}
    for entry in classes:
        spelled = {str(entry.id), entry.name, f"{entry.name} ({entry.id})", f"class {entry.id}"}
        if words & spelled or any(word.startswith(f"{entry.name} in ") for word in words):
            yield entry.id, entry.name


def _words(value: Any) -> Iterator[Any]:
    if isinstance(value, (Mapping, list, tuple)):
        yield from value
    elif value is not None:
        yield value
