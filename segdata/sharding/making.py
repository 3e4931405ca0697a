"""One planned shard -> one file. The unit of work: done twice, it gives the same bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from segdata.dataset import DatasetDescriptor
from segdata.facts import PairFacts
from segdata.files import whole_file, write_file
from segdata.manifest import ShardInfo
from segdata.records import RecordWriter, encode
from segdata.sharding.packing import pack
from segdata.sharding.plan import PlannedShard, ShardRequest


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

    ``shard`` is None, and there is no file, if one of the pairs cannot be a record.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, ser_json_bytes="base64", val_json_bytes="base64"
    )

    plan: str
    shard: ShardInfo | None
    facts: tuple[PairFacts, ...]
    kept: bool = False


class _Abandoned(Exception):
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


def _make(task: ShardTask) -> MadeShard:
    """Write the records; after the first pair that cannot be one, only look at the others."""
    facts: list[PairFacts] = []
    shard = None
    try:
        with whole_file(task.out / task.planned.file) as file:
            writer = RecordWriter(file)
            for pair in task.planned.pairs:
                packed = pack(pair, task.descriptor, wide_labels=task.request.wide_labels)
                facts.append(packed.facts)
                if packed.sample is not None:
                    writer.write(encode(packed.sample))
            if len(writer.offsets) < len(task.planned.pairs):
                raise _Abandoned
        shard = _describe(task.planned, writer)
    except _Abandoned:
        pass
    return MadeShard(plan=task.plan, shard=shard, facts=tuple(facts))


def _describe(planned: PlannedShard, writer: RecordWriter) -> ShardInfo:
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
        made = MadeShard.model_validate_json((task.out / note_file(path.name)).read_bytes())
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
