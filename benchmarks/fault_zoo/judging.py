"""Asks the doctor about one case, and says whether the answer is right."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fault_zoo import baselines
from fault_zoo.cases import Case
from segdata.diagnosis import Cause, Diagnosis
from segdata.errors import UserError
from segdata.findings import Certainty, Level
from segdata.workflows.doctoring import diagnose

# Of every case (issue 6).
SECONDS = 60.0
SHOWN = 5


@dataclass(frozen=True)
class Answer:
    """What the doctor said of a case.

    Args:
        first, third: whether a right cause came first, or among the first three.
        wrong_proofs: rules that were called proven and are not true here.
        alarms: rules of warning level or above, on a healthy case.
        said: the causes in order, as ``L01 error proof``.
        trouble: what went wrong: an exception, a time that ran out.
        baselines: which baselines were right.
    """

    case: str
    kind: str
    healthy: bool
    first: bool
    third: bool
    verdict: str
    verdict_right: bool
    wrong_proofs: tuple[str, ...]
    alarms: tuple[str, ...]
    said: tuple[str, ...]
    trouble: str
    seconds: float
    baselines: tuple[str, ...]

    @property
    def right(self) -> bool:
        return self.first and not self.wrong_proofs and not self.trouble


def judge(case: Case) -> Answer:
    """Write the case, ask everybody, and compare."""
    with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
        request = case.build(Path(folder))
        start = time.perf_counter()
        try:
            diagnosis, trouble = diagnose(request), ""
        except UserError as error:
            diagnosis, trouble = None, f"refused: {error.message}"
        except Exception as error:  # noqa: BLE001 - a crash is one of the things to be counted
            diagnosis, trouble = None, f"crash: {type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        right = tuple(
            name for name in baselines.BASELINES if _is_right(case, baselines.answer(name, request))
        )
    if seconds > SECONDS:
        trouble = f"{seconds:.0f} s"
    return _answer(case, diagnosis, (trouble, seconds, right))


def _answer(
    case: Case, diagnosis: Diagnosis | None, rest: tuple[str, float, tuple[str, ...]]
) -> Answer:
    trouble, seconds, right = rest
    causes = diagnosis.causes if diagnosis else ()
    loud = [cause for cause in causes if cause.finding.level >= Level.WARNING]
    ranked = [cause.finding.rule for cause in causes]
    true = case.accept | case.also
    proofs = [c.finding.rule for c in loud if c.finding.certainty is Certainty.PROOF]
    verdict = str(diagnosis.verdict) if diagnosis else ""
    return Answer(
        case=case.id,
        kind=case.kind,
        healthy=case.healthy,
        first=not loud if case.healthy else bool(set(ranked[:1]) & case.accept),
        third=not loud if case.healthy else bool(set(ranked[:3]) & case.accept),
        verdict=verdict,
        verdict_right=verdict in case.verdicts,
        wrong_proofs=tuple(sorted({rule for rule in proofs if rule not in true})),
        alarms=tuple(sorted({c.finding.rule for c in loud})) if case.healthy else (),
        said=tuple(map(_brief, causes[:SHOWN])),
        trouble=trouble,
        seconds=seconds,
        baselines=right,
    )


def _brief(cause: Cause) -> str:
    finding = cause.finding
    explains = "".join(f" +{other.rule}" for other in cause.explains)
    return f"{finding.rule} {finding.level.label} {finding.certainty.label}{explains}"


def _is_right(case: Case, rule: str | None) -> bool:
    if case.healthy:
        return rule is None
    # That a value is out of range is a right answer wherever it is one of the causes.
    return rule in case.accept | (case.also & {"D01"})
