"""The facts of a folder of photos and labels."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from heapq import nsmallest

from segdata.dataset import Dataset, ListedPairs, Pair, Split
from segdata.executors import Executor
from segdata.facts import DatasetFacts, FactsCollector, Gatherer, Look
from segdata.listing import draw
from segdata.progress import Track
from segdata.validation.looking import Looks

# A pair's first split and its number there, and the names of all the splits that it is in.
_Member = tuple[Split, int, tuple[str, ...]]


def gather(
    dataset: Dataset, splits: Sequence[Split], executor: Executor, track: Track, looks: Looks
) -> DatasetFacts:
    """Decode every file of the splits once, and add up what rules look at."""
    members = _members(splits)
    collector = FactsCollector(dataset.descriptor, str(dataset.root))
    results = executor.imap(Gatherer(dataset.descriptor), _jobs(members, looks))
    for facts, (_, _, names) in zip(track(results, "checking", len(members)), members, strict=True):
        collector.add(facts, names)
    return collector.facts(dataset, splits)


def _jobs(members: Sequence[_Member], looks: Looks) -> Iterator[tuple[Pair, Look]]:
    """Every pair with the looks at it.

    A hash of the name draws the sample, so the same files give the same findings everywhere.
    """
    count = len(members) if looks.sample is None else looks.sample
    drawn = nsmallest(count, ((draw(_key(split, i)), n) for n, (split, i, _) in enumerate(members)))
    closely = {number for _, number in drawn}
    for number, (split, i, _) in enumerate(members):
        look = looks.every | looks.sampled if number in closely else looks.every
        yield split.pairs[i], look


def _members(splits: Sequence[Split]) -> list[_Member]:
    """Every pair once. Names are shared and pairs are made when their turn comes: what is kept of a
    pair is a hundred bytes."""
    places: dict[Hashable, tuple[Split, int]] = {}
    names: dict[Hashable, tuple[str, ...]] = {}
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    for split in splits:
        for index in range(len(split.pairs)):
            files = _files(split, index)
            places.setdefault(files, (split, index))
            joined = (*names.get(files, ()), split.name)
            names[files] = known.setdefault(joined, joined)
    return [(split, index, names[files]) for files, (split, index) in places.items()]


def _files(split: Split, index: int) -> Hashable:
    """What tells a pair from all others: its key, or where a table joins files, these."""
    if isinstance(split.pairs, ListedPairs):
        return split.pairs.keys[index]
    pair = split.pairs[index]
    return str(pair.image), str(pair.label)


def _key(split: Split, index: int) -> str:
    pairs = split.pairs
    return pairs.keys[index] if isinstance(pairs, ListedPairs) else pairs[index].key
