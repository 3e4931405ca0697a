"""The facts of a data set: the facts of its pairs, added up.

What is kept per file is bounded: labels that are stored alike are one group with one table of
values; of pairs that need a word of their own, the first thousand are kept and all are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from segdata.dataset import Dataset, DatasetDescriptor, Split
from segdata.facts.agreement import AlignmentCollector, AlignmentFacts
from segdata.facts.census import CensusCollector, CensusFacts
from segdata.facts.decoders import Histogram
from segdata.facts.inventory import Inventory, SplitFacts, take_inventory
from segdata.facts.label import Colors, LabelFacts, LabelForm
from segdata.facts.likeness import LikenessCollector, LikenessFacts, ReadPhoto, read_file
from segdata.facts.masks import MaskCollector, MaskFacts
from segdata.facts.pair import PairFacts
from segdata.facts.shards import ShardFacts
from segdata.facts.structure import StructureCollector, StructureFacts

# Files that are named for a group or a value.
_NAMED = 5
# Pairs whose facts are kept whole.
_NOTABLE = 1000
# Sizes that are told apart: photos of a camera have one, those of the web thousands.
_SIZES = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and a pixel in it (x, y) where one was recorded."""

    path: str
    x: int | None = None
    y: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a value occurs.

    Args:
        pixels: that have it.
        files: that hold it.
        alone: files in which it stands beside 0 and nothing else but the ignore label.
        places: the first files.
    """

    pixels: int
    files: int
    alone: int
    places: tuple[Place, ...]


@dataclass(frozen=True)
class LabelGroup:
    """Labels that are stored alike and belong to the same splits.

    Args:
        form: how they are stored.
        splits: every split that they are in.
        files: how many.
        pixels: of all of them; 0 where the pixels are no ids.
        first: the first files.
        values: what they hold, as we read it.
        tensorflow: pixels per value as TensorFlow reads them; empty if it reads the same.
        opencv: likewise for OpenCV.
        colors: of the first file, if it has several channels.
    """

    form: LabelForm
    splits: tuple[str, ...]
    files: int
    pixels: int
    first: tuple[str, ...]
    values: Mapping[int, Seen]
    tensorflow: Histogram
    opencv: Histogram
    colors: Colors | None = None


@dataclass(frozen=True, eq=False)
class DatasetFacts:
    """All that the rules about a folder of photos and labels look at.

    Args:
        descriptor: what ``dataset.toml`` says.
        root: the folder, as the user named it.
        pairs: pairs looked at, each counted once however many splits it is in.
        photo_pixels: pixels of all photos, as stored.
        photo_sizes: photos by their height and width, as stored; the first thousands of sizes.
        groups: the labels.
        notable: pairs with an unreadable file or with sizes that differ.
        counts: how many there are of each kind: ``unreadable photos``, ``unreadable labels``,
            ``sizes``.
        splits: the lists; empty if only pairs were looked at.
        inventory: what lies in the folders; None if only pairs were looked at.
        masks: what labels hold as wholes; of every pair.
        likeness: which photos are alike; of the pairs that were looked at so.
        structure: shapes in labels; likewise.
        alignment: how labels fit their photos; likewise.
        census: classes of every label, and the objects of those that were looked at so.
    """

    descriptor: DatasetDescriptor
    root: str
    pairs: int = 0
    photo_pixels: int = 0
    photo_sizes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    groups: tuple[LabelGroup, ...] = ()
    notable: tuple[PairFacts, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    splits: tuple[SplitFacts, ...] = ()
    inventory: Inventory | None = None
    masks: MaskFacts = field(default_factory=MaskFacts)
    likeness: LikenessFacts = field(default_factory=LikenessFacts)
    structure: StructureFacts = field(default_factory=StructureFacts)
    alignment: AlignmentFacts = field(default_factory=AlignmentFacts)
    census: CensusFacts = field(default_factory=CensusFacts)
    shards: ShardFacts | None = None

    @property
    def labels(self) -> int:
        """Label files looked at."""
        return sum(group.files for group in self.groups)

    def split_values(self, split: str) -> Mapping[int, Seen]:
        """The values of all labels of a split whose pixels are ids."""
        return merge(group for group in self.groups if split in group.splits)


def merge(groups: Iterable[LabelGroup]) -> dict[int, Seen]:
    """The values of several groups together, in order."""
    merged: dict[int, Seen] = {}
    for group in groups:
        for value, seen in group.values.items():
            old = merged.get(value)
            merged[value] = seen if old is None else _add(old, seen)
    return dict(sorted(merged.items()))


def combine(groups: Sequence[LabelGroup]) -> LabelGroup:
    """Several groups as one; form and colors are the first one's."""
    tensorflow: dict[int, int] = {}
    opencv: dict[int, int] = {}
    for group in groups:
        _count(tensorflow, group.tensorflow)
        _count(opencv, group.opencv)
    return replace(
        groups[0],
        splits=tuple(dict.fromkeys(name for group in groups for name in group.splits)),
        files=sum(group.files for group in groups),
        pixels=sum(group.pixels for group in groups),
        first=tuple(path for group in groups for path in group.first)[:_NAMED],
        values=merge(groups),
        tensorflow=tensorflow,
        opencv=opencv,
    )


