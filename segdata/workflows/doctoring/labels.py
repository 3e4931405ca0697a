"""Data sets and shards: the rules about photos and labels, and what labels hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from segdata import registry, rules, validation
from segdata.dataset import Split
from segdata.diagnosis import Evidence
from segdata.evidence import LabelEvidence
from segdata.facts import DatasetFacts
from segdata.findings import Finding, Level
from segdata.validation import Shards
from segdata.workflows.doctoring.case import Case

# A quick look at this many pairs of each split, spread evenly.
SAMPLED = 500


def look_at_dataset(path: str, case: Case) -> None:
    """Every pair of a data set, or a sample."""
    dataset = registry.find(path)
    splits = [_sample(split, case.request.full) for split in dataset.splits.values()]
    facts = validation.gather(dataset, splits, case.executor, case.watch)
    total = len({pair.image for split in dataset.splits.values() for pair in split.pairs})
    case.labels.update(dataset.label_files)
    case.class_map = case.class_map or dataset.class_map
    samples = {name: len(split.pairs) for name, split in dataset.splits.items()}
    looked_at = f"{facts.pairs} of {total} pairs of the data set {dataset.root}"
    _judge(facts, case, (Evidence.LABELS, looked_at), samples)


def look_at_shards(folder: Path, case: Case) -> None:
    """Every record of shards, ours or others'."""
    found = validation.find(folder)
    assert isinstance(found, Shards)
    splits = list(found.splits.values())
    facts = validation.gather(found, splits, case.executor, case.watch)
    if found.manifest is not None:
        case.class_map = case.class_map or found.manifest.class_map
    samples: Counter[str] = Counter()
    for file in found.files:
        samples[file.split] += file.records
    looked_at = f"{facts.pairs} of {samples.total()} records of the shards {folder}"
    _judge(facts, case, (Evidence.SHARDS, looked_at), samples)


def _judge(
    facts: DatasetFacts, case: Case, seen: tuple[Evidence, str], samples: dict[str, int]
) -> None:
    findings = list(rules.judge_folder(facts))
    case.findings += findings
    case.add(*seen, labels=_evidence(facts, findings, samples))


def _evidence(
    facts: DatasetFacts, findings: Sequence[Finding], samples: dict[str, int]
) -> LabelEvidence:
    descriptor = facts.descriptor
    pixels: Counter[int] = Counter()
    holding: Counter[int] = Counter()
    for group in facts.groups:
        other = group.tensorflow if descriptor.label_decoder == "tensorflow" else group.opencv
        read = other if descriptor.label_decoder != "indices" else {}
        for value, seen in group.values.items():
            holding[value] += seen.files
            pixels[value] += 0 if read else seen.pixels
        pixels.update(read)
    ignored = {descriptor.ignore_label}
    return LabelEvidence(
        where=facts.root,
        num_classes=descriptor.num_classes,
        ignore=descriptor.ignore_label,
        names={entry.id: entry.name for entry in descriptor.classes},
        labels=facts.labels,
        pixels={i: n for i, n in sorted(pixels.items()) if n and i not in ignored},
        holding=dict(sorted(holding.items())),
        samples=samples,
        clean=all(finding.level < Level.WARNING for finding in findings),
    )


def _sample(split: Split, full: bool) -> Split:
    step = 1 if full else max(1, len(split.pairs) // SAMPLED)
    return replace(split, pairs=split.pairs[::step])
