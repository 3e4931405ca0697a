"""List → each → write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segdata import __version__
from segdata.dataset import Dataset
from segdata.errors import BadData
from segdata.executors import Executor, Serial
from segdata.findings import Certainty, CheckReport, Finding, Level
from segdata.manifest import ShardInfo, ShardManifest
from segdata.progress import Track, silently
from segdata.sharding.folder import shard_folder, take_back
from segdata.sharding.making import MadeShard, ShardTask, make_shard, merge
from segdata.sharding.plan import ShardPlan, ShardRequest, plan_shards

# Names in a finding; the count beside them says how many there are.
_NAMED = 5


@dataclass(frozen=True)
class Sharding:
    """What was written.

    Args:
        plan: the plan that was carried out.
        report: findings about the pairs, none of them an error.
        manifest: what the folder says of itself; None after a dry run.
        kept: shards that an interrupted run of the same plan had made.
    """

    plan: ShardPlan
    report: CheckReport
    manifest: ShardManifest | None
    kept: int = 0

    def to_json(self) -> dict[str, Any]:
        shards = self.manifest.shards if self.manifest else ()
        return {
            "dry_run": self.manifest is None,
            "samples": self.plan.samples,
            "splits": {s.name: len(s.pairs) for s in self.plan.splits},
            "shards": [
                {"file": s.file, "split": s.split, "samples": len(s.pairs)}
                for s in self.plan.shards
            ],
            "bytes": sum(shard.bytes for shard in shards),
            "kept": self.kept,
            "notes": list(self.plan.notes),
            **self.report.to_json(),
        }


def shard(
    dataset: Dataset,
    out: Path,
    request: ShardRequest | None = None,
    *,
    executor: Executor | None = None,
    track: Track = silently,
) -> Sharding:
    """Write a data set as TFRecord shards that the original DeepLab, tf.data and segdata read.

    Every pair is checked as it will stand in its record. All are read before anything is refused,
    so the report is complete. An interrupted run goes on when the same call is made again; shards
    that it had finished are kept.

    Raises:
        UserError: the request cannot be carried out.
        BadData: pairs cannot be written, or rules forbid it; no shard is left.
    """
    request = request or ShardRequest()
    plan = plan_shards(dataset, request)
    missing = _missing(plan)
    if missing:
        raise BadData(CheckReport(missing), f"nothing was written: {dataset.root} needs a fix")
    if request.dry_run:
        return Sharding(plan, CheckReport(), None)
    with shard_folder(out, plan):
        tasks = [
            ShardTask(out, one, dataset.descriptor, plan.digest, request) for one in plan.shards
        ]
        results = (executor or Serial()).imap(make_shard, tasks)
        made = _collect(track(_by_sample(results), "writing records", plan.samples))
        report = CheckReport(
            tuple(finding for one in made for finding in one.findings), {"pairs": plan.samples}
        )
        if any(one.shard is None for one in made):
            take_back(out, plan)
            raise BadData(report, f"no shards were written: {dataset.root} needs a fix first")
        manifest = _manifest(plan, made)
        manifest.save(out)
    return Sharding(plan, report, manifest, sum(one.kept for one in made))


def _by_sample(results: Iterator[MadeShard]) -> Iterator[MadeShard | None]:
    """A result when it comes, then None for each further sample of it, for who counts samples."""
    for made in results:
        yield made
        yield from [None] * (made.measured.samples - 1)


def _collect(results: Iterator[MadeShard | None]) -> list[MadeShard]:
    return [made for made in results if made is not None]


def _manifest(plan: ShardPlan, made: list[MadeShard]) -> ShardManifest:
    shards: list[ShardInfo] = [one.shard for one in made if one.shard is not None]
    splits = {}
    for split in plan.splits:
        parts = [
            one.measured
            for one, planned in zip(made, plan.shards, strict=True)
            if planned.split == split.name
        ]
        splits[split.name] = merge(parts)
        assert splits[split.name].samples == len(split.pairs)
    class_map = plan.dataset.class_map
    return ShardManifest(
        tool_version=__version__,
        name=plan.dataset.name,
        num_classes=plan.dataset.descriptor.num_classes,
        classes=class_map.to_json(),
        class_digest=class_map.digest,
        seed=plan.request.seed,
        splits=splits,
        shards=tuple(shards),
    )


def _missing(plan: ShardPlan) -> tuple[Finding, ...]:
    """Names in a list that have no photo: leaving them out silently would change the split."""
    return tuple(
        Finding(
            rule="P03",
            level=Level.ERROR,
            certainty=Certainty.PROOF,
            message=f"{len(split.without_image)} names of {split.name} have no photo: "
            f"{', '.join(split.without_image[:_NAMED])}"
            + (", ..." if len(split.without_image) > _NAMED else ""),
            path=str(split.path) if split.path else None,
            count=len(split.without_image),
            evidence={"listed": len(split.entries), "names": list(split.without_image[:_NAMED])},
            fix="add the photos, or take the names out of the list",
        )
        for split in plan.splits
        if split.without_image
    )
