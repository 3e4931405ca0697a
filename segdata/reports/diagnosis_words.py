"""A diagnosis in sentences, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Mapping

from segdata.diagnosis import Cause, Diagnosis, Verdict, evidence_lines, may_matter
from segdata.findings import Certainty, Finding, Level

# How sure a sentence sounds.
_LIES = {
    Certainty.PROOF: "The fault lies",
    Certainty.STRONG: "The fault very likely lies",
    Certainty.MEDIUM: "The fault probably lies",
    Certainty.HINT: "The fault may lie",
}
# Rules that say what is going on rather than where something is broken.
_SAID = {
    "I11": "The network answers every photo alike; nothing that was looked at says why.",
    "T02": "The network has not been trained long enough.",
    "I10": "Black is right: the labels of these pictures hold no object either.",
}
_ANSWERS = {
    Verdict.DISPLAY_ONLY: "Nothing is broken: the predictions only look black.",
    Verdict.RIGHTLY_CONSTANT: "Nothing is broken: one class everywhere is right here.",
    Verdict.NOT_ENOUGH: "There is not enough to tell.",
}
# Training, checkpoint, inference: what is said of them without a fault is worth a word.
_OF_NETWORKS = "TCI"
# Evidence that lists names or counts files, which says nothing of the cause.
_LISTS = ("first ", "splits:", "same as:", "files:", "read:")


def headline(diagnosis: Diagnosis) -> str:
    """The verdict in one sentence."""
    first = diagnosis.answer.finding if diagnosis.causes else None
    if diagnosis.verdict is Verdict.HEALTHY:
        warned = sum(cause.finding.level >= Level.WARNING for cause in diagnosis.causes)
        said = [cause.finding for cause in diagnosis.causes]
        matter = any(may_matter(found) or found.rule[0] in _OF_NETWORKS for found in said)
        if not warned and not matter:
            return "Nothing is wrong with what was looked at."
        if not warned:
            return "Nothing is broken in what was looked at; what was noticed may matter to you."
        what = "thing deserves" if warned == 1 else "things deserve"
        return f"Nothing is proven to be broken; {warned} {what} a look."
    if first is not None and first.rule in _SAID:
        return _SAID[first.rule]
    if diagnosis.verdict is Verdict.FAULT and first is not None and diagnosis.broken is not None:
        return f"{_LIES[first.certainty]} {diagnosis.broken.value}."
    warned = diagnosis.verdict is Verdict.DISPLAY_ONLY and any(
        cause.finding.level >= Level.WARNING for cause in diagnosis.causes
    )
    return _ANSWERS[diagnosis.verdict] + (" What was noticed deserves a look." if warned else "")


def cause_and_rest(diagnosis: Diagnosis) -> tuple[Cause | None, tuple[Cause, ...]]:
    """What the verdict rests on, and what else was noticed; without a fault there is no cause."""
    if diagnosis.verdict in (Verdict.HEALTHY, Verdict.NOT_ENOUGH) or not diagnosis.causes:
        return None, diagnosis.causes
    answer = diagnosis.answer
    return answer, tuple(cause for cause in diagnosis.causes if cause is not answer)


def sentence(message: str) -> str:
    """With a capital letter and a full stop, where it begins with a plain word."""
    word = message.partition(" ")[0]
    start = message[:1].upper() if word.isalpha() else message[:1]
    return start + message[1:] + ("" if message.endswith((".", ":", "?")) else ".")


def facts(finding: Finding, most: int) -> list[str]:
    """The first facts as ``name: value``, tables first; lists of files are left out."""
    tables = [isinstance(value, Mapping) for value in finding.evidence.values()]
    ranked = sorted(zip(tables, evidence_lines(finding), strict=True), key=lambda item: not item[0])
    return [line for _, line in ranked if not line.startswith(_LISTS)][:most]
