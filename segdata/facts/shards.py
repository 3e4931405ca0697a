"""What lies in a folder of shards: its files, and what their records say and hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from segdata.facts.records import RecordFacts
from segdata.manifest import ShardManifest
from segdata.records import DamagedRecord, find_records

# The original's build scripts (deeplab/datasets/build_voc2012_data.py): "%s-%05d-of-%05d.tfrecord".
_NAME = re.compile(r"(?P<split>.+)-(?P<number>\d{5})-of-(?P<of>\d{5})\.tfrecord")
# Records and files that are named; all are counted.
_NAMED = 5


@dataclass(frozen=True)
class Place:
    """Something odd about a record: where it is, and what is odd."""

    where: str
    what: str


@dataclass(frozen=True)
class ShardFile:
    """One file of records.

    Args:
        path: the file.
        split: the part of its name before the numbers; empty where it is named otherwise.
        number: which of its split it is.
        of: how many its split has by its name.
        offsets: byte positions of its records, as far as they can be found.
        damage: where the file is damaged so that not all of them can be found.
        listed: how many records the manifest lists; None where it does not name the file.
        resized: the manifest lists another size, and no damage explains it.
    """

    path: Path
    split: str
    number: int
    of: int
    offsets: Sequence[int]
    damage: Place | None = None
    listed: int | None = None
    resized: bool = False

    @property
    def records(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True)
class Odd:
    """How many records are odd in one way, and the first of them."""

    count: int = 0
    first: tuple[Place, ...] = ()


@dataclass(frozen=True)
class ShardFacts:
    """A folder of shards.

    Args:
        folder: as the user named it.
        files: every file of records in it.
        manifest: it has a manifest.
        absent: files that the manifest lists and that are not there.
        damaged: records that are cut off or changed, or no Examples.
        fields: records whose height, width or name is not that of what they hold.
        formats: records whose format is not that of their photo.
        stale: records whose label is not the one on disk.
        newer: of these, those whose label file is newer than the shard.
        compared: records whose label was compared with the one on disk.
        repeated: records whose name their split has had before.
        lists: how many names the lists of the data set have, by split; empty where it is unknown.
    """

    folder: str
    files: tuple[ShardFile, ...] = ()
    manifest: bool = False
    absent: tuple[str, ...] = ()
    damaged: Odd = field(default_factory=Odd)
    fields: Odd = field(default_factory=Odd)
    formats: Odd = field(default_factory=Odd)
    stale: Odd = field(default_factory=Odd)
    newer: int = 0
    compared: int = 0
    repeated: Odd = field(default_factory=Odd)
    lists: Mapping[str, int] = field(default_factory=dict)

    @property
    def splits(self) -> dict[str, tuple[ShardFile, ...]]:
        """Files by split; those that are named otherwise aside."""
        names = dict.fromkeys(file.split for file in self.files if file.split)
        return {name: tuple(f for f in self.files if f.split == name) for name in names}


def list_shards(folder: Path, manifest: ShardManifest | None) -> Iterator[ShardFile]:
    """Every file of records in a folder; of each the heads of its records are read."""
    listed = {shard.file: shard for shard in manifest.shards} if manifest else {}
    for path in sorted(folder.glob("[!.]*.tfrecord")):
        match, shard = _NAME.fullmatch(path.name), listed.get(path.name)
        offsets, damage = _offsets(path)
        whole = len(offsets)
        known = shard.offsets if shard else ()
        # Behind a damaged frame only a manifest knows where the next one begins.
        rest = [at for at in known if at > (offsets[-1] if offsets else -1)] if damage else []
        offsets += rest
        yield ShardFile(
            path,
            match["split"] if match else shard.split if shard else "",
            int(match["number"]) if match else 0,
            int(match["of"]) if match else 0,
            tuple(offsets),
            Place(f"{path}, record {whole + 1}", damage) if damage and not rest else None,
            shard.samples if shard else None,
            bool(shard and not damage and shard.bytes != path.stat().st_size),
        )


def _offsets(path: Path) -> tuple[list[int], str]:
    offsets: list[int] = []
    try:
        with path.open("rb") as file:
            for offset in find_records(file):
                offsets.append(offset)
    except DamagedRecord as error:
        return offsets, error.message.removeprefix(f"{path}: ")
    except OSError as error:
        return offsets, f"{path} cannot be read: {error.strerror}"
    return offsets, ""


@dataclass
class _Tally:
    count: int = 0
    first: list[Place] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append(Place(where, what))

    def close(self) -> Odd:
        return Odd(self.count, tuple(self.first))


class ShardCollector:
    """Adds records up; what is kept of each is a number for its name."""

    def __init__(self) -> None:
        self._tallies = {kind: _Tally() for kind in
                         ("damaged", "fields", "formats", "stale", "repeated")}  # fmt: skip
        self._keys: dict[str, set[int]] = {}
        self._counts: Counter[str] = Counter()

    def add(self, record: RecordFacts) -> None:
        """Add one record."""
        for kind in ("damaged", "fields", "formats", "stale"):
            what = getattr(record, kind)
            if what:
                self._tallies[kind].add(record.place, what)
        self._counts["newer"] += record.newer
        self._counts["compared"] += record.compared
        if record.pair is not None and record.key:
            seen = self._keys.setdefault(record.pair.split, set())
            if hash(record.key) in seen:
                self._tallies["repeated"].add(record.place, "its split has that name already")
            seen.add(hash(record.key))

    def facts(
        self,
        folder: str,
        files: Iterable[ShardFile],
        manifest: ShardManifest | None,
        lists: Mapping[str, int],
    ) -> ShardFacts:
        """The facts of all records added."""
        files = tuple(files)
        for file in files:
            if file.damage:
                self._tallies["damaged"].add(file.damage.where, file.damage.what)
        there = {file.path.name for file in files}
        return ShardFacts(
            folder=folder,
            files=files,
            manifest=manifest is not None,
            absent=tuple(
                shard.file
                for shard in (manifest.shards if manifest else ())
                if shard.file not in there
            ),
            newer=self._counts["newer"],
            compared=self._counts["compared"],
            lists=dict(lists),
            **{kind: tally.close() for kind, tally in self._tallies.items()},
        )
