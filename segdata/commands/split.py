"""``segdata split``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from segdata.commands import options


@click.command("split")
@click.argument("dataset")
@click.argument("out", type=options.FOLDER, required=False)
@click.option("--val", type=float, default=0.2, show_default=True, help="Share of the val list.")
@click.option("--test", type=float, default=0.0, show_default=True, help="Share of the test list.")
@click.option(
    "--by", type=click.Choice(["random", "stratified"]), default="random", show_default=True,
    help="By a hash of the name, or so that each list has its share of every class's pixels.",
)  # fmt: skip
@click.option(
    "--group-by",
    help="What stays together: video, scene, or a regular expression whose group names it.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another one, other lists.")
@click.option(
    "--keep", type=options.FOLDER,
    help="A folder with lists, or a data set: what they name stays where it is.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show the lists' figures; write nothing.")
@click.option("--overwrite", is_flag=True, help="Replace lists; the old ones are kept beside.")
@options.work
@options.text_or_json
def command(
    dataset: str,
    out: Path | None,
    val: float,
    test: float,
    by: Literal["random", "stratified"],
    group_by: str | None,
    seed: int,
    keep: Path | None,
    dry_run: bool,
    overwrite: bool,
    executor: str,
    workers: int | None,
    form: str,
) -> None:
    """Make train, val and test lists that share nothing.

    DATASET is a folder or a name. With OUT a new data set is made that refers to the photos and
    labels of DATASET, which is only read. Without OUT the lists go into DATASET, if it has none;
    with --overwrite the lists it has are kept in a folder beside (ImageSets/Segmentation-1).

    Every photo with a readable label takes part. Copies of a photo, as the same file or as the
    same picture in other bytes, are found and stay together, and so does what --group-by names. At
    random, pictures that are added later move no other; with --by stratified, use --keep for that.
    """
    from segdata import console, executors, registry, splitting

    request = splitting.SplitRequest(
        out=out, val=val, test=test, by=by, group_by=group_by, seed=seed, keep=keep,
        dry_run=dry_run, overwrite=overwrite,
    )  # fmt: skip
    with console.watching() as watch:
        result = splitting.split(
            registry.find(dataset),
            request,
            executor=executors.from_name(executor, workers),
            track=watch,
        )
    console.show(result, form)
