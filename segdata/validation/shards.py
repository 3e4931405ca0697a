"""The facts of a folder of shards: segdata's own, or made by the original's build scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath

from segdata import registry
from segdata.dataset import DESCRIPTOR_FILE, Dataset, DatasetDescriptor, Split
from segdata.errors import UserError
from segdata.executors import Executor
from segdata.facts import DatasetFacts, FactsCollector
from segdata.facts.records import Chunk, RecordReader, known_places
from segdata.facts.shards import ShardCollector, ShardFile, list_shards
from segdata.files import refuse_incomplete
from segdata.findings import Finding
from segdata.manifest import MANIFEST_FILE, ShardManifest
from segdata.progress import Track
from segdata.records import DamagedRecord, decode, read_at
from segdata.validation.looking import Looks

# Records that a worker looks at in one go: enough to make its way worth while.
_CHUNK = 32
# What commands call a data set that is not known.
_UNKNOWN = "DATASET"
# PASCAL VOC's void id, taken over by nearly everyone.
VOID = 255
# Ids that are counted up leave few gaps, and some more where a few pictures lack rare classes; grey
# levels leave nine of ten out.
_DENSE = 0.6


@dataclass(frozen=True)
class Shards:
    """A folder of shards.

    Args:
        root: the folder.
        manifest: what it says of itself; None where others made it.
        dataset: what the shards were made of; None where that is not known.
        told: what ids mean where neither a manifest nor a data set says so.
    """

    root: Path
    manifest: ShardManifest | None = None
    dataset: Dataset | None = None
    told: DatasetDescriptor | None = None

    @property
    def name(self) -> str:
        return self.manifest.name if self.manifest else self.root.name

    @cached_property
    def files(self) -> tuple[ShardFile, ...]:
        """Every file of records."""
        return tuple(list_shards(self.root, self.manifest))

    @cached_property
    def splits(self) -> dict[str, Split]:
        """The splits by name; their pairs are in the records."""
        names = dict.fromkeys(file.split for file in self.files)
        return {name: Split(name, None, (), ()) for name in names}

    @property
    def descriptor(self) -> DatasetDescriptor:
        """What ids mean, as the original's reader would read the labels."""
        decoder = {"label_decoder": "tensorflow"}
        if self.manifest is None:
            known = self.dataset.descriptor if self.dataset else self.told
            return (known or _unknown(1)).model_copy(update=decoder)
        made = DatasetDescriptor.for_classes(self.manifest.name, self.manifest.class_map)
        # More classes than 8 bits hold are for readers that read 16.
        wide = {} if self.manifest.num_classes > VOID + 1 else decoder
        return made.model_copy(update={"num_classes": self.manifest.num_classes, **wide})

    def split(self, name: str) -> Split:
        """The split of that name.

        Raises:
            UserError: there is none; names those there are.
        """
        if name not in self.splits:
            raise UserError(
                f"{self.root} has no split {name!r}", f"it has: {', '.join(self.splits)}"
            )
        return self.splits[name]


def find(name_or_path: str | Path, made_of: str | None = None) -> Dataset | Shards:
    """A data set by folder or name, or a folder of shards.

    Args:
        made_of: the data set of which shards were made, by folder or name. It tells what their ids
            mean where there is no manifest, and its labels are compared with theirs. Without it a
            ``dataset.toml`` beside the shards serves.

    Raises:
        UserError: there is none.
    """
    folder = Path(name_or_path)
    manifest = (folder / MANIFEST_FILE).is_file()
    if (folder / DESCRIPTOR_FILE).is_file() or not (manifest or any(folder.glob("*.tfrecord"))):
        if made_of is not None:
            raise UserError(f"{folder} holds no shards that {made_of} could have been made into")
        return registry.find(name_or_path)
    refuse_incomplete(folder)
    loaded = ShardManifest.load(folder) if manifest else None
    return Shards(folder, loaded, registry.find(made_of) if made_of else _beside(folder))


def _beside(folder: Path) -> Dataset | None:
    """The data set in whose folder the shards lie, as the original's scripts put them."""
    for place in (folder.resolve().parent, folder.resolve().parent.parent):
        if (place / DESCRIPTOR_FILE).is_file():
            return registry.find(place)
    return None


def gather(
    shards: Shards, splits: Sequence[Split], executor: Executor, track: Track, looks: Looks
) -> DatasetFacts:
    """Look at every record of the splits once, and add up what rules look at."""
    names = {split.name for split in splits}
    files = [file for file in shards.files if file.split in names]
    total = sum(file.records for file in files)
    descriptor, root = shards.descriptor, shards.dataset.root if shards.dataset else _UNKNOWN
    collector = FactsCollector(descriptor, str(root), _PhotoReader(files))
    about = ShardCollector()
    reader = RecordReader(descriptor, shards.dataset)
    results = executor.imap(reader, _chunks(files, looks, total))
    records = (record for chunk in results for record in chunk)
    for record in track(records, "reading records", total):
        about.add(record)
        if record.pair is not None:
            collector.add(record.pair)
    facts = collector.facts()
    lists = (
        {s.name: len(s.entries) for s in shards.dataset.splits.values()} if shards.dataset else {}
    )
    facts = replace(facts, shards=about.facts(str(shards.root), files, shards.manifest, lists))
    if shards.manifest is None and shards.dataset is None and shards.told is None:
        facts = replace(facts, descriptor=guessed(facts))
    return facts


def placed(finding: Finding, shards: Shards) -> Finding:
    """A finding whose path leads to the shards, where the data set is not known."""
    path = PurePath(finding.path or _UNKNOWN)
    if shards.dataset is None and path.parts[0] == _UNKNOWN:
        return replace(finding, path=str(shards.root))
    return finding


@dataclass(frozen=True)
class _PhotoReader:
    """A record's photo by its place."""

    files: Sequence[ShardFile]

    def __call__(self, place: str) -> bytes | None:
        found = known_places({str(file.path): file.offsets for file in self.files}, place)
        if found is None:
            return None
        path, offset = found
        try:
            with Path(path).open("rb") as file:
                return decode(read_at(file, offset)).image
        except (OSError, DamagedRecord):
            return None


def _chunks(files: Sequence[ShardFile], looks: Looks, total: int) -> Iterator[Chunk]:
    """All records, a few at a time; every so many of them is looked at closely."""
    step = 1 if looks.sample is None else max(1, total // max(1, looks.sample))
    passed = 0
    for file in files:
        for start in range(0, file.records, _CHUNK):
            offsets = file.offsets[start : start + _CHUNK]
            closely = [
                looks.every | looks.sampled if (passed + i) % step == 0 else looks.every
                for i in range(len(offsets))
            ]
            passed += len(offsets)
            yield Chunk(file.path, file.split, start + 1, offsets, closely)


def guessed(facts: DatasetFacts) -> DatasetDescriptor:
    """As many classes as ids are counted up in the labels; 255 is ignored, as nearly everywhere."""
    values = sorted({value for group in facts.groups for value in group.values if value != VOID})
    dense = [v for rank, v in enumerate(values, 1) if rank >= _DENSE * (v + 1)]
    return _unknown(max(2, max(dense, default=0) + 1)).model_copy(
        update={"label_decoder": facts.descriptor.label_decoder}
    )


def _unknown(num_classes: int) -> DatasetDescriptor:
    return DatasetDescriptor(name="unknown", num_classes=num_classes, ignore_label=VOID)
