"""``segdata stats``."""

from __future__ import annotations

from pathlib import Path

import click

from segdata.commands import options


@click.command("stats")
@click.argument("dataset")
@click.option("--split", "splits", multiple=True, help="Only this split; repeatable.")
@click.option(
    "--report", "reports", type=options.FOLDER, multiple=True,
    help="Write a report; .html, .json or .csv (class weights) by its suffix; repeatable.",
)  # fmt: skip
@options.work
@options.text_or_json
def command(
    dataset: str,
    splits: tuple[str, ...],
    reports: tuple[Path, ...],
    executor: str,
    workers: int | None,
    form: str,
) -> None:
    """Count classes, objects, sizes; class weights.

    DATASET is a folder of data or of shards, or a name.
    """
    from segdata import console, executors, workflows

    request = workflows.StatisticsRequest(
        dataset=dataset,
        splits=splits or None,
        reports=reports,
        executor=executors.from_name(executor, workers),
    )
    with console.watching() as watch:
        statistics = workflows.measure(request, watch=watch)
    console.show(statistics, form)
