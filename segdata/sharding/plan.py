"""The list of shards: how many, named how, and which pairs are in each. Nothing is written here."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from segdata import __version__
from segdata.dataset import Dataset, Pair, Split
from segdata.errors import UserError
from segdata.manifest import SCHEMA
from segdata.rules.wording import counted

# The tf.data guide asks for shards of 100 MB or more where disks are far; half of that gives the
# data sets that people label themselves more than one shard to work on in parallel.
_SHARD_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True)
class ShardRequest:
    """What to write and how.

    Args:
        splits: the splits to write; None writes all.
        shards: how many per split; None decides by size, about 64 MB each.
        seed: of the order inside a split.
        check: apply the rules to every pair; what cannot be written is refused without them too.
        wide_labels: allow 16-bit labels where ids exceed 255; the original's reader cannot read
            them.
        overwrite: replace what another run left or finished in the folder.
        dry_run: plan only.
    """

    splits: tuple[str, ...] | None = None
    shards: int | None = None
    seed: int = 0
    check: bool = True
    wide_labels: bool = False
    overwrite: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.shards is not None and self.shards < 1:
            raise UserError(f"{self.shards} shards hold no record", "ask for 1 or more")


@dataclass(frozen=True)
class PlannedShard:
    """One file and the pairs whose records it will hold, in order."""

    file: str
    split: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class ShardPlan:
    """All shards of all splits.

    Args:
        splits: the splits that will be written.
        shards: in the order of the splits.
        notes: where the plan departs from the request, one sentence each.
    """

    dataset: Dataset
    request: ShardRequest
    splits: tuple[Split, ...]
    shards: tuple[PlannedShard, ...]
    notes: tuple[str, ...] = ()

    @property
    def samples(self) -> int:
        return sum(len(shard.pairs) for shard in self.shards)

    def refuse_missing(self) -> None:
        """Counts in are counts out: raise a UserError if a list names photos that do not exist."""
        missing = [(s.name, name) for s in self.splits for name in s.without_image]
        if missing:
            split, name = missing[0]
            raise UserError(
                f"{len(missing)} listed names have no photo, such as {name} of {split}",
                f"segdata validate {self.dataset.root} says where they may be",
            )

    @cached_property
    def digest(self) -> str:
        """Changes with anything that could change a byte of a shard: also a label edited since."""
        content = {
            "schema": SCHEMA,
            "version": __version__,
            "descriptor": self.dataset.descriptor.model_dump(mode="json"),
            "check": self.request.check,
            "wide_labels": self.request.wide_labels,
            "shards": [[s.file, [_state(pair) for pair in s.pairs]] for s in self.shards],
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_shards(dataset: Dataset, request: ShardRequest) -> ShardPlan:
    """Decide what each shard will hold.

    Raises:
        UserError: a split does not exist, or there is nothing to write.
    """
    names = request.splits if request.splits is not None else tuple(dataset.splits)
    chosen = [dataset.split(name) for name in dict.fromkeys(names)]
    splits = tuple(split for split in chosen if split.pairs)
    if not splits:
        raise UserError(
            f"{dataset.root} has no photos to write: {', '.join(names)} would be empty",
            f"segdata validate {dataset.root} says what is missing",
        )
    notes = [f"{s.name} lists no photo that exists; it is left out" for s in chosen if not s.pairs]
    shards: list[PlannedShard] = []
    for split in splits:
        count = _count(split, request.shards)
        if request.shards is not None and count < request.shards:
            notes.append(
                f"{split.name} has {counted(count, 'photo')}: {counted(count, 'shard')} instead of "
                f"{request.shards}, "
                "as a shard is never empty"
            )
        shards += _cut(split, count, request.seed)
    return ShardPlan(dataset, request, splits, tuple(shards), tuple(notes))


def _count(split: Split, wanted: int | None) -> int:
    if wanted is not None:
        return min(wanted, len(split.pairs))
    size = sum(_stat(path).st_size for pair in split.pairs for path in _files(pair))
    return min(len(split.pairs), max(1, -(-size // _SHARD_BYTES)))


def _cut(split: Split, count: int, seed: int) -> Iterator[PlannedShard]:
    """Shards whose numbers of records differ by one at most."""
    pairs = sorted(split.pairs, key=lambda pair: (_draw(pair.key, seed), pair.key))
    for number in range(count):
        mine = pairs[len(pairs) * number // count : len(pairs) * (number + 1) // count]
        file = f"{split.name}-{number:05d}-of-{count:05d}.tfrecord"
        yield PlannedShard(file, split.name, tuple(mine))


def _draw(key: str, seed: int) -> str:
    """Where a key comes in the order of a seed, whatever other keys there are."""
    try:
        return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise UserError(f"the name {key!r} is not valid UTF-8", "rename the file") from error


def _files(pair: Pair) -> tuple[Path, ...]:
    return (pair.image,) if pair.label is None else (pair.image, pair.label)


def _state(pair: Pair) -> list[str | int]:
    state: list[str | int] = [pair.key]
    for path in _files(pair):
        about = _stat(path)
        state += [path.name, about.st_size, about.st_mtime_ns]
    return state


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
