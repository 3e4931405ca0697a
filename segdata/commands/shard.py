"""``segdata shard``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("shard")
@click.argument("dataset")
@click.argument("out", type=options.FOLDER)
@click.option("--split", "splits", multiple=True, help="Only this split; repeatable.")
@click.option("--shards", type=click.IntRange(min=1), help="Shards per split. Default: by size.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order in a split.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@options.overwrite
@options.work
@options.text_or_json
def command(
    dataset: str,
    out: Path,
    splits: tuple[str, ...],
    shards: int | None,
    seed: int,
    dry_run: bool,
    overwrite: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> None:
    """Write a data set as sharded TFRecords.

    DATASET is a folder or a name.
    The original DeepLab, tf.data and segdata train read them. An interrupted command goes on when
    it is given again.
    """
    from segdata import console, executors, registry, sharding

    request = sharding.ShardRequest(
        splits=splits or None, shards=shards, seed=seed, overwrite=overwrite, dry_run=dry_run
    )
    with console.watching() as watch:
        result = sharding.shard(
            registry.find(dataset),
            out,
            request,
            executor=executors.from_name(executor, workers),
            track=watch,
        )
    console.show(result, form)
