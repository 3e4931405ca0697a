"""One planned shard -> one file. The unit of work: done twice, it gives the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from segdata.classes import Label
from segdata.dataset import DatasetDescriptor
from segdata.files import whole_file, write_file
from segdata.findings import Finding, Level
from segdata.manifest import ShardInfo, SplitInfo
from segdata.records import RecordWriter, Sample, encode
from segdata.sharding.packing import pack
from segdata.sharding.plan import PlannedShard, ShardRequest

_HASH_CHUNK = 1 << 20


@dataclass(frozen=True)
class ShardTask:
    """One shard to make; picklable."""

    out: Path
    planned: PlannedShard
    descriptor: DatasetDescriptor
    plan: str
    request: ShardRequest


class MadeShard(BaseModel):
    """What is known of a shard once it is made; kept beside it until the manifest is written.

    ``shard`` is None if pairs cannot be written; the findings say why, and there is no file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    plan: str
    shard: ShardInfo | None
    measured: SplitInfo
    findings: tuple[Finding, ...]
    kept: bool = False


class _NotWritten(Exception):
    """Ends the writing of a shard that must not exist."""


def note_file(shard: str) -> str:
    """The name of the file in which a worker keeps what it knows of a shard."""
    return shard.removesuffix(".tfrecord") + ".json"


def make_shard(task: ShardTask) -> MadeShard:
    """Make a shard, unless an interrupted run of the same plan has left it whole."""
    kept = _kept(task)
    if kept is not None:
        return kept
    made = _make(task)
    if made.shard is not None:
        write_file(task.out / note_file(task.planned.file), made.model_dump_json().encode())
    return made


def merge(parts: Iterable[SplitInfo]) -> SplitInfo:
    """The measures of several shards as one."""
    return reduce(_add, parts)


def _make(task: ShardTask) -> MadeShard:
    findings: list[Finding] = []
    measured: list[SplitInfo] = []
    shard = None
    try:
        with whole_file(task.out / task.planned.file) as file:
            writer = RecordWriter(file)
            for pair in task.planned.pairs:
                packed = pack(pair, wide_labels=task.request.wide_labels)
                findings += packed.findings
                if packed.sample is not None:
                    measured.append(_measure(packed.sample, packed.label, task.descriptor))
                    writer.write(encode(packed.sample))
            if any(finding.level == Level.ERROR for finding in findings):
                raise _NotWritten
        shard = _describe(task.planned, writer)
    except _NotWritten:
        pass
    total = merge(measured) if measured else _measure_nothing(task.descriptor)
    return MadeShard(plan=task.plan, shard=shard, measured=total, findings=tuple(findings))


def _describe(planned: PlannedShard, writer: RecordWriter) -> ShardInfo:
    assert len(writer.offsets) == len(planned.pairs)
    return ShardInfo(
        file=planned.file,
        split=planned.split,
        samples=len(writer.offsets),
        bytes=writer.size,
        sha256=writer.sha256,
        offsets=tuple(writer.offsets),
    )


def _kept(task: ShardTask) -> MadeShard | None:
    """The shard as an earlier run left it, if it is whole and of this plan."""
    path = task.out / task.planned.file
    try:
        made = MadeShard.model_validate_json((path.parent / note_file(path.name)).read_bytes())
        whole = (
            made.shard is not None
            and made.plan == task.plan
            and path.stat().st_size == made.shard.bytes
            and _sha256(path) == made.shard.sha256
        )
    except (OSError, ValidationError):
        return None
    return made.model_copy(update={"kept": True}) if whole else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _measure(sample: Sample, label: Label | None, descriptor: DatasetDescriptor) -> SplitInfo:
    return SplitInfo(
        samples=1,
        labelled=int(label is not None),
        pixels=tuple(int(n) for n in _pixels(label, descriptor)),
        min_height=sample.height,
        min_width=sample.width,
        max_height=sample.height,
        max_width=sample.width,
    )


def _pixels(label: Label | None, descriptor: DatasetDescriptor) -> npt.NDArray[np.int64]:
    """Pixels per class, then the ignored ones; ids that are neither are counted nowhere."""
    classes, ignore = descriptor.num_classes, descriptor.ignore_label
    out = np.zeros(classes + 1, dtype=np.int64)
    if label is None:
        return out
    counts = np.bincount(label.ravel(), minlength=max(classes, (ignore or 0) + 1))
    out[:classes] = counts[:classes]
    if ignore is not None:
        out[classes] = counts[ignore]
        out[:classes][ignore : ignore + 1] = 0
    return out


def _measure_nothing(descriptor: DatasetDescriptor) -> SplitInfo:
    pixels = (0,) * (descriptor.num_classes + 1)
    return SplitInfo(
        samples=0, labelled=0, pixels=pixels, min_height=0, min_width=0, max_height=0, max_width=0
    )


def _add(one: SplitInfo, other: SplitInfo) -> SplitInfo:
    return SplitInfo(
        samples=one.samples + other.samples,
        labelled=one.labelled + other.labelled,
        pixels=tuple(a + b for a, b in zip(one.pixels, other.pixels, strict=True)),
        min_height=min(one.min_height, other.min_height),
        min_width=min(one.min_width, other.min_width),
        max_height=max(one.max_height, other.max_height),
        max_width=max(one.max_width, other.max_width),
    )
