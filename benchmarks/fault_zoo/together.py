"""Two faults at once, and one fault with pieces of the evidence held back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from fault_zoo import folders, labels, training_logs
from fault_zoo.cases import FAULT, Break, Build, Case, rules
from fault_zoo.patients import Patient, each, label_file, patient, write_all
from fault_zoo.sources import IGNORE, load
from segdata.workflows.doctoring import DoctorRequest

# Pairs of faults of labels, lists and descriptor; either may come first, both are true.
_PAIRS: tuple[tuple[Break, str, Break, str], ...] = (
    (labels.foreground_ignored, "L01 D11", folders.windows_lines, "P05 P07 P03"),
    (labels.stray_ids, "L07 D01", folders.leaking, "P08"),
    (labels.grey_levels, "L02 D01", folders.labels_missing, "P07"),
    (labels.palette_for_tensorflow, "L03 L02 L07 D01 L16", folders.leaking, "P08"),
    (folders.moved, "L25 L24", labels.stray_ids, "L07 D01"),
    (labels.from_one, "L06 D01 L07 L17", folders.blank_lines, "P04 P07"),
    (labels.other_sizes, "L23", folders.leaking_copies, "P08 L28"),
    (folders.shuffled, "P01 L25 P02", folders.with_mask_suffix, "P10 P07"),
)
# A label fault, its black predictions, its log: what is held back takes certainty, not the answer.
_CHAINS: tuple[tuple[Break, str, str], ...] = (
    (labels.foreground_ignored, "L01", "D11"),
    (labels.inverted, "L19 L17", ""),
    (folders.background_ignored, "D03 D11", "D04"),
)
# What is left; of predictions and logs alone only the symptom can be told.
_WITHHELD = ("labels predictions log", "labels predictions", "labels log", "predictions log",
             "predictions", "log")  # fmt: skip


def rare_and_broken(sick: Patient, severe: bool) -> None:
    """0.3 % foreground, and a label fault: the fault counts, not the imbalance."""
    for key in sick.keys:
        label = np.zeros_like(sick.labels[key])
        side = int((label.size * 0.003) ** 0.5)
        rows, columns = np.nonzero(sick.labels[key] == 1)
        if len(rows):
            y, x = int(np.median(rows)), int(np.median(columns))
            label[y : y + side, x : x + side] = IGNORE if severe else 128
        sick.labels[key] = label


def cases() -> Iterable[Case]:
    for first, ones, second, others in _PAIRS:
        for source in ("portrait", "streets"):
            if source == "portrait" or first is not labels.foreground_ignored:
                name = f"two {first.__name__} and {second.__name__} {source}"
                true = rules(f"{ones} {others}")
                yield Case(name, "two", _two(first, second, source), true)
    for source in ("portrait", "camvid-car"):
        for severe, accept in ((False, "L02"), (True, "L01")):
            name = f"two rare_and_{accept} {source}"
            yield Case(name, "two", _rare(source, severe), rules(accept), rules("D01 D11"))
    for break_it, accept, also in _CHAINS:
        for kept in _WITHHELD:
            name = f"withheld {break_it.__name__}: {kept}"
            yield _withheld(name, break_it, kept, (accept, also))


def _withheld(name: str, break_it: Break, kept: str, true: tuple[str, str]) -> Case:
    build = _chain(break_it, kept.split())
    if "labels" in kept:
        verdicts = f"{FAULT} healthy"
        return Case(
            name, "withheld", build, rules(true[0]), rules(f"{true[1]} I11 I07"), rules(verdicts)
        )
    symptoms = "I11 T01 T02 T12 L08 L09 L01 D03"
    return Case(name, "withheld", build, rules(symptoms), rules("I11"),
                rules(f"{FAULT} not-enough-evidence healthy"))  # fmt: skip


def _two(first: Break, second: Break, source: str) -> Build:
    def build(root: Path) -> DoctorRequest:
        sick = patient(load(source))
        first(sick, True)
        second(sick, True)
        return sick.write(root, "folder")

    return build


def _rare(source: str, severe: bool) -> Build:
    def build(root: Path) -> DoctorRequest:
        sick = patient(load(source))
        rare_and_broken(sick, severe)
        request = sick.write(root / "data", "folder")
        return _with_black(sick, root, request)

    return build


def _chain(break_it: Break, kept: list[str]) -> Build:
    def build(root: Path) -> DoctorRequest:
        sick = patient(load("portrait"))
        log = training_logs.zero_at_once(sick, False)
        break_it(sick, True)
        request = sick.write(root / "data", "folder") if "labels" in kept else DoctorRequest()
        if "predictions" in kept:
            request = _with_black(sick, root, request)
        if "log" in kept:
            (root / "train.log").write_text(log.text("deeplab"))
            request = replace(request, log=root / "train.log")
        return request

    return build


def _with_black(sick: Patient, root: Path, request: DoctorRequest) -> DoctorRequest:
    files = each(sick, lambda key: label_file(np.zeros(_shape(sick, key), np.uint8)))
    write_all(root / "predictions", files)
    return replace(request, predictions=root / "predictions")


def _shape(sick: Patient, key: str) -> tuple[int, ...]:
    return sick.source.labels[sick.keys.index(key)].shape
