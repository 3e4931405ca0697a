"""Validate: every rule that a folder of photos and labels can break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from segdata import rules
from segdata.dataset import Dataset, Pair, Split
from segdata.errors import UserError
from segdata.executors import Executor, Serial
from segdata.facts import DatasetFacts, FactsCollector, Gatherer, Look
from segdata.findings import CheckReport, Level
from segdata.listing import draw
from segdata.policy import Policy
from segdata.progress import Track, silently

# Pairs that get the costlier looks; --full takes them at all.
_SAMPLED = 128


@dataclass(frozen=True)
class Looks:
    """What is looked at beyond headers and values.

    Args:
        every: looks at every pair.
        sampled: further looks at a sample.
        sample: how many pairs that is; None takes all.
    """

    every: Look = Look.LIKENESS
    sampled: Look = Look.STRUCTURE | Look.ALIGNMENT
    sample: int | None = _SAMPLED


def validate(  # noqa: PLR0913  the options of the command, all of them optional
    dataset: Dataset,
    *,
    splits: Sequence[str] | None = None,
    executor: Executor | None = None,
    fail_on: Level | None = Level.ERROR,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    full: bool = False,
    track: Track = silently,
) -> CheckReport:
    """Look at every pair of a data set and let the rules judge. Nothing is changed.

    Args:
        splits: only these lists; None takes all. A pair that is in several is looked at once.
        executor: where the files are decoded; None decodes them in this process.
        fail_on: the level from which the report's exit code is 1; None never fails.
        select: only these rules.
        ignore: all rules but these.
        full: take the costlier looks at every pair, not at a sample of them.

    Raises:
        UserError: there is nothing to look at, or no such split or rule.
    """
    policy = Policy(fail_on, tuple(select), tuple(ignore))
    chosen = [dataset.split(name) for name in (splits or dataset.splits)]
    facts = gather(
        dataset, chosen, executor or Serial(), track, Looks(sample=None if full else _SAMPLED)
    )
    return judge(dataset, facts, policy)


def judge(dataset: Dataset, facts: DatasetFacts, policy: Policy) -> CheckReport:
    """What the rules say of facts that were gathered.

    Raises:
        UserError: nothing was looked at, and no finding says why.
    """
    findings = tuple(rules.judge_folder(facts))
    if facts.pairs == 0 and all(finding.level < Level.ERROR for finding in findings):
        raise _nothing_to_check(dataset)
    kept = tuple(finding for finding in findings if policy.lets(finding))
    return CheckReport(kept, _checked(facts), policy.fail_on)


def gather(
    dataset: Dataset,
    splits: Sequence[Split],
    executor: Executor,
    track: Track = silently,
    looks: Looks | None = None,
) -> DatasetFacts:
    """Decode every file of the splits once, and add up what rules look at.

    Args:
        looks: what to look at; None takes what the rules need.
    """
    members = _members(splits)
    collector = FactsCollector(dataset.descriptor, str(dataset.root))
    jobs = _jobs([pair for pair, _ in members], looks or Looks())
    results = executor.imap(Gatherer(dataset.descriptor), jobs)
    for facts, (_, names) in zip(track(results, "checking", len(members)), members, strict=True):
        collector.add(facts, names)
    return collector.facts(dataset, splits)


def _jobs(pairs: Sequence[Pair], looks: Looks) -> Iterator[tuple[Pair, Look]]:
    """Every pair with the looks at it.

    A hash of the name draws the sample, so the same files give the same findings everywhere.
    """
    sample = sorted(pairs, key=lambda pair: draw(pair.key))[: looks.sample]
    drawn = {id(pair) for pair in sample}
    for pair in pairs:
        yield pair, looks.every | looks.sampled if id(pair) in drawn else looks.every


def _members(splits: Iterable[Split]) -> list[tuple[Pair, tuple[str, ...]]]:
    """Every pair once, with the names of all the splits that it is in."""
    found: dict[tuple[Path, Path | None], tuple[Pair, list[str]]] = {}
    for split in splits:
        for pair in split.pairs:
            found.setdefault((pair.image, pair.label), (pair, []))[1].append(split.name)
    return [(pair, tuple(names)) for pair, names in found.values()]


def _checked(facts: DatasetFacts) -> dict[str, int]:
    return {
        "pairs": facts.pairs,
        "labels": facts.labels,
        "lists": sum(split.path is not None for split in facts.splits),
        "megapixels": round(facts.photo_pixels / 1e6),
    }


def _nothing_to_check(dataset: Dataset) -> UserError:
    folder = dataset.images_folder
    if not folder.is_dir():
        return UserError(
            f"{dataset.root} has no folder {dataset.descriptor.images}",
            'put the photos there, or name their folder in dataset.toml: images = "..."',
        )
    return UserError(
        f"{dataset.root} has nothing to check: no photo in {folder} belongs to a list",
        "put photos there, and their names into the lists",
    )
