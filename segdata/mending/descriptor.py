"""Remedies for a descriptor that does not say what the labels hold."""

from __future__ import annotations

from typing import Any

from segdata.findings import Certainty
from segdata.mending.steps import TableStep
from segdata.mending.treatment import Case, Refusal, Treatment, remedy
from segdata.rules.labels.causes import VOID, value_causes


@remedy("L20")
def declare_void(case: Case) -> Treatment | Refusal:
    """The void value is the ignore label."""
    ids = case.ids
    values = value_causes(ids).get("L20", ())
    ignore = ids.ignore
    if not values:
        return Refusal("the void value was not told apart")
    if ignore is not None and ignore in ids.values:
        return Treatment(
            does=f"{', '.join(map(str, values))} became the ignore label {ignore}, which labels "
            "hold already",
            labels=TableStep(dict.fromkeys(values, ignore)),
        )
    target, *others = sorted(values, reverse=True)
    return Treatment(
        does=f"ignore_label = {target}",
        descriptor={"ignore_label": target},
        labels=TableStep(dict.fromkeys(others, target)) if others else None,
    )


@remedy("D01")
def enough_classes(case: Case) -> Treatment | Refusal:
    """num_classes is as large as the labels and the list of classes need."""
    finding = case.findings[0]
    if finding.certainty < Certainty.STRONG:
        return Refusal("ids beyond are rare and have no name: they may be slips of a brush")
    if finding.evidence["pixels_beyond"] and not finding.evidence["classes_beyond"]:
        shifted = case.facts.masks.shifted.files
        if 0 not in case.ids.values or shifted:
            return Refusal(
                "labels with ids beyond the classes have no 0: they may be counted from 1, and "
                "one class more would make every class wrong"
            )
    needed = int(finding.evidence["needed"])
    return Treatment(does=f"num_classes = {needed}", descriptor={"num_classes": needed})


@remedy("D03")
def background_takes_part(case: Case) -> Treatment | Refusal:
    """No class is ignored."""
    return _ignoring_no_class(case)


@remedy("D04")
def every_class_takes_part(case: Case) -> Treatment | Refusal:
    """No class is ignored."""
    return _ignoring_no_class(case)


def _ignoring_no_class(case: Case) -> Treatment:
    label: Any = VOID if case.ids.num_classes <= VOID else None
    said = "false" if label is None else label
    return Treatment(does=f"ignore_label = {said}", descriptor={"ignore_label": label})