class FactsCollector:
    """Adds facts of pairs up. ``add`` each pair once, then take ``facts()``.

    Args:
        descriptor: of the data set.
        root: its folder.
        read: gives a photo again by its path, to compare pictures that may be one.
    """

    def __init__(
        self, descriptor: DatasetDescriptor, root: str, read: ReadPhoto = read_file
    ) -> None:
        self._descriptor = descriptor
        self._root = root
        self._pairs = 0
        self._photo_pixels = 0
        self._photo_sizes: Counter[tuple[int, int]] = Counter()
        self._groups: dict[tuple[LabelForm, tuple[str, ...]], _OpenGroup] = {}
        self._notable: list[PairFacts] = []
        # Behind the classes may come the ignore label; counted from 1 it moves, too.
        behind = descriptor.num_classes + (descriptor.ignore_label == descriptor.num_classes)
        self._masks = MaskCollector(descriptor.ignore_label, behind)
        self._likeness = LikenessCollector(read)
        self._structure = StructureCollector()
        self._alignment = AlignmentCollector()
        self._census = CensusCollector(descriptor)
        self._counts = {
            "unreadable photos": 0,
            "unreadable labels": 0,
            "sizes": 0,
            "photos of nothing": 0,
        }

    def add(self, pair: PairFacts, splits: tuple[str, ...] = ()) -> None:
        """Add one pair.

        Args:
            splits: every split that the pair is in; the pair's own without it.
        """
        self._pairs += 1
        splits = splits or (pair.split,)
        for look in (self._masks, self._likeness, self._structure, self._alignment, self._census):
            look.add(pair, splits)
        if pair.photo.header is not None:
            size = pair.photo.header.height, pair.photo.header.width
            self._photo_pixels += size[0] * size[1]
            if size in self._photo_sizes or len(self._photo_sizes) < _SIZES:
                self._photo_sizes[size] += 1
        kinds = list(_notable_kinds(pair))
        for kind in kinds:
            self._counts[kind] += 1
        if kinds and len(self._notable) < _NOTABLE:
            self._notable.append(pair)
        if pair.label is not None:
            key = (pair.label.form, splits)
            self._groups.setdefault(key, _OpenGroup()).add(
                pair.label, self._descriptor.ignore_label
            )

    def facts(
        self, dataset: Dataset | None = None, splits: Iterable[Split] | None = None
    ) -> DatasetFacts:
        """The facts of all pairs added.

        Args:
            dataset: adds what lies in its folders, and its lists.
            splits: only these lists; None takes all.
        """
        if splits is None:
            splits = dataset.splits.values() if dataset else ()
        return DatasetFacts(
            descriptor=self._descriptor,
            root=self._root,
            pairs=self._pairs,
            photo_pixels=self._photo_pixels,
            photo_sizes=dict(self._photo_sizes),
            groups=tuple(group.close(*key) for key, group in self._groups.items()),
            notable=tuple(self._notable),
            counts=dict(self._counts),
            splits=tuple(SplitFacts.of(split) for split in splits),
            inventory=take_inventory(dataset) if dataset else None,
            masks=self._masks.facts(),
            likeness=self._likeness.facts(),
            structure=self._structure.facts(),
            alignment=self._alignment.facts(),
            census=self._census.facts(),
        )


@dataclass
class _OpenGroup:
    files: int = 0
    first: list[str] = field(default_factory=list)
    pixels: dict[int, int] = field(default_factory=dict)
    files_with: dict[int, int] = field(default_factory=dict)
    alone: dict[int, int] = field(default_factory=dict)
    places: dict[int, list[Place]] = field(default_factory=dict)
    tensorflow: dict[int, int] = field(default_factory=dict)
    opencv: dict[int, int] = field(default_factory=dict)
    colors: Colors | None = None

    def add(self, label: LabelFacts, ignore: int | None) -> None:
        self.files += 1
        if len(self.first) < _NAMED:
            self.first.append(label.path)
        self.colors = self.colors or label.colors
        for value, count in (label.ids or {}).items():
            self.pixels[value] = self.pixels.get(value, 0) + count
            self.files_with[value] = self.files_with.get(value, 0) + 1
            places = self.places.setdefault(value, [])
            if len(places) < _NAMED:
                places.append(Place(label.path, *(label.places or {}).get(value, (None, None))))
        loner = _loner(label.ids or {}, ignore)
        if loner is not None:
            self.alone[loner] = self.alone.get(loner, 0) + 1
        if label.ids is None or label.form.tensorflow_differs:
            _count(self.tensorflow, label.tensorflow)
        if label.ids is None or label.form.opencv_differs:
            _count(self.opencv, label.opencv)

    def close(self, form: LabelForm, splits: tuple[str, ...]) -> LabelGroup:
        values = {
            value: Seen(
                self.pixels[value],
                self.files_with[value],
                self.alone.get(value, 0),
                tuple(self.places[value]),
            )
            for value in sorted(self.pixels)
        }
        pixels = sum(self.pixels.values())
        first = tuple(self.first)
        return LabelGroup(
            form, splits, self.files, pixels, first, values, self.tensorflow, self.opencv,
            self.colors,
        )  # fmt: skip


def _loner(ids: Histogram, ignore: int | None) -> int | None:
    """The value that stands beside 0 alone; the ignore label only if there is no other."""
    if 0 not in ids:
        return None
    others = [value for value in ids if value not in (0, ignore)] or [v for v in ids if v != 0]
    return others[0] if len(others) == 1 else None


def _notable_kinds(pair: PairFacts) -> Iterable[str]:
    if pair.photo.problem is not None:
        yield "unreadable photos"
    if pair.label is not None and pair.label.unreadable:
        yield "unreadable labels"
    if pair.sizes_differ:
        yield "sizes"
    if pair.photo.shows_nothing:
        yield "photos of nothing"


def _count(total: dict[int, int], more: Histogram | None) -> None:
    for value, count in (more or {}).items():
        total[value] = total.get(value, 0) + count


def _add(a: Seen, b: Seen) -> Seen:
    return Seen(
        a.pixels + b.pixels,
        a.files + b.files,
        a.alone + b.alone,
        (a.places + b.places)[:_NAMED],
    )
