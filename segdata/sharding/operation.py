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
from segdata.findings import CheckReport
from segdata.manifest import ShardInfo, ShardManifest, SplitInfo
from segdata.progress import Track, silently
from segdata.sharding.folder import shard_folder, take_back
from segdata.sharding.judging import Judge, judge_lists
from segdata.sharding.making import MadeShard, ShardTask, make_shard
from segdata.sharding.measures import add_up, measure
from segdata.sharding.plan import ShardPlan, ShardRequest, plan_shards


@dataclass(frozen=True)
class Sharding:
    """What was written.

    Args:
        plan: the plan that was carried out.
        report: findings about what was written, none of them an error.
        manifest: what the folder says of itself; None after a dry run.
        kept: shards that an interrupted run of the same plan had made.
    """

    plan: ShardPlan
    report: CheckReport
    manifest: ShardManifest | None
    kept: int = 0

    def to_json(self) -> dict[str, Any]:
        written = self.manifest.shards if self.manifest else ()
        planned = self.plan.shards
        return {
            "dry_run": self.manifest is None,
            "samples": self.plan.samples,
            "splits": {split.name: len(split.pairs) for split in self.plan.splits},
            "shards": [
                {"file": s.file, "split": s.split, "samples": len(s.pairs)} for s in planned
            ],
            "bytes": sum(shard.bytes for shard in written),
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

    The rules judge the very bytes that go into the records. All pairs are looked at before
    anything is refused, so the report is complete. An interrupted run goes on when the same call
    is made again; shards that it had finished are kept.

    Raises:
        UserError: the request cannot be carried out.
        BadData: pairs cannot be written, or rules forbid it; no shard is left.
    """
    request = request or ShardRequest()
    plan = plan_shards(dataset, request)
    if request.check:
        _refuse(judge_lists(plan), dataset)
    plan.refuse_missing()
    if request.dry_run:
        return Sharding(plan, CheckReport(), None)
    with shard_folder(out, plan):
        tasks = [
            ShardTask(out, one, dataset.descriptor, plan.digest, request) for one in plan.shards
        ]
        results = (executor or Serial()).imap(make_shard, tasks)
        judge = Judge(plan)
        made = _collect(plan, judge, track(_by_sample(results), "writing records", plan.samples))
        report = judge.report()
        if report.exit_code:
            take_back(out, plan)
            _refuse(report, dataset)
        manifest = _manifest(plan, made)
        manifest.save(out)
    return Sharding(plan, report, manifest, made.kept)


@dataclass(frozen=True)
class _Made:
    shards: tuple[ShardInfo, ...]
    measures: dict[str, SplitInfo]
    kept: int


def _refuse(report: CheckReport, dataset: Dataset) -> None:
    if report.exit_code:
        raise BadData(report, f"no shards were written: {dataset.root} needs a fix first")


def _by_sample(results: Iterator[MadeShard]) -> Iterator[MadeShard | None]:
    """A result when it comes, then None for each further sample of it, for who counts samples."""
    for made in results:
        yield made
        yield from [None] * (len(made.facts) - 1)


def _collect(plan: ShardPlan, judge: Judge, results: Iterator[MadeShard | None]) -> _Made:
    """Take in what the workers say; facts of single pairs are not kept."""
    shards: list[ShardInfo] = []
    measures: dict[str, list[SplitInfo]] = {}
    kept = 0
    for made in results:
        if made is None:
            continue
        judge.hear(made.facts)
        kept += made.kept
        if made.shard is not None:
            shards.append(made.shard)
            part = measure(made.facts, plan.dataset.descriptor)
            measures.setdefault(made.shard.split, []).append(part)
    return _Made(tuple(shards), {s: add_up(parts) for s, parts in measures.items()}, kept)


def _manifest(plan: ShardPlan, made: _Made) -> ShardManifest:
    counts = {name: measured.samples for name, measured in made.measures.items()}
    assert counts == {split.name: len(split.pairs) for split in plan.splits}
    class_map = plan.dataset.class_map
    return ShardManifest(
        tool_version=__version__,
        name=plan.dataset.name,
        num_classes=plan.dataset.descriptor.num_classes,
        classes=class_map.to_json(),
        class_digest=class_map.digest,
        seed=plan.request.seed,
        splits=made.measures,
        shards=made.shards,
    )
