"""``segdata compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from segdata.commands import options, scoring
from segdata.predictor import Precision


@click.command("compare")
@click.argument("a", type=options.FOLDER)
@click.argument("b", type=options.FOLDER)
@options.split("val")
@click.option("--labels", type=options.FOLDER, help="True id PNGs, for folders of predictions.")
@click.option("--classes", type=options.FOLDER, help="Class file, or a dataset.toml.")
@click.option("--num-classes", type=int, help="How many classes, without a class file.")
@click.option("--ignore", type=int, help="The ignore label, with --num-classes.")
@scoring.names_of_files
@click.option(
    "--report", "reports", type=options.FOLDER, multiple=True,
    help="Write a report; .html, .json, .md or .csv by its suffix; repeatable.",
)  # fmt: skip
@click.option("--miou-rule", help="Rule of the mean. Default: that of the reports, or cityscapes.")
@click.option(
    "--boundary/--no-boundary", default=None, help="Boundary IoU. Default: for an HTML report."
)
@click.option(
    "--group-by", metavar="HOW",
    help="Draw groups, not images: folder, video, scene, a regular expression, or a CSV file with "
    "the columns name,group.",
)  # fmt: skip
@click.option(
    "--bootstrap", type=click.IntRange(min=100), default=10_000, show_default=True,
    help="How often images are drawn anew for intervals.",
)  # fmt: skip
@click.option("--seed", type=options.SEED, default=0, show_default=True, help="Of the draws.")
@click.option("--fail-if-worse", is_flag=True, help="Exit with 1 if B is really worse.")
@click.option("--shards", type=options.FOLDER, help="Images that runs or checkpoints are tried on.")
@options.looks
@options.precision
@options.work
@options.text_or_json
def command(
    a: Path,
    b: Path,
    split: str,
    labels: Path | None,
    classes: Path | None,
    num_classes: int | None,
    ignore: int | None,
    reports: tuple[Path, ...],
    miou_rule: str | None,
    boundary: bool | None,
    group_by: str | None,
    bootstrap: int,
    seed: int,
    fail_if_worse: bool,
    shards: Path | None,
    scales: tuple[float, ...],
    flip: bool,
    precision: Precision,
    executor: str,
    workers: int | None,
    form: str,
    **names: Any,
) -> int:
    """Compare B with A, and say whether the difference is real.

    Each is a run, a folder of predicted id PNGs, or a report in JSON.

    segdata compare RUN RUN2 --report comparison.html

    segdata compare DIR DIR2 --labels DIR --classes classes.csv

    segdata compare before.json after.json --fail-if-worse
    """
    from segdata import console, executors, scores, workflows

    request = workflows.ComparisonRequest(
        a=a,
        b=b,
        split=split,
        labels=labels,
        classes=classes,
        num_classes=num_classes,
        ignore=ignore,
        files=scoring.file_options(names),
        reports=reports,
        rule=miou_rule,
        boundary=boundary,
        group_by=group_by,
        bootstrap=scores.Bootstrap(bootstrap, seed=seed),
        shards=shards,
        executor=executors.from_name(executor, workers),
        scales=scales,
        flip=flip,
        precision=precision,
    )
    with console.watching() as watch:
        found = workflows.compare(request, watch=watch)
    console.show(found, form)
    return 1 if fail_if_worse and found.outcome == "worse" else 0
