"""Validate: every rule that a folder of photos and labels, or of shards, can break.

``gather`` decodes everything once and adds up facts; ``judge`` lets the rules speak about them.
"""

from __future__ import annotations

from collections.abc import Sequence

from segdata import rules
from segdata.dataset import Dataset, Split
from segdata.errors import UserError
from segdata.executors import Executor, Serial
from segdata.facts import DatasetFacts
from segdata.findings import CheckReport, Level
from segdata.policy import Policy
from segdata.progress import Track, silently
from segdata.validation import folders, shards
from segdata.validation.looking import Looks
from segdata.validation.shards import Shards, find

__all__ = ["Looks", "Shards", "find", "gather", "judge", "nothing_to_check", "validate"]


def validate(  # noqa: PLR0913  the options of the command, all of them optional
    dataset: Dataset | Shards,
    *,
    splits: Sequence[str] | None = None,
    executor: Executor | None = None,
    fail_on: Level | None = Level.ERROR,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    full: bool = False,
    track: Track = silently,
) -> CheckReport:
    """Look at every pair of a data set, or at every record of shards, and let the rules judge.

    Nothing is changed.

    Args:
        dataset: as :func:`segdata.load_dataset` or :func:`find` gives it.
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
    chosen = [dataset.split(name) for name in dict.fromkeys(splits or dataset.splits)]
    looks = Looks(sample=None) if full else Looks()
    facts = gather(dataset, chosen, executor or Serial(), track, looks)
    return judge(dataset, facts, policy)


def gather(
    dataset: Dataset | Shards,
    splits: Sequence[Split],
    executor: Executor,
    track: Track = silently,
    looks: Looks | None = None,
) -> DatasetFacts:
    """Decode every file (or record) of the splits once, and add up what rules look at.

    Args:
        looks: what to look at; None takes what the rules need.
    """
    if isinstance(dataset, Shards):
        return shards.gather(dataset, splits, executor, track, looks or Looks())
    return folders.gather(dataset, splits, executor, track, looks or Looks())


def judge(dataset: Dataset | Shards, facts: DatasetFacts, policy: Policy) -> CheckReport:
    """What the rules say of facts that were gathered.

    Raises:
        UserError: nothing was looked at, and no finding says why.
    """
    findings = tuple(rules.judge_folder(facts))
    if facts.pairs == 0 and all(finding.level < Level.ERROR for finding in findings):
        raise nothing_to_check(dataset)
    if isinstance(dataset, Shards):
        findings = tuple(shards.placed(finding, dataset) for finding in findings)
    kept = tuple(finding for finding in findings if policy.lets(finding))
    return CheckReport(kept, _checked(facts), policy.fail_on)


def _checked(facts: DatasetFacts) -> dict[str, int]:
    counts = {
        "pairs": facts.pairs,
        "labels": facts.labels,
        "lists": sum(split.path is not None for split in facts.splits),
        "megapixels": round(facts.photo_pixels / 1e6),
    }
    with_ids = sum(group.files for group in facts.groups if group.form.problem is None)
    if facts.structure.labels < with_ids:
        counts["sampled"] = facts.structure.labels
    if facts.shards is not None:
        counts["shards"] = len(facts.shards.files)
    return counts


def nothing_to_check(dataset: Dataset | Shards) -> UserError:
    """What to say where there is no pair."""
    if isinstance(dataset, Shards):
        return UserError(f"{dataset.root} has nothing to check: its shards hold no record")
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
