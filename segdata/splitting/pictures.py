"""What is known of the pictures that are split: their classes, and which of them are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdata.dataset import Dataset, Pair
from segdata.errors import UserError
from segdata.executors import Executor
from segdata.facts import Gatherer, Look, PairFacts
from segdata.facts.duplicates import NEAR, Twin, is_same, proposed
from segdata.facts.likeness import HASH_BYTES, read_file
from segdata.progress import Track
from segdata.splitting.grouping import Unions

# Pairs of alike hashes that are laid over each other, 12 ms each: per picture, and of all.
_NEIGHBORS, _COMPARED = 16, 4000
_DIGEST = 16
# Pairs of near hashes that are held, and bits of the number of a picture in them: 2^28 pictures,
# and 7 bits for a distance of at most NEAR.
_HELD, _INDEX_BITS = 1 << 20, 28

Counts = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures that are split.

    Args:
        pairs: N, in the order of their names.
        pixels: ``uint32 N×K``, of each class that is learned.
        digests: of the photos' files.
        hashes: ``uint8 N×64``, of what the photos show.
        shows: ``bool N``, whether there is enough to see for the hash to mean anything.
        unusable: key -> why the pair is in no list.
    """

    pairs: tuple[Pair, ...]
    pixels: Counts
    digests: tuple[bytes, ...]
    hashes: npt.NDArray[np.uint8]
    shows: npt.NDArray[np.bool_]
    unusable: dict[str, str]

    @property
    def keys(self) -> list[str]:
        return [pair.key for pair in self.pairs]


@dataclass(frozen=True)
class Alike:
    """Which pictures are the same.

    Args:
        exact: sets of photos whose files are the same.
        near: further pairs that show the same picture in other bytes.
        compared: pairs of near hashes that were laid over each other.
        skipped: pairs of near hashes that were not, because there are too many.
        pairs: indices of pictures that are alike, of both kinds.
    """

    exact: int
    near: int
    compared: int
    skipped: int
    pairs: tuple[tuple[int, int], ...]


def look_at_pictures(dataset: Dataset, executor: Executor, track: Track) -> Pictures:
    """Read every photo that has a label, once.

    Raises:
        UserError: there is none.
    """
    every = _all_pairs(dataset)
    unusable = {pair.key: "it has no label" for pair in every if pair.label is None}
    pairs = [pair for pair in every if pair.label is not None]
    jobs = ((pair, Look.LIKENESS) for pair in pairs)
    results = executor.imap(Gatherer(dataset.descriptor), jobs)
    kept: list[Pair] = []
    digests: list[bytes] = []
    hashes = bytearray()
    shows: list[bool] = []
    pixels = np.zeros((len(pairs), dataset.descriptor.num_classes), np.uint32)
    for pair, facts in zip(pairs, track(results, "looking", len(pairs)), strict=True):
        why = _unusable(facts)
        if why:
            unusable[pair.key] = why
            continue
        assert facts.label is not None
        _count(pixels[len(kept)], facts.label.ids or {}, dataset.descriptor.ignore_label)
        kept.append(pair)
        digests.append(bytes.fromhex(facts.photo.sha256)[:_DIGEST])
        hashes += facts.likeness.hash if facts.likeness else bytes(HASH_BYTES)
        shows.append(facts.likeness is not None)
    if not kept:
        raise UserError(
            f"{dataset.root} has nothing to split: no photo has a readable label of class ids",
            f"segdata validate {dataset.root}  says what is wrong",
        )
    return Pictures(
        tuple(kept),
        pixels[: len(kept)],
        tuple(digests),
        np.frombuffer(bytes(hashes), np.uint8).reshape(-1, HASH_BYTES),
        np.array(shows, np.bool_),
        unusable,
    )


def find_alike(pictures: Pictures, executor: Executor, track: Track) -> Alike:
    """Find photos that are the same file or the same picture.

    Hashes propose, pictures decide, as rule P08 does between lists.
    """
    unions = Unions()
    exact = unions.join_equal(pictures.digests)
    pairs = [(unions.root(i), i) for i in range(len(pictures.pairs)) if unions.root(i) != i]
    candidates, skipped = _candidates(pictures, unions)
    paths = [str(pair.image) for pair in pictures.pairs]
    twins = (Twin(paths[i], paths[j]) for i, j in candidates)
    verdicts = executor.imap(_same, twins)
    near = 0
    for (i, j), same in zip(candidates, track(verdicts, "comparing", len(candidates)), strict=True):
        if same:
            near += 1
            pairs.append((i, j))
    return Alike(exact, near, len(candidates), skipped, tuple(pairs))


