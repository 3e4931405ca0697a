"""The facts of a folder of photos and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from segdata.dataset import Dataset, Pair, Split
from segdata.executors import Executor
from segdata.facts import DatasetFacts, FactsCollector, Gatherer, Look
from segdata.listing import draw
from segdata.progress import Track
from segdata.validation.looking import Looks


def gather(
    dataset: Dataset, splits: Sequence[Split], executor: Executor, track: Track, looks: Looks
) -> DatasetFacts:
    """Decode every file of the splits once, and add up what rules look at."""
    members = _members(splits)
    collector = FactsCollector(dataset.descriptor, str(dataset.root))
    jobs = _jobs([pair for pair, _ in members], looks)
    results = executor.imap(Gatherer(dataset.descriptor), jobs)
    for facts, (_, names) in zip(track(results, "checking", len(members)), members, strict=True):
        collector.add(facts, names)
    return collector.facts(dataset, splits)


def _jobs(pairs: Sequence[Pair], looks: Looks) -> Iterator[tuple[Pair, Look]]:
    """Every pair with the looks at it."""
    drawn = _drawn(pairs, len(pairs) if looks.sample is None else looks.sample)
    for pair in pairs:
        yield pair, looks.every | looks.sampled if id(pair) in drawn else looks.every


def _drawn(pairs: Sequence[Pair], size: int) -> set[int]:
    """A sample, by identity: a hash of the name draws it, so the same files give the same findings.

    Each pair that is drawn brings along the next one by name, so that labels can be compared with
    those of their neighbors.
    """
    ordered = sorted(pairs, key=lambda pair: pair.key)
    found: dict[int, None] = {}
    for place in sorted(range(len(ordered)), key=lambda place: draw(ordered[place].key)):
        found.update(dict.fromkeys(map(id, ordered[place : place + 2])))
        if len(found) >= size:
            break
    return set(list(found)[:size])


def _members(splits: Iterable[Split]) -> list[tuple[Pair, tuple[str, ...]]]:
    """Every pair once, with the names of all the splits that it is in."""
    found: dict[tuple[Path, Path | None], tuple[Pair, list[str]]] = {}
    for split in splits:
        for pair in split.pairs:
            found.setdefault((pair.image, pair.label), (pair, []))[1].append(split.name)
    return [(pair, tuple(names)) for pair, names in found.values()]
