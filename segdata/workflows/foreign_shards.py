"""Shards that others made, as the original's scripts do: without a manifest.

Every record is looked at once. The rules judge what it holds, and a manifest is made of it; where
the shards lie nothing is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from segdata import __version__, registry, validation
from segdata.dataset import DatasetDescriptor
from segdata.errors import BadData, UserError
from segdata.executors import Executor, Serial
from segdata.facts import Look
from segdata.facts.records import RecordFacts
from segdata.facts.shards import ShardFile
from segdata.files import link_file
from segdata.manifest import MANIFEST_FILE, ShardInfo, ShardManifest, SplitInfo
from segdata.policy import Policy
from segdata.progress import Silence, Track
from segdata.sharding.measures import add_up, measure
from segdata.validation import Looks, Shards

T = TypeVar("T")

# Sizes and values are looked at; segdata validate takes the costlier looks.
_BRIEFLY = Looks(every=Look.NONE, sampled=Look.NONE)


def is_foreign(folder: Path) -> bool:
    """Whether a folder holds shards without a manifest."""
    return not (folder / MANIFEST_FILE).is_file() and any(folder.glob("*.tfrecord"))


def classes_of_foreign(folder: Path, dataset: str | None) -> DatasetDescriptor:
    """What the ids in the shards of a folder mean.

    Args:
        dataset: a folder or a name; None takes the ``dataset.toml`` beside the shards.

    Raises:
        UserError: nobody says it, or there is no such data set.
    """
    if dataset is not None:
        return registry.descriptor(dataset)
    beside = validation.find(folder)
    if isinstance(beside, Shards) and beside.dataset is not None:
        return beside.dataset.descriptor
    raise UserError(
        f"{folder} holds shards without a {MANIFEST_FILE}, so what their ids mean is unknown",
        "say whose classes they have: --dataset pascal_voc_seg, cityscapes, ade20k, the name of a "
        "registered data set, or a folder with a dataset.toml",
    )


def described(
    folder: Path,
    descriptor: DatasetDescriptor,
    splits: Sequence[str] | None = None,
    *,
    executor: Executor | None = None,
    track: Track | None = None,
) -> ShardManifest:
    """The manifest that the shards of a folder would have.

    Args:
        descriptor: what ids mean; records do not say it.
        splits: only these; None takes all.

    Raises:
        BadData: records are damaged, or labels have errors, such as ids that are no class.
        UserError: there is no such split, or no record.
    """
    shards = Shards(folder, told=descriptor)
    names = splits if splits is not None else [name for name in shards.splits if name]
    chosen = [shards.split(name) for name in dict.fromkeys(names)]
    measuring = _Measuring(track or Silence(), descriptor)
    facts = validation.gather(shards, chosen, executor or Serial(), measuring, _BRIEFLY)
    report = validation.judge(shards, facts, Policy())
    if report.exit_code:
        raise BadData(report, f"the shards in {folder} cannot be used: they need a fix first")
    files = [file for file in shards.files if file.split in measuring.measured]
    class_map = descriptor.class_map
    return ShardManifest(
        tool_version=__version__,
        name=descriptor.name,
        num_classes=descriptor.num_classes,
        classes=class_map.to_json(),
        class_digest=class_map.digest,
        seed=0,
        splits=measuring.measured,
        shards=tuple(_info(file) for file in files),
    )


def adopted(folder: Path, manifest: ShardManifest, into: Path) -> Path:
    """A folder with the manifest and links to the shards; returns ``into``.

    Raises:
        UserError: the system allows no links.
    """
    for shard in manifest.shards:
        _link(folder / shard.file, into / shard.file)
    manifest.save(into)
    return into


def refuse_others(folder: Path, adopted_into: Path, dataset: str | None = None) -> None:
    """Raise a UserError unless the adopted shards are those that lie in ``folder`` now.

    Args:
        dataset: whose classes they are said to have; None for those that were found before.
    """
    manifest = ShardManifest.load(adopted_into)
    if dataset is not None and registry.descriptor(dataset).class_map != manifest.class_map:
        raise UserError(
            f"{adopted_into.parent} was trained on the classes of {manifest.name}, not of "
            f"{dataset}",
            "choose another run folder, or name the same data set",
        )
    if not all(_unchanged(folder / s.file, adopted_into / s.file, s) for s in manifest.shards):
        raise UserError(
            f"{adopted_into.parent} was trained on other shards than those in {folder}",
            "choose another run folder: what it has learned stays in this one",
        )


@dataclass
class _Measuring:
    """Measures the records that pass on their way to the rules."""

    track: Track
    descriptor: DatasetDescriptor
    measured: dict[str, SplitInfo] = field(default_factory=dict)

    def __call__(self, items: Iterable[T], what: str, total: int) -> Iterator[T]:
        for item in self.track(items, what, total):
            if isinstance(item, RecordFacts):
                self._add(item)
            yield item

    def _add(self, record: RecordFacts) -> None:
        pair = record.pair
        if pair is None or pair.photo.header is None:
            return
        known = self.measured.get(pair.split)
        one = measure([pair], self.descriptor)
        self.measured[pair.split] = add_up([known, one]) if known else one


def _unchanged(there: Path, link: Path, shard: ShardInfo) -> bool:
    try:
        return link.samefile(there) and there.stat().st_size == shard.bytes
    except OSError:
        return False


def _info(file: ShardFile) -> ShardInfo:
    with file.path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return ShardInfo(
        file=file.path.name,
        split=file.split,
        samples=file.records,
        bytes=file.path.stat().st_size,
        sha256=digest,
        offsets=tuple(file.offsets),
    )


def _link(source: Path, target: Path) -> None:
    """By a path where the system allows it, else as a second name of the file."""
    try:
        link_file(source, target, symbolic=True)
    except UserError:
        link_file(source, target, symbolic=False)