def _same(twin: Twin) -> bool:
    return is_same(twin, read_file)


def _candidates(pictures: Pictures, unions: Unions) -> tuple[list[tuple[int, int]], int]:
    """Pairs of photos with near hashes, nearest first, and how many more there are."""
    seen = np.flatnonzero(pictures.shows)
    if len(seen) < 2:
        return [], 0
    hashes = np.ascontiguousarray(pictures.hashes[seen])
    words = hashes.view(np.uint64)
    roots = np.array([unions.root(int(item)) for item in seen])
    near = _NearPairs()
    for i, j in proposed(hashes, hashes):
        apart = (i < j) & (roots[i] != roots[j])
        i, j = i[apart], j[apart]
        bits = np.bitwise_count(words[i] ^ words[j]).sum(axis=1, dtype=np.int64)
        close = bits <= NEAR
        near.add(bits[close], i[close], j[close])
    chosen = near.chosen()
    return [(int(seen[i]), int(seen[j])) for i, j in chosen], near.count - len(chosen)


class _NearPairs:
    """The nearest of any number of pairs, in memory that does not grow with them.

    Each is one number, its distance first: sorted, the nearest come first.
    """

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.int64]] = []
        self._waiting = self._dropped = 0

    def add(
        self, bits: npt.NDArray[np.int64], i: npt.NDArray[np.intp], j: npt.NDArray[np.intp]
    ) -> None:
        self._parts.append(bits << 2 * _INDEX_BITS | i << _INDEX_BITS | j)
        self._waiting += len(bits)
        if self._waiting > 2 * _HELD:
            self._held()

    def _held(self) -> npt.NDArray[np.int64]:
        """Sorted, each once."""
        pairs = np.unique(np.concatenate(self._parts)) if self._parts else np.empty(0, np.int64)
        self._dropped += max(0, len(pairs) - _HELD)
        self._parts = [pairs[:_HELD].copy()]
        self._waiting = len(self._parts[0])
        return self._parts[0]

    @property
    def count(self) -> int:
        """How many there are; of more than are held, those found several times count so."""
        return len(self._held()) + self._dropped

    def chosen(self) -> list[tuple[int, int]]:
        """A few for every picture, nearest first."""
        taken: Counter[int] = Counter()
        chosen: list[tuple[int, int]] = []
        mask = (1 << _INDEX_BITS) - 1
        for packed in self._held().tolist():
            if len(chosen) == _COMPARED:
                break
            pair = packed >> _INDEX_BITS & mask, packed & mask
            if min(taken[item] for item in pair) < _NEIGHBORS:
                chosen.append(pair)
                taken.update(pair)
        return chosen


def _all_pairs(dataset: Dataset) -> list[Pair]:
    """Every photo of the folder with its label, whatever lists say; or the rows of a table."""
    if dataset.descriptor.pairs is not None:
        rows = {pair.image: pair for split in dataset.splits.values() for pair in split.pairs}
        return sorted(rows.values(), key=lambda pair: pair.key)
    labels = dataset.label_files
    return [Pair(key, "", path, labels.get(key)) for key, path in dataset.image_files.items()]


def labelled_keys(dataset: Dataset) -> list[str]:
    """The names of all photos that have a label; no file is opened."""
    return [pair.key for pair in _all_pairs(dataset) if pair.label is not None]


def _unusable(facts: PairFacts) -> str:
    if facts.photo.problem is not None:
        return facts.photo.problem.message
    if facts.label is None:
        return "it has no label"
    if facts.label.problem is not None:
        return facts.label.problem.message
    return ""


def _count(row: Counts, ids: Mapping[int, int], ignore: int | None) -> None:
    for value, count in ids.items():
        if value < len(row) and value != ignore:
            row[value] = count
