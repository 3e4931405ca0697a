"""What a case is, and how modules list theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fault_zoo.patients import Form, Patient, patient
from fault_zoo.sources import load
from segdata.workflows.doctoring import DoctorRequest

Build = Callable[[Path], DoctorRequest]
Break = Callable[[Patient, bool], object]
# Breaks and writes a patient with other evidence beside it.
BreakAll = Callable[[Patient, Path, bool], DoctorRequest]
# Kind, break, what may come first, what is true as well, sources, verdicts.
Fault = tuple[str, BreakAll, str, str, str, str]
FAULT = "fault"


@dataclass(frozen=True)
class Case:
    """One patient.

    Args:
        id: unique, for ``--only``.
        kind: the fault's rule, or ``healthy``, ``two``, ``withheld``.
        build: writes it below a folder; what the doctor is given.
        accept: rules of which one has to come first; several where the evidence cannot tell.
        also: rules that are true here as well, but should not come first.
        verdicts: of which one is right.
    """

    id: str
    kind: str
    build: Build
    accept: frozenset[str]
    also: frozenset[str] = frozenset()
    verdicts: frozenset[str] = frozenset({FAULT})

    @property
    def healthy(self) -> bool:
        return not self.accept


def rules(text: str) -> frozenset[str]:
    return frozenset(text.split())


def on_sources(
    kind: str,
    break_it: Break,
    accept: str,
    *,
    also: str = "",
    sources: str = "streets camvid",
    forms: str = "folder",
    verdicts: str = FAULT,
) -> Iterable[Case]:
    """A fault mild and severe, on every source, in every form."""
    for source in sources.split():
        for form in forms.split():
            for severe in (False, True):
                yield Case(
                    f"{kind} {break_it.__name__} {source} {form} {'severe' if severe else 'mild'}",
                    kind,
                    _build(break_it, source, form, severe),  # type: ignore[arg-type]
                    rules(accept),
                    rules(also),
                    rules(verdicts),
                )


def _build(break_it: Break, source: str, form: Form, severe: bool) -> Build:
    def build(root: Path) -> DoctorRequest:
        sick = patient(load(source))
        break_it(sick, severe)
        return sick.write(root, form)

    return build


def sound(name: str, build: Build) -> Case:
    """A healthy control."""
    verdicts = rules("healthy not-enough-evidence")
    return Case(f"healthy {name}", "healthy", build, rules(""), rules(""), verdicts)


def both_severities(faults: Iterable[Fault]) -> Iterable[Case]:
    """A fault of other evidence than labels mild and severe, on every source."""
    for kind, break_it, accept, also, sources, verdicts in faults:
        for source in sources.split():
            for severe in (False, True):
                name = f"{kind} {break_it.__name__} {source} {'severe' if severe else 'mild'}"
                build = _write(break_it, source, severe=severe)
                yield Case(name, kind, build, rules(accept), rules(also), rules(verdicts))


def _write(break_it: BreakAll, source: str, *, severe: bool) -> Build:
    return lambda root: break_it(patient(load(source)), root, severe)
