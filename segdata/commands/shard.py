"""``segdata shard``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options
from segdata.commands.original import TakesOriginalFlags


@click.command("shard", cls=TakesOriginalFlags)
@click.argument("dataset")
@click.argument("out", type=options.FOLDER)
@click.option("--split", "splits", multiple=True, help="Only this split; repeatable.")
@click.option("--shards", type=click.IntRange(min=1), help="Shards per split. Default: by size.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order in a split.")
@click.option("--images", type=options.FOLDER, help="The photos' folder, without a dataset.toml.")
@click.option("--labels", type=options.FOLDER, help="The labels' folder, likewise.")
@click.option("--lists", type=options.FOLDER, help="The folder of train.txt and val.txt, likewise.")
@click.option("--dataset", "like", metavar="NAME", help="Whose classes the labels have, likewise.")
@click.option("--num-classes", type=click.IntRange(min=1), help="Or how many; 255 is ignored.")
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
    images: Path | None,
    labels: Path | None,
    lists: Path | None,
    like: str | None,
    num_classes: int | None,
    dry_run: bool,
    overwrite: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> None:
    """Write a data set as sharded TFRecords.

    DATASET is a folder or a name.
    The original DeepLab, tf.data and segdata train read them. An interrupted command goes on when
    it is given again. The flags of the original's build_voc2012_data.py are understood, too:
    docs/from-tensorflow-deeplab.md.
    """
    from segdata import console, executors, registry, sharding, workflows

    request = sharding.ShardRequest(
        splits=splits or None, shards=shards, seed=seed, overwrite=overwrite, dry_run=dry_run
    )
    folders = workflows.PlainFolders(
        root=Path(dataset), images=images, labels=labels, lists=lists, dataset=like,
        num_classes=num_classes,
    )  # fmt: skip
    work = executors.from_name(executor, workers)
    with console.watching() as watch:
        found = (
            registry.find(dataset) if folders.silent else workflows.dataset_of(folders, work, watch)
        )
        result = sharding.shard(found, out, request, executor=work, track=watch)
    console.show(result, form)
